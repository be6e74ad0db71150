"""The scenarios in Falcon, with the JSON handler on msgspec that its documentation suggests.

It has no dependencies: what f asks is written out. Its middleware are hooks; one of pure ASGI would not be its own, so
h' is left out.

Falcon's own `sync_to_async` knows asyncio only; AnyIO's threads are there on trio as well.
"""

from contextlib import asynccontextmanager

from anyio import to_thread
from falcon import HTTP_201, HTTPBadRequest, media
from falcon.asgi import App as Falcon
from falcon.asgi import Request, Response
from msgspec import ValidationError
from msgspec.json import Decoder, Encoder

from benchmarks.asgi import App
from benchmarks.scenarios import CATALOGUE, LAYERS, SCENARIOS, Item, NewItem, connection, repository, settings

_decode_item = Decoder(NewItem).decode


class Ping:
    async def on_get(self, req: Request, resp: Response):
        resp.media = {"message": "pong"}


class User:
    async def on_get(self, req: Request, resp: Response, user_id: int):
        resp.media = {"id": user_id, "name": "Ada"}


class Items:
    async def on_get(self, req: Request, resp: Response):
        limit = req.get_param_as_int("limit", min_value=1, max_value=100, default=10)
        resp.media = {"q": req.get_param("q", required=True), "limit": limit}

    async def on_post(self, req: Request, resp: Response):
        try:
            item = _decode_item(await req.stream.read())
        except ValidationError as error:
            raise HTTPBadRequest(description=str(error)) from None
        resp.media = Item(1, item.name, item.price, item.tags)
        resp.status = HTTP_201


class Catalogue:
    async def on_get(self, req: Request, resp: Response):
        resp.media = CATALOGUE


connected = asynccontextmanager(connection)


class Stock:
    async def on_get(self, req: Request, resp: Response):
        async with connected(await settings()) as opened:
            found = await repository(opened)
            resp.media = found.stock()


def make_report():
    return {"pages": 12}


class Report:
    async def on_get(self, req: Request, resp: Response):
        resp.media = await to_thread.run_sync(make_report)


class Me:
    async def on_get(self, req: Request, resp: Response):
        try:
            tenant = int(req.get_header("x-tenant", required=True))
            session = req.cookies["session"]
        except (KeyError, ValueError):
            raise HTTPBadRequest from None
        resp.media = {"tenant": tenant, "session": session}


def hooks():
    class Hooks:
        async def process_request(self, req: Request, resp: Response):
            pass

        async def process_response(self, req: Request, resp: Response, resource, req_succeeded: bool):
            pass

    return Hooks()


def build() -> dict[str, App]:
    """Give the app for each scenario."""
    apps = {**dict.fromkeys(SCENARIOS, declare()), "h": declare([hooks() for _ in range(LAYERS)])}
    del apps["h'"]
    return apps


def declare(middleware=None) -> Falcon:
    app = Falcon(middleware=middleware)
    app.resp_options.media_handlers["application/json"] = media.JSONHandler(dumps=Encoder().encode)
    app.add_route("/ping", Ping())
    app.add_route("/users/{user_id:int}", User())
    app.add_route("/items", Items())
    app.add_route("/catalogue", Catalogue())
    app.add_route("/stock", Stock())
    app.add_route("/report", Report())
    app.add_route("/me", Me())
    return app

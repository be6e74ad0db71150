"""The scenarios in BlackSheep; it runs `def` handlers in the event loop, so g is left out, and so is h', of pure ASGI.

Its services are made by their constructors and nobody closes them: in f the handler does.
"""

from dataclasses import dataclass

import msgspec
from blacksheep import Application, FromCookie, FromHeader, FromJSON, FromQuery, Response, Router, json
from blacksheep.exceptions import BadRequest
from blacksheep.settings.json import json_settings

from benchmarks.asgi import App
from benchmarks.scenarios import CATALOGUE, LAYERS, SCENARIOS, SETTINGS, Connection, Item, Repository, Settings


@dataclass
class NewItem:
    name: str
    price: float
    tags: list[str]
    in_stock: bool = True

    def __post_init__(self) -> None:
        if self.price < 0:
            raise ValueError("price must be at least 0")


class TenantHeader(FromHeader[int]):
    name = "x-tenant"


class SessionCookie(FromCookie[str]):
    name = "session"


class OwnConnection(Connection):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.dsn)


class OwnRepository(Repository):
    def __init__(self, connection: OwnConnection) -> None:
        super().__init__(connection)


def build() -> dict[str, App]:
    """Give the app for each scenario."""
    hooked = declare()
    hooked.middlewares.extend(hooks() for _ in range(LAYERS))
    apps = {**dict.fromkeys(SCENARIOS, declare()), "h": hooked}
    del apps["g"], apps["h'"]
    return apps


def hooks():
    async def middleware(request, handler):
        return await handler(request)

    return middleware


def declare() -> Application:
    json_settings.use(loads=msgspec.json.decode, dumps=lambda value: msgspec.json.encode(value).decode())
    app = Application(router=Router())
    app.services.add_instance(SETTINGS)
    app.services.add_scoped(OwnConnection)
    app.services.add_scoped(OwnRepository)
    get, post = app.router.get, app.router.post

    @get("/ping")
    async def ping() -> Response:
        return json({"message": "pong"})

    @get("/users/{int:user_id}")
    async def user(user_id: int) -> Response:
        return json({"id": user_id, "name": "Ada"})

    @get("/items")
    async def items(q: FromQuery[str], limit: FromQuery[int] = FromQuery(10)) -> Response:  # noqa: B008  # its way to say a default
        if not 1 <= limit.value <= 100:
            raise BadRequest
        return json({"q": q.value, "limit": limit.value})

    @post("/items")
    async def create_item(data: FromJSON[NewItem]) -> Response:
        item = data.value
        return json(Item(1, item.name, item.price, item.tags), 201)

    @get("/catalogue")
    async def catalogue() -> Response:
        return json(CATALOGUE)

    @get("/stock")
    async def stock(repository: OwnRepository) -> Response:
        try:
            return json(repository.stock())
        finally:
            repository.connection.close()

    @get("/me")
    async def me(tenant: TenantHeader, session: SessionCookie) -> Response:
        return json({"tenant": tenant.value, "session": session.value})

    return app

"""The scenarios in HawkAPI."""

from collections.abc import AsyncIterator
from typing import Annotated

from benchmarks.asgi import App
from benchmarks.scenarios import CATALOGUE, LAYERS, SCENARIOS, SETTINGS, Connection, Item, NewItem, Repository, Settings
from hawkapi import Cookie, Depends, HawkAPI, Header, Middleware, Query


async def settings() -> Settings:
    return SETTINGS


async def connection(settings: Annotated[Settings, Depends(settings)]) -> AsyncIterator[Connection]:
    opened = Connection(settings.dsn)
    try:
        yield opened
    finally:
        opened.close()


async def repository(connection: Annotated[Connection, Depends(connection)]) -> Repository:
    return Repository(connection)


def build() -> dict[str, App]:
    """Give the app for each scenario."""
    hooked, layered = declare(), declare()
    for _ in range(LAYERS):
        hooked.add_middleware(hooks())
        layered.add_middleware(layer())
    return {**dict.fromkeys(SCENARIOS, declare()), "h": hooked, "h'": layered}


def hooks() -> type[Middleware]:
    class Hooks(Middleware):
        async def before_request(self, request):
            return request

        async def after_response(self, request, response):
            return response

    return Hooks


def layer() -> type[Middleware]:
    class Layer(Middleware):
        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)

    return Layer


def declare() -> HawkAPI:
    app = HawkAPI()

    @app.get("/ping")
    async def ping():
        return {"message": "pong"}

    @app.get("/users/{user_id:int}")
    async def user(user_id: int):
        return {"id": user_id, "name": "Ada"}

    @app.get("/items")
    async def items(q: str, limit: Annotated[int, Query(ge=1, le=100)] = 10):
        return {"q": q, "limit": limit}

    @app.post("/items")
    async def create_item(item: NewItem) -> Item:
        return Item(1, item.name, item.price, item.tags)

    @app.get("/catalogue")
    async def catalogue() -> list[Item]:
        return CATALOGUE

    @app.get("/stock")
    async def stock(repository: Annotated[Repository, Depends(repository)]):
        return repository.stock()

    @app.get("/report")
    def report():
        return {"pages": 12}

    @app.get("/me")
    async def me(x_tenant: Annotated[int, Header()], session: Annotated[str, Cookie()]):
        return {"tenant": x_tenant, "session": session}

    return app

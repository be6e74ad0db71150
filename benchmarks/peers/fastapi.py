"""The scenarios in FastAPI, with the models of pydantic that it is made for."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, Header, Query
from pydantic import BaseModel, Field
from starlette.middleware.base import BaseHTTPMiddleware

from benchmarks.asgi import App
from benchmarks.scenarios import CATALOGUE, LAYERS, SCENARIOS, SETTINGS, Connection, Repository, Settings


class NewItem(BaseModel):
    name: str
    price: float = Field(ge=0)
    tags: list[str]
    in_stock: bool = True


class Item(BaseModel):
    id: int
    name: str
    price: float
    tags: list[str]


ITEMS = [Item(id=item.id, name=item.name, price=item.price, tags=item.tags) for item in CATALOGUE]


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


def hooks():
    class Hooks(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            return await call_next(request)

    return Hooks


def layer():
    class Layer:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)

    return Layer


def declare() -> FastAPI:
    app = FastAPI()

    @app.get("/ping")
    async def ping():
        return {"message": "pong"}

    @app.get("/users/{user_id}")
    async def user(user_id: int):
        return {"id": user_id, "name": "Ada"}

    @app.get("/items")
    async def items(q: str, limit: Annotated[int, Query(ge=1, le=100)] = 10):
        return {"q": q, "limit": limit}

    @app.post("/items", status_code=201)
    async def create_item(item: NewItem) -> Item:
        return Item(id=1, name=item.name, price=item.price, tags=item.tags)

    @app.get("/catalogue")
    async def catalogue() -> list[Item]:
        return ITEMS

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

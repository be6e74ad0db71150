"""The scenarios in FastAPI, with the models of pydantic that it is made for."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, Header, Query
from pydantic import BaseModel, Field

from benchmarks.asgi import App
from benchmarks.scenarios import CATALOGUE, SCENARIOS, SETTINGS, Connection, Repository, Settings


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

    return dict.fromkeys(SCENARIOS, app)

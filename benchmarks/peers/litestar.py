"""The scenarios in Litestar, which is built on msgspec itself.

An app of it has one hook before the handler and one after, so h is middleware on its base class that wraps `send`.
"""

from typing import Annotated

from litestar import Litestar, get, post
from litestar.di import Provide
from litestar.middleware import AbstractMiddleware
from litestar.params import Parameter

from benchmarks.asgi import App
from benchmarks.scenarios import (
    CATALOGUE,
    LAYERS,
    SCENARIOS,
    Item,
    NewItem,
    Repository,
    connection,
    repository,
    settings,
)


@get("/ping")
async def ping() -> dict[str, str]:
    return {"message": "pong"}


@get("/users/{user_id:int}")
async def user(user_id: int) -> dict[str, int | str]:
    return {"id": user_id, "name": "Ada"}


@get("/items")
async def items(q: str, limit: Annotated[int, Parameter(ge=1, le=100)] = 10) -> dict[str, int | str]:
    return {"q": q, "limit": limit}


@post("/items")
async def create_item(data: NewItem) -> Item:
    return Item(1, data.name, data.price, data.tags)


@get("/catalogue")
async def catalogue() -> list[Item]:
    return CATALOGUE


DEPENDENCIES = {
    "settings": Provide(settings),
    "connection": Provide(connection),
    "repository": Provide(repository),
}


@get("/stock", dependencies=DEPENDENCIES)
async def stock(repository: Repository) -> dict[str, int | str]:
    return repository.stock()


@get("/report", sync_to_thread=True)
def report() -> dict[str, int]:
    return {"pages": 12}


@get("/me")
async def me(
    tenant: Annotated[int, Parameter(header="x-tenant")], session: Annotated[str, Parameter(cookie="session")]
) -> dict[str, int | str]:
    return {"tenant": tenant, "session": session}


def hooks():
    class Hooks(AbstractMiddleware):
        async def __call__(self, scope, receive, send):
            async def send_wrapper(message):
                await send(message)

            await self.app(scope, receive, send_wrapper)

    return Hooks


def layer():
    class Layer:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)

    return Layer


def build() -> dict[str, App]:
    """Give the app for each scenario."""
    hooked = declare([hooks() for _ in range(LAYERS)])
    layered = declare([layer() for _ in range(LAYERS)])
    return {**dict.fromkeys(SCENARIOS, declare()), "h": hooked, "h'": layered}


def declare(middleware=()) -> Litestar:
    handlers = [ping, user, items, create_item, catalogue, stock, report, me]
    return Litestar(handlers, middleware=middleware, logging_config=None)

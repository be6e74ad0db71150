"""The scenarios in Starlette, which leaves validation and dependencies to its users."""

from contextlib import asynccontextmanager

from msgspec import ValidationError
from msgspec.json import Decoder, Encoder
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.asgi import App
from benchmarks.scenarios import CATALOGUE, LAYERS, SCENARIOS, Item, NewItem, connection, repository, settings

_encode = Encoder().encode
_decode_item = Decoder(NewItem).decode


class JSONResponse(Response):
    media_type = "application/json"

    def render(self, content) -> bytes:
        return _encode(content)


async def ping(request: Request):
    return JSONResponse({"message": "pong"})


async def user(request: Request):
    return JSONResponse({"id": request.path_params["user_id"], "name": "Ada"})


async def items(request: Request):
    try:
        q, limit = request.query_params["q"], int(request.query_params.get("limit", "10"))
    except (KeyError, ValueError):
        raise HTTPException(400) from None
    if not 1 <= limit <= 100:
        raise HTTPException(400)
    return JSONResponse({"q": q, "limit": limit})


async def create_item(request: Request):
    try:
        item = _decode_item(await request.body())
    except ValidationError as error:
        raise HTTPException(400, str(error)) from None
    return JSONResponse(Item(1, item.name, item.price, item.tags), 201)


async def catalogue(request: Request):
    return JSONResponse(CATALOGUE)


connected = asynccontextmanager(connection)


async def stock(request: Request):
    async with connected(await settings()) as opened:
        found = await repository(opened)
        return JSONResponse(found.stock())


def report(request: Request):
    return JSONResponse({"pages": 12})


async def me(request: Request):
    try:
        tenant, session = int(request.headers["x-tenant"]), request.cookies["session"]
    except (KeyError, ValueError):
        raise HTTPException(400) from None
    return JSONResponse({"tenant": tenant, "session": session})


def hooks():
    class Hooks(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            return await call_next(request)

    return Middleware(Hooks)


def layer():
    class Layer:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)

    return Middleware(Layer)


def build() -> dict[str, App]:
    """Give the app for each scenario."""
    hooked = declare([hooks() for _ in range(LAYERS)])
    layered = declare([layer() for _ in range(LAYERS)])
    return {**dict.fromkeys(SCENARIOS, declare()), "h": hooked, "h'": layered}


def declare(middleware=()) -> Starlette:
    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/users/{user_id:int}", user),
            Route("/items", items),
            Route("/items", create_item, methods=["POST"]),
            Route("/catalogue", catalogue),
            Route("/stock", stock),
            Route("/report", report),
            Route("/me", me),
        ],
        middleware=middleware,
    )

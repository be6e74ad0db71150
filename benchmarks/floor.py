"""The floor: the scenarios by hand on raw ASGI, as one writes them who wants nothing but these routes.

It routes by a dict, decodes and encodes with msgspec and sends two messages. What it leaves out is what a framework is
for: limits, negotiation, other methods, more than one error at a time. Under h and h' it stands in layers of plain
ASGI: who wants to see requests and answers needs no hooks for it.
"""

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from msgspec import ValidationError
from msgspec.json import Decoder, Encoder, decode

from benchmarks.asgi import App, Receive, Scope, Send
from benchmarks.scenarios import (
    CATALOGUE,
    JSON,
    LAYERS,
    PROBLEM,
    SCENARIOS,
    Item,
    NewItem,
    connection,
    repository,
    settings,
)

_JSON, _PROBLEM = JSON.encode(), PROBLEM.encode()
_encode = Encoder().encode
_decode_item = Decoder(NewItem).decode
_threads: CapacityLimiter  # belongs to an event loop: made when the app starts there


def build() -> dict[str, App]:
    """Give the app for each scenario: one and the same, for two of them in layers."""
    layered: App = app
    for _ in range(LAYERS):
        layered = layer()(layered)
    return {**dict.fromkeys(SCENARIOS, app), "h": layered, "h'": layered}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    method, path = scope["method"], scope["path"]
    handler = ROUTES.get((method, path)) or ROUTES.get((method, path.rpartition("/")[0] + "/"))
    if handler is None:
        status, content_type, body = problem(404, "not-found", "Not Found", detail=f"No route matches {method} {path}")
    else:
        status, content_type, body = await handler(scope, receive)
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def layer() -> Callable[[App], App]:
    """Make a class of its own for each layer, as five middleware are; one for all would flatter inline caches."""

    class Layer:
        def __init__(self, app: App) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)

    return Layer


async def ping(scope: Scope, receive: Receive):
    return 200, _JSON, _encode({"message": "pong"})


async def user(scope: Scope, receive: Receive):
    try:
        user_id = int(scope["path"].rpartition("/")[2])
    except ValueError:
        return problem(404, "not-found", "Not Found", detail=f"No route matches GET {scope['path']}")
    return 200, _JSON, _encode({"id": user_id, "name": "Ada"})


async def items(scope: Scope, receive: Receive):
    query = parse_qs(scope["query_string"].decode())
    if "q" not in query:
        return invalid("q", "Missing required parameter")
    try:
        limit = int(query["limit"][0]) if "limit" in query else 10
    except ValueError:
        return invalid("limit", f"Expected integer, got '{query['limit'][0]}'", query["limit"][0])
    if not 1 <= limit <= 100:
        return invalid("limit", "Expected `int` in 1..100", limit)
    return 200, _JSON, _encode({"q": query["q"][0], "limit": limit})


async def create_item(scope: Scope, receive: Receive):
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        item = _decode_item(body)
    except ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        field = path.rstrip("`")
        return invalid(field, message, decode(body).get(field))
    return 201, _JSON, _encode(Item(1, item.name, item.price, item.tags))


async def catalogue(scope: Scope, receive: Receive):
    return 200, _JSON, _encode(CATALOGUE)


async def stock(scope: Scope, receive: Receive):
    generator = connection(await settings())
    opened = await anext(generator)
    try:
        found = await repository(opened)
        body = _encode(found.stock())
    except BaseException as error:
        with suppress(StopAsyncIteration):
            await generator.athrow(error)
        raise
    await anext(generator, None)
    return 200, _JSON, body


def make_report():
    return {"pages": 12}


async def report(scope: Scope, receive: Receive):
    return 200, _JSON, _encode(await to_thread.run_sync(make_report, limiter=_threads))


async def me(scope: Scope, receive: Receive):
    tenant = cookies = b""
    for name, value in scope["headers"]:
        if name == b"x-tenant":
            tenant = value
        elif name == b"cookie":
            cookies = value
    try:
        number = int(tenant)
    except ValueError:
        return invalid("x-tenant", "Expected integer", tenant.decode("latin-1"))
    for pair in cookies.decode("latin-1").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == "session":
            return 200, _JSON, _encode({"tenant": number, "session": value})
    return invalid("session", "Missing required parameter")


ROUTES = {
    ("GET", "/ping"): ping,
    ("GET", "/users/"): user,
    ("GET", "/items"): items,
    ("POST", "/items"): create_item,
    ("GET", "/catalogue"): catalogue,
    ("GET", "/stock"): stock,
    ("GET", "/report"): report,
    ("GET", "/me"): me,
}


def problem(status, suffix, title, **members):
    kind = f"https://hawkapi.ashimov.com/errors/{suffix}"
    return status, _PROBLEM, _encode({"type": kind, "title": title, "status": status, **members})


def invalid(field, message, value=None):
    errors = [{"field": field, "message": message, "value": value}]
    return problem(400, "validation", "Validation Error", detail="1 validation error", errors=errors)


async def lifespan(receive: Receive, send: Send) -> None:
    global _threads
    await receive()
    _threads = CapacityLimiter(40)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})

"""A middleware at all places where it may stand, round an app that tells what it sees."""

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.base import Middleware
from hawkapi.requests.request import Request
from hawkapi.responses.json_response import JSONResponse
from tests.app.wire import exchange
from tests.websocket.wire import CONNECT, DENIAL, Peer, disconnect


def sight(scope):
    """Tell client, scheme and the values of `Host` headers, as JSON can hold them."""
    client = scope.get("client")
    hosts = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"host"]
    return {"client": client and list(client), "scheme": scope.get("scheme"), "hosts": hosts}


async def bare(scope, receive, send):
    """Be an app that is none of ours."""
    if scope["type"] == "http":
        await JSONResponse(sight(scope), headers={"vary": "Accept"})(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": msgspec.json.encode(sight(scope)).decode()})
        await send({"type": "websocket.close", "code": 1000})


class Neighbour(Middleware):
    async def before_request(self, request):
        return None

    async def after_response(self, request, response):
        response.headers["x-neighbour"] = "1"


def alone(cls, **options):
    return cls(bare, **options)


def in_app(cls, **options):
    return _app([(cls, options)])


def in_stack(cls, **options):
    return _app([(Neighbour, {}), (cls, options), (Neighbour, {})])


def _app(layers):
    app = HawkAPI()

    @app.get("/")
    async def seen(request: Request):
        return JSONResponse(sight(request.scope), headers={"vary": "Accept"})

    @app.websocket("/")
    async def socket(ws):
        await ws.accept()
        await ws.send_json(sight(ws.scope))

    for cls, options in layers:
        app.add_middleware(cls, **options)
    return app


everywhere = pytest.mark.parametrize("wrap", [alone, in_app, in_stack])


async def get(app, *headers, method="GET", path="/", **scope):
    """Send a request and give the wire, whose `body` holds what the app has seen."""
    return await exchange(app, method, path, headers=headers, **scope)


async def seen(app, *headers, **scope):
    """Send a request that passes, and give what the app has seen."""
    wire = await get(app, *headers, **scope)
    assert wire.status == 200
    return msgspec.json.decode(wire.body)


async def connect(app, *headers, denial=False, **scope):
    """Open a WebSocket and give the peer."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    extensions = DENIAL if denial else {}
    return await Peer(CONNECT, disconnect()).serve(
        app, "/", headers=raw, query_string=scope.pop("query_string", b""), extensions=extensions, **scope
    )


def seen_by_socket(peer):
    """Give what the app has seen of a WebSocket."""
    return msgspec.json.decode(peer.sent[1]["text"])


async def pass_on(cls, scope, **options):
    """Give what a middleware calls the app with."""
    calls = []

    async def app(*given):
        calls.append(given)

    receive, send = object(), object()
    await cls(app, **options)(scope, receive, send)
    ((passed, received, sent),) = calls
    assert (received, sent) == (receive, send)
    return passed


BARE = [
    {"type": "websocket", "path": "/ws"},
    {"type": "lifespan"},
    {"type": "webtransport", "headers": [(b"host", b"a@b"), (b"origin", b"x"), (b"x-forwarded-for", b"1.1.1.1")]},
]

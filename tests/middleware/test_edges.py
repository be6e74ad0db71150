"""The middleware of the web's edges, one round the other."""

from inspect import iscoroutinefunction

import pytest
from anyio import sleep_forever

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.cors import CORSMiddleware
from hawkapi.middleware.https_redirect import HTTPSRedirectMiddleware
from hawkapi.middleware.request_limits import RequestLimitsMiddleware
from hawkapi.middleware.trusted_host import TrustedHostMiddleware
from hawkapi.middleware.trusted_proxy import TrustedProxyMiddleware
from hawkapi.responses.response import Response
from hawkapi.responses.streaming import StreamingResponse
from tests.app.wire import Wire
from tests.middleware.edges import Neighbour, connect, get, seen_by_socket

LAYERS = [
    (TrustedProxyMiddleware, {"trusted_proxies": ["10.0.0.0/8"]}),
    (RequestLimitsMiddleware, {}),
    (Neighbour, {}),
    (TrustedHostMiddleware, {"allowed_hosts": ["example.com"]}),
    (HTTPSRedirectMiddleware, {}),
    (Neighbour, {}),
    (CORSMiddleware, {"allow_origins": ["https://site.example"]}),
]
HEADERS = [
    ("host", "inner"),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "example.com"),
    ("origin", "https://site.example"),
]
CLIENT = ("10.0.0.1", 1)


def stacked():
    app = HawkAPI()
    for cls, options in LAYERS:
        app.add_middleware(cls, **options)
    return app


async def request(app, method="GET", **scope):
    wire = await get(app, *HEADERS, method=method, client=CLIENT, **scope)
    assert wire.headers["access-control-allow-origin"] == "https://site.example"
    assert wire.headers["vary"].endswith("Origin")
    return wire


class Patient(Wire):
    """Has a client that stays."""

    async def receive(self):
        return await super().receive() if self.messages else await sleep_forever()


async def test_each_chunk_of_a_stream_is_sent_before_the_next_is_made():
    app, wire, lengths = stacked(), Patient({"type": "http.request"}), []

    @app.get("/")
    async def stream():
        async def chunks():
            for _ in range(3):
                yield b"x"
                lengths.append(len(wire.sent))

        return StreamingResponse(chunks())

    await request(app, wire=wire)
    assert lengths == [2, 3, 4]


async def test_cookies_stay_apart_and_a_head_keeps_its_length():
    app = stacked()

    @app.get("/")
    async def hello():
        return Response("hello")

    class Cookies(Neighbour):
        async def after_response(self, request, response):
            response.headers.append("set-cookie", "a=1")
            response.headers.append("set-cookie", "b=2")

    app.add_middleware(Cookies)
    wire = await request(app, "HEAD")
    assert (wire.body, wire.headers["content-length"]) == (b"", "5")
    assert [value for name, value in wire.sent[0]["headers"] if name == b"set-cookie"] == [b"a=1", b"b=2"]


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_stays_one(status):
    app = stacked()

    @app.get("/")
    async def nothing():
        return Response(status_code=status)

    wire = await request(app)
    assert (wire.status, wire.body) == (status, b"")
    assert "content-length" not in wire.headers


async def test_errors_get_cors_headers_too():
    app = stacked()

    @app.get("/")
    async def fails():
        raise ZeroDivisionError

    assert (await request(app)).status == 500
    assert (await request(app, path="/missing")).status == 404


async def test_a_websocket_comes_through():
    app = stacked()

    @app.websocket("/")
    async def socket(ws):
        await ws.accept()
        await ws.send_json({"client": ws.client, "url": ws.url})

    peer = await connect(app, *HEADERS, client=CLIENT, scheme="ws")
    assert seen_by_socket(peer) == {"client": ["203.0.113.7", 0], "url": "wss://example.com/"}


async def test_they_stand_at_a_route_as_well():
    app = HawkAPI()

    @app.get("/", middleware=LAYERS)
    async def hello():
        return Response("hello")

    assert (await request(app)).body == b"hello"


@pytest.mark.parametrize("cls", [cls for cls, _ in LAYERS])
def test_servers_take_each_for_an_asgi_3_app(cls):
    assert iscoroutinefunction(cls(None).__call__)

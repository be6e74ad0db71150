"""All of these middleware together, round apps of both kinds: what each keeps right, all of them keep right."""

import zlib

import anyio
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.compression import CompressionMiddleware
from hawkapi.middleware.debug import DebugMiddleware
from hawkapi.middleware.error_handler import ErrorHandlerMiddleware
from hawkapi.middleware.gzip import GZipMiddleware
from hawkapi.middleware.request_id import RequestIDMiddleware
from hawkapi.middleware.security_headers import SecurityHeadersMiddleware
from hawkapi.middleware.timing import TimingMiddleware
from hawkapi.responses.response import Response
from hawkapi.responses.sse import EventSourceResponse
from hawkapi.responses.streaming import StreamingResponse
from tests.app.wire import Wire, exchange
from tests.asgi import http_scope
from tests.middleware.answers import TEXT, read
from tests.middleware.edges import Neighbour
from tests.websocket.wire import CONNECT, Peer, disconnect

LAYERS = [
    (RequestIDMiddleware, {}),
    (ErrorHandlerMiddleware, {}),
    (TimingMiddleware, {}),
    (Neighbour, {}),
    (SecurityHeadersMiddleware, {"content_security_policy": "script-src 'nonce-{nonce}'"}),
    (CompressionMiddleware, {}),
    (DebugMiddleware, {}),
    (GZipMiddleware, {}),
]
OWN = {"x-request-id", "x-process-time", "server-timing", "x-frame-options", "content-security-policy"}


def alone(app):
    for cls, options in reversed(LAYERS):
        app = cls(app, **options)
    return app


def in_app(app):
    outer = HawkAPI()
    for cls, options in LAYERS:
        outer.add_middleware(cls, **options)
    outer.mount("/", app)
    return outer


everywhere = pytest.mark.parametrize("wrap", [alone, in_app])


async def ask(wrap, response, method="GET"):
    async def app(scope, receive, send):
        await response(scope, receive, send)

    return await exchange(wrap(app), method, "/", headers=[("accept-encoding", "gzip")])


@everywhere
@pytest.mark.parametrize("kind", [StreamingResponse, EventSourceResponse])
async def test_the_first_chunk_leaves_before_the_second_is_made(wrap, kind):
    made, seen = [], []
    decode = zlib.decompressobj(31).decompress

    async def chunks():
        for chunk in ("one", "two"):
            made.append(chunk)
            yield chunk
            await second.wait()

    async def app(scope, receive, send):
        await kind(chunks())(scope, receive, send)

    async def never():
        await anyio.sleep_forever()

    async def send(message):
        if message.get("body"):
            seen.append((decode(message["body"]), list(made)))
            second.set()

    second = anyio.Event()
    with anyio.fail_after(10):
        await wrap(app)(http_scope("GET", "/", headers=[("accept-encoding", "gzip")]), never, send)
    assert [b"one" in seen[0][0], b"two" in seen[1][0]] == [True, True]
    assert [count for _, count in seen[:2]] == [["one"], ["one", "two"]]


@everywhere
async def test_a_body_is_coded_once_and_has_all_headers(wrap):
    wire = await ask(wrap, Response(TEXT, headers={"etag": '"1"', "vary": "Origin"}))
    assert wire.headers.keys() >= OWN
    assert read(wire) == [TEXT]
    assert wire.headers["content-length"] == str(len(wire.body))
    assert wire.headers["vary"] == "Origin, Accept-Encoding"
    names = [name for name, _ in wire.sent[0]["headers"]]
    assert len(names) == len(set(names))


@everywhere
async def test_several_cookies_stay_apart(wrap):
    async def app(scope, receive, send):
        cookies = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await send({"type": "http.response.start", "status": 200, "headers": cookies})
        await send({"type": "http.response.body", "body": TEXT})

    wire = await exchange(wrap(app), "GET", "/", headers=[("accept-encoding", "gzip")])
    assert [value for name, value in wire.sent[0]["headers"] if name == b"set-cookie"] == [b"a=1", b"b=2"]


@everywhere
async def test_head_keeps_its_length(wrap):
    wire = await ask(wrap, Response(TEXT), "HEAD")
    assert (wire.body, wire.headers["content-length"]) == (b"", str(len(TEXT)))
    assert wire.headers.keys() >= OWN


@everywhere
@pytest.mark.parametrize("status", [204, 304])
async def test_what_has_no_body_gets_none(wrap, status):
    wire = await ask(wrap, Response(b"", status_code=status, content_type=None))
    assert (wire.status, wire.body, len(wire.sent)) == (status, b"", 2)
    assert not {"content-length", "content-encoding"} & wire.headers.keys()
    assert wire.headers.keys() >= OWN


async def test_an_exception_of_a_foreign_app_is_an_answer_with_the_headers_round_it(caplog):
    async def app(scope, receive, send):
        raise KeyError

    wire = await exchange(alone(app), "GET", "/")
    assert (wire.status, "x-request-id" in wire.headers) == (500, True)


async def test_an_exception_of_a_handler_has_all_headers(caplog):
    app = HawkAPI()
    for cls, options in LAYERS:
        app.add_middleware(cls, **options)

    @app.get("/")
    async def handler():
        raise KeyError

    wire = await exchange(app, "GET", "/")
    assert wire.status == 500
    assert wire.headers.keys() >= OWN
    assert len(caplog.records) == 1


@everywhere
async def test_websockets_pass_and_have_their_id(wrap):
    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        await send({"type": "websocket.send", "text": message["text"] + scope["request_id"]})
        await send({"type": "websocket.close", "code": 1000})

    peer = Peer(CONNECT, {"type": "websocket.receive", "text": "id "}, disconnect())
    await peer.serve(wrap(app), "/", headers=[(b"x-request-id", b"abc"), (b"accept-encoding", b"gzip")])
    assert peer.log == ["accept", "text", "close 1000"]
    assert peer.sent[0]["headers"] == [(b"x-request-id", b"abc")]
    assert peer.sent[1]["text"] == "id abc"


async def test_a_bare_scope_is_enough():
    async def app(scope, receive, send):
        await Response(TEXT)(scope, receive, send)

    wire = Wire()
    await alone(app)({"type": "http"}, wire.receive, wire.send)
    assert wire.body == TEXT
    assert wire.headers.keys() >= OWN

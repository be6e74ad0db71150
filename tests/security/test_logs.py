"""Rows of security.md about what stands in the log: each test bears the row's name."""

from contextlib import suppress

import pytest
from anyio import sleep_forever

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.compression import CompressionMiddleware
from hawkapi.middleware.cors import CORSMiddleware
from hawkapi.middleware.csrf import CSRFMiddleware
from hawkapi.middleware.error_handler import ErrorHandlerMiddleware
from hawkapi.middleware.https_redirect import HTTPSRedirectMiddleware
from hawkapi.middleware.request_id import RequestIDMiddleware
from hawkapi.middleware.request_limits import RequestLimitsMiddleware
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_store import MemorySessionStore
from hawkapi.middleware.trusted_host import TrustedHostMiddleware
from hawkapi.middleware.trusted_proxy import TrustedProxyMiddleware
from hawkapi.requests.request import Request
from hawkapi.responses.response import Response
from hawkapi.responses.streaming import StreamingResponse
from tests.app.test_uploads import TYPE
from tests.app.wire import Wire, chunks, exchange
from tests.middleware.edges import connect
from tests.middleware.signed import KEY, csrf_cookie, session_cookie
from tests.requests.feeds import pieces
from tests.websocket.wire import CONNECT, Peer

# bad input

BAD = ["", "a b", "@", "\xff\x80", "=", ";;", '"', ".", "a.b", "[::1", "9:x", "for=a;for=b", 'for="', "10.0.0.2"]
BAD += [f"session={value}" for value in ("", ".", "a.b.c", csrf_cookie(), session_cookie([]), session_cookie("{"))]
BAD += ["csrftoken=.", "csrftoken=a.b"]
GUARDS = [
    (TrustedHostMiddleware, {}, "host"),
    (TrustedHostMiddleware, {"allowed_hosts": ["a.example"]}, "host"),
    (RequestLimitsMiddleware, {"max_query_length": 10, "max_headers_count": 1000}, "x"),
    (RequestLimitsMiddleware, {"max_header_size": 1}, "x"),
    (CSRFMiddleware, {"secret": KEY}, "cookie"),
    (CSRFMiddleware, {"secret": KEY}, "x-csrf-token"),
    (SessionMiddleware, {"secret_key": KEY}, "cookie"),
    (SessionMiddleware, {"secret_key": KEY, "store": MemorySessionStore()}, "cookie"),
    (TrustedProxyMiddleware, {"trusted_proxies": ["10.0.0.0/8"]}, "x-forwarded-for"),
    (TrustedProxyMiddleware, {"trusted_proxies": ["10.0.0.0/8"]}, "x-forwarded-proto"),
    (TrustedProxyMiddleware, {"trusted_proxies": ["10.0.0.0/8"]}, "x-forwarded-host"),
    (TrustedProxyMiddleware, {"trusted_proxies": ["10.0.0.0/8"]}, "forwarded"),
    (HTTPSRedirectMiddleware, {}, "host"),
    (CORSMiddleware, {"allow_origins": ["https://a.example"]}, "origin"),
    (CORSMiddleware, {}, "access-control-request-headers"),
    (CompressionMiddleware, {"minimum_size": 0}, "accept-encoding"),
    (RequestIDMiddleware, {}, "x-request-id"),
]


def guarded(cls, options):
    app = HawkAPI()
    app.add_middleware(cls, **options)

    @app.get("/")
    @app.post("/")
    async def handler():
        return "x" * 100

    @app.websocket("/")
    async def socket(ws):
        await ws.accept()
        await ws.close()

    return app


def written(caplog):
    return [record for record in caplog.records if record.name.startswith("hawkapi")]


@pytest.fixture
def log(caplog):
    caplog.set_level(1)
    return caplog


@pytest.mark.parametrize(("cls", "options", "name"), GUARDS)
async def test_cve_2025_69230_and_2025_47287_bad_headers_leave_one_record_at_most(log, cls, options, name):
    app = guarded(cls, options)
    others = [("origin", "https://a.example"), ("access-control-request-method", "x y")] * name.startswith("access")
    for lines in (*([value] for value in BAD), BAD * 5, BAD * 100):
        headers = [*others, *((name, line) for line in lines)]
        for method in ("GET", "POST", "OPTIONS", "x y"):
            log.clear()
            wire = await exchange(app, method, "/", headers=headers, query_string=b"%zz&" * 9, client=("10.0.0.1", 1))
            assert wire.status < 500
            assert len(written(log)) <= 1
        log.clear()
        await connect(app, *headers, client=("10.0.0.1", 1))
        assert len(written(log)) <= 1


JSON = [("content-type", "application/json")]
URLENCODED = [("content-type", "application/x-www-form-urlencoded")]
PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=x\r\n\r\n\xff\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b"[" * 1000),
        (JSON, b'["a","b"' + b',"c"' * 1000 + b"]"),
        (JSON, b"\xff" * 1000),
        (URLENCODED, b"%ff=%ff&" * 500),
        (URLENCODED, b"a=b&" * 2000),
        (TYPE, PART * 500 + b"--b--"),
        (TYPE, PART * 2000 + b"--b--"),
        (TYPE, b"--b\r\nContent-Disposition: nonsense\r\n\r\n" * 1000),
        (TYPE, b"--b\r\n" + b"a: b\r\n" * 1000),
        ([*TYPE, ("content-length", "x")], b""),
        ([*JSON, ("content-length", "1"), ("transfer-encoding", "chunked")], b""),
        ([("content-type", f"multipart/{value}; boundary={value}") for value in BAD], b"--b\r\n"),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("guards", [[], [(CSRFMiddleware, {"secret": KEY})]], ids=["bare", "csrf"])
async def test_cve_2025_69230_and_2025_47287_bad_bodies_leave_one_record_at_most(log, guards, complete, kind, body):
    app = HawkAPI()
    for cls, options in guards:
        app.add_middleware(cls, **options)

    @app.post("/json")
    async def read(body: list[int]):
        raise AssertionError("there is no such body")

    @app.post("/form")
    async def read_form(request: Request):
        await request.form()

    for path in ("/json", "/form"):
        log.clear()
        wire = Wire(*chunks(*(pieces(body, 1000) or [b""]), complete=complete))
        await exchange(app, "POST", path, wire=wire, headers=[("cookie", f"csrftoken={csrf_cookie()}"), *kind])
        assert wire.status < 500
        assert len(written(log)) <= 1


# request lines


EVIL = "/x\nERROR forged \x1b[31m\r\0\x7f\x9b\u2028\u202e\xe9\ud800"
ESCAPED = r"/x\nERROR forged \x1b[31m\r\x00\x7f\x9b\u2028\u202e\xe9\ud800"


def raising():
    app = HawkAPI()

    @app.get("/{a}")
    async def handler(a: str):
        raise LookupError

    return app


def answering_with_an_error():
    app = raising()

    @app.exception_handler(Exception)
    async def handle(request, exc):
        return Response(headers={"no token": "x"})

    return app


def late():
    app = HawkAPI(request_timeout=0.01)

    @app.get("/{a}")
    async def handler(a: str):
        await sleep_forever()

    return app


def breaking_off():
    async def content():
        yield b"a"
        raise LookupError

    app = HawkAPI()

    @app.get("/{a}")
    async def handler(a: str):
        return StreamingResponse(content())

    return app


async def failing(scope, receive, send):
    raise LookupError


async def broken(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise LookupError


def in_a_mount(foreign):
    app = HawkAPI()
    app.mount("/", foreign)
    return app


def breaking_off_in_a_mount():
    return in_a_mount(broken)


def failing_in_a_mount():
    return in_a_mount(failing)


def handling_errors_of_an_app_that_is_none_of_ours():
    return ErrorHandlerMiddleware(failing)


def ending_a_connection():
    app = HawkAPI()

    @app.websocket("/{a}")
    async def socket(ws, a: str):
        await ws.accept()
        raise LookupError

    return app


def ending_a_connection_in_middleware():
    class Talking(Middleware):
        async def __call__(self, scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            raise LookupError

    app = ending_a_connection()
    app.add_middleware(Talking)
    return app


@pytest.mark.parametrize(
    ("make", "method", "message"),
    [
        (raising, "GET", "Unhandled exception in GET {}"),
        (answering_with_an_error, "GET", "The answer to an error of GET {} failed"),
        (late, "GET", "GET {} exceeded its time limit of 0.01s"),
        (breaking_off, "GET", "The response to GET {} broke off"),
        (breaking_off_in_a_mount, "G\x1b[31m\nT", r"The response to G\x1b[31m\nT {} broke off"),
        (failing_in_a_mount, "G\x1b[31m\nT", r"Unhandled exception in G\x1b[31m\nT {}"),
        (handling_errors_of_an_app_that_is_none_of_ours, "G\x1b[31m\nT", r"Unhandled exception in G\x1b[31m\nT {}"),
    ],
)
async def test_cve_2020_7694_and_2025_48432_and_2024_1681_a_request_line_is_escaped(make, method, message, caplog):
    wire = Wire({"type": "http.request"})
    wire.receive = sleep_forever  # nothing of it is read, and the client stays
    with suppress(LookupError):
        await exchange(make(), method, EVIL, wire=wire)
    messages = [record.getMessage() for record in caplog.records]
    assert message.format(ESCAPED) in messages
    assert all(text.isprintable() and text.isascii() for text in messages)


@pytest.mark.parametrize("make", [ending_a_connection, ending_a_connection_in_middleware])
async def test_cve_2020_7694_and_2025_48432_and_2024_1681_the_path_of_a_handshake_is_escaped(make, caplog):
    await Peer(CONNECT).serve(make(), EVIL)
    assert [record.getMessage() for record in caplog.records] == [f"Unhandled exception in WebSocket {ESCAPED}"]

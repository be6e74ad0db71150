"""Rows of security.md about the middleware of the web that had no test of their name."""

import tracemalloc

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.exceptions import HTTPException
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.cors import CORSMiddleware
from hawkapi.middleware.debug import DebugMiddleware
from hawkapi.middleware.error_handler import ErrorHandlerMiddleware
from hawkapi.middleware.https_redirect import HTTPSRedirectMiddleware
from hawkapi.middleware.request_id import RequestIDMiddleware
from hawkapi.middleware.request_limits import RequestLimitsMiddleware
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_store import MemorySessionStore
from hawkapi.middleware.trusted_host import TrustedHostMiddleware
from hawkapi.middleware.trusted_proxy import TrustedProxyMiddleware
from hawkapi.responses.response import Response
from tests.asgi import call
from tests.middleware.edges import alone, connect, everywhere, get, in_app
from tests.middleware.signed import KEY, session_cookie

SITE = "https://app.example.com"


# redirects


@everywhere
@pytest.mark.parametrize("host", ["a.example\r\nx-evil: 1", "a.example\nb", "a.example\0", "a.example\r"])
@pytest.mark.parametrize("path", ["/\r\nx-evil: 1", "/\n/evil.example", "/\0", "/\r"])
async def test_cve_2016_9964_cve_2012_2374_cve_2018_1000164_no_line_break_leaves_in_a_redirect(wrap, host, path):
    wire = await get(
        wrap(HTTPSRedirectMiddleware), ("host", host), path=path, query_string=b"a=\r\nx-evil: 1&b=\0", scheme="http"
    )
    assert wire.status == 307
    assert not set("\r\n\0") & set(wire.headers["location"])
    assert "x-evil" not in wire.headers
    assert wire.headers["location"].startswith("https://localhost/")


@everywhere
@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "\\\\evil.example", "https:/evil.example"])
async def test_cve_2023_28370_the_host_of_a_redirect_is_that_of_the_request(wrap, path):
    wire = await get(wrap(HTTPSRedirectMiddleware), ("host", "a.example"), path=path, scheme="http")
    assert wire.headers["location"].startswith("https://a.example/")


# CORS


async def test_cve_2024_6866_cors_depends_on_no_case_of_letters_of_a_path():
    app = in_app(CORSMiddleware, allow_origins=[SITE])
    for path in ("/admin", "/ADMIN", "/Admin%2e", "/a/../b"):
        assert "access-control-allow-origin" not in (await get(app, ("origin", "https://evil"), path=path)).headers
        assert (await get(app, ("origin", SITE), path=path)).headers["access-control-allow-origin"] == SITE


class Refusing(Middleware):
    async def before_request(self, request):
        raise HTTPException(401, "Token expired")


class Failing(Middleware):
    async def before_request(self, request):
        raise RuntimeError


@pytest.mark.parametrize(("inner", "status"), [(Refusing, 401), (Failing, 500)])
async def test_what_middleware_raises_has_cors_headers_where_an_error_handler_stands_inside(inner, status):
    app = HawkAPI()
    app.add_middleware(CORSMiddleware, allow_origins=[SITE])
    app.add_middleware(RequestIDMiddleware)
    app.add_middleware(ErrorHandlerMiddleware)
    app.add_middleware(inner)
    answer = await call(app, "GET", "/", headers=[("origin", SITE)])
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == SITE
    assert "x-request-id" in answer.headers


# logs and debug pages


async def test_cve_2024_1681_a_path_ends_no_line_of_the_log(caplog):
    async def broken(scope, receive, send):
        raise ValueError

    await call(ErrorHandlerMiddleware(broken), "GET\n", "/a\r\nforged: line\x1b[31m\u2028")
    (record,) = caplog.records
    assert record.getMessage().isascii()
    assert record.getMessage().isprintable()


async def test_cve_2019_14806_cve_2024_34069_debug_pages_are_data_and_run_nothing():
    app = DebugMiddleware(Response("x"))
    await call(app, "GET", "/<script>alert(1)</script>")
    answer = await call(app, "GET", "/_debug/stats")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    for method in ("POST", "PUT", "DELETE"):
        assert (await call(app, method, "/_debug/stats", body=b"import os")).status == 405


# handshakes


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        (TrustedHostMiddleware, {}),
        (TrustedProxyMiddleware, {"trusted_proxies": ["10.0.0.0/8"]}),
        (RequestLimitsMiddleware, {}),
        (RequestIDMiddleware, {}),
        (SessionMiddleware, {"secret_key": KEY}),
    ],
)
@pytest.mark.parametrize("wrap", [alone, in_app])
async def test_cve_2026_42544_no_handshake_header_makes_a_guard_raise(cls, options, wrap):
    hostile = [("sec-websocket-protocol", "é, \xff\x00"), ("cookie", "session=\xff"), ("x-request-id", "\xff")]
    peer = await connect(wrap(cls, **options), ("host", "a.example"), *hostile, client=("10.0.0.1", 1))
    assert peer.sent[0]["type"] == "websocket.accept"


# memory


async def test_bounded_memory_in_what_guards_remember():
    async def app(scope, receive, send):
        """Answer nothing."""

    async def send(message):
        """Drop a message."""

    layer = TrustedProxyMiddleware(TrustedHostMiddleware(app), trusted_proxies=["10.0.0.0/8"])

    async def ask(number):
        headers = [
            (b"host", b"%d." % number + b"a" * 240),
            (b"x-forwarded-for", b"2001:db8::%x:%x" % divmod(number, 65536)),
            (b"x-forwarded-host", b"%d." % number + b"b" * 240),
            (b"accept-encoding", b"gzip;q=0.%d" % number),
        ]
        await layer({"type": "http", "client": ("10.0.0.1", 1), "headers": headers}, None, send)

    await ask(0)
    tracemalloc.start()
    try:
        for number in range(10_000):
            await ask(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000_000


async def test_bounded_memory_in_a_session_store():
    store = MemorySessionStore(max_size=1024 * 1024)
    tracemalloc.start()
    try:
        for number in range(20_000):
            await store.save(f"{number:064}", b"{}", 60, new=True)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_500_000


@pytest.mark.parametrize("age", [-61, -3600, -(10**9)])
async def test_itsdangerous_a_clock_that_goes_back_makes_no_session_last(age):
    async def app(scope, receive, send):
        await Response(msgspec.json.encode(dict(scope["session"])))(scope, receive, send)

    layer = SessionMiddleware(app, secret_key=KEY, clock=lambda: 2_000_000_000 + age)
    value = session_cookie({"user": "ada"}, at=2_000_000_000)
    assert (await call(layer, "GET", "/", headers=[("cookie", f"session={value}")])).json() == {}

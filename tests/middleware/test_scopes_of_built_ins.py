"""What every built-in does with scopes, whichever it is: those it leaves alone, and those that hold next to nothing."""

from copy import deepcopy

import pytest

from hawkapi.middleware.https_redirect import HTTPSRedirectMiddleware
from hawkapi.middleware.request_id import RequestIDMiddleware
from hawkapi.middleware.request_limits import RequestLimitsMiddleware
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.trusted_host import TrustedHostMiddleware
from hawkapi.middleware.trusted_proxy import TrustedProxyMiddleware
from hawkapi.responses.response import Response
from tests.app.wire import Wire
from tests.middleware.answers import TEXT, read
from tests.middleware.built_ins import BUILT_INS, each, required
from tests.middleware.edges import pass_on
from tests.middleware.signed import csrf_cookie, session_cookie

GUARDS = [
    RequestIDMiddleware,
    RequestLimitsMiddleware,
    SessionMiddleware,
    TrustedHostMiddleware,
    TrustedProxyMiddleware,
]
"""Those which see WebSockets with headers too."""

OTHERS = [cls for cls in BUILT_INS if cls not in GUARDS]
TOKEN = csrf_cookie()
HEADERS = [
    (b"host", b"example.com"),
    (b"origin", b"https://a.example"),
    (b"accept-encoding", b"gzip"),
    (b"cookie", f"session={session_cookie({'a': 1})}; csrftoken={TOKEN}".encode()),
    (b"x-csrf-token", TOKEN.encode()),
    (b"x-request-id", b"abc"),
    (b"x-forwarded-for", b"203.0.113.7"),
    (b"x-forwarded-proto", b"https"),
]
"""Something for each of them."""


@pytest.mark.parametrize("kind", ["websocket", "webtransport"])
@pytest.mark.parametrize("cls", OTHERS, ids=[cls.__name__ for cls in OTHERS])
async def test_what_is_not_http_passes_on_untouched_with_headers_too(cls, kind):
    scope = {"type": kind, "path": "/_debug/routes", "scheme": "http", "method": "POST", "headers": HEADERS}
    before = deepcopy(scope)
    assert await pass_on(cls, scope, **required(cls)) is scope
    assert scope == before
    assert scope["headers"] is HEADERS


@each
@pytest.mark.parametrize(
    "scope",
    [
        {"type": "websocket", "path": "/ws"},
        {"type": "websocket", "path": "/ws", "query_string": b"a" * 5000, "client": ("10.0.0.1", 1), "scheme": "ws"},
    ],
    ids=["bare", "with all but headers"],
)
async def test_a_websocket_without_headers_passes_on_untouched(cls, scope):
    before = deepcopy(scope)
    assert await pass_on(cls, scope, **required(cls)) is scope
    assert scope == before


async def serve(app, scope):
    """Send a request of just the scope that is given."""
    wire = Wire({"type": "http.request"})
    await app(scope, wire.receive, wire.send)
    return wire


@each
@pytest.mark.parametrize("scope", [{"type": "http"}, {"type": "http", "headers": HEADERS}], ids=["bare", "headers"])
async def test_an_http_scope_may_hold_next_to_nothing(cls, scope):
    wire = await serve(cls(Response(TEXT), **required(cls)), dict(scope))
    if cls is HTTPSRedirectMiddleware:
        assert wire.status == 307
    else:
        assert (wire.status, b"".join(read(wire))) == (200, TEXT)


@each
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_app_is_looked_up_at_each_call(cls, method):
    scope = {"type": "http", "method": method, "path": "/", "scheme": "https", "headers": HEADERS}
    middleware = cls(Response("one"), **required(cls))
    assert (await serve(middleware, dict(scope))).body == b"one"
    middleware.app = Response("two")
    assert (await serve(middleware, dict(scope))).body == b"two"


@each
@pytest.mark.parametrize("scope", [{}, {"headers": HEADERS}], ids=["bare", "headers"])
async def test_the_app_is_looked_up_at_each_websocket_too(cls, scope):
    async def one(scope, receive, send):
        calls.append("one")

    async def two(scope, receive, send):
        calls.append("two")

    calls, middleware = [], cls(one, **required(cls))
    for app in (one, two):
        middleware.app = app
        await middleware({"type": "websocket", "path": "/ws", **scope}, None, None)
    assert calls == ["one", "two"]

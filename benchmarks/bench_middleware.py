"""What each built-in middleware adds to a request, against the same app without it."""

if not __package__:
    import _root  # noqa: F401 - puts the root on the path

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any

import anyio
import msgspec

from benchmarks.asgi import Answer, App, Request, ask, batch, serving
from benchmarks.comparison import BACKENDS, installed_backends, machine
from benchmarks.harness import Timings, difference, measure, ratio
from benchmarks.scenarios import JSON
from benchmarks.table import text_table
from hawkapi import HawkAPI, Response
from hawkapi import Request as HawkRequest
from hawkapi.middleware import (
    CompressionMiddleware,
    CORSMiddleware,
    CSRFMiddleware,
    DebugMiddleware,
    ErrorHandlerMiddleware,
    GZipMiddleware,
    HTTPSRedirectMiddleware,
    MemorySessionStore,
    Middleware,
    RequestIDMiddleware,
    RequestLimitsMiddleware,
    SecurityHeadersMiddleware,
    SessionMiddleware,
    TimingMiddleware,
    TrustedHostMiddleware,
    TrustedProxyMiddleware,
)

ROUNDS = 61
WITH, WITHOUT = "with", "without"

_HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"*/*"),
    (b"accept-language", b"en-GB,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
]
_ORIGIN = "https://app.example.com"
_SECRET = "a secret of thirty-two bytes, or more"
_ROW = b'{"id": %d, "name": "Item number %d", "price": %d.5, "tags": ["new", "garden"]}, '
_PAGE = (b"".join(_ROW % (n, n, n) for n in range(30)))[:2_000]
_FILE = (b"".join(_ROW % (n, n, n) for n in range(3_000)))[:200_000]


class PassingMiddleware(Middleware):
    """Does nothing, so its row is the price of having a middleware at all."""

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


class HookMiddleware(Middleware):
    """Does nothing in two hooks."""

    async def before_request(self, request):
        return request

    async def after_response(self, request, response):
        return response


def _get(path: str, *headers: tuple[bytes, bytes]) -> Request:
    return Request("GET", path, [*_HEADERS, *headers])


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A middleware, and a request that it has to do with.

    Args:
        middleware: Its class.
        options: What it is added with.
        request: What is asked.
        first: What is asked once before: the cookie of the answer goes with the request, its value as CSRF token too.
        status: The status to answer.
        adds: Headers of the answer that are the middleware's.
        passes: The body is that of the app.
    """

    middleware: type[Middleware]
    options: Mapping[str, Any] = {}
    request: Request = _get("/ping")
    first: Request | None = None
    status: int = 200
    adds: frozenset[str] = frozenset()
    passes: bool = True

    def mistake(self, answer: Answer, plain: Answer) -> str | None:
        """Say what is wrong with an answer, if anything is; `plain` is that of the app without the middleware."""
        if (answer.status, plain.status) != (self.status, 200):
            return f"status {answer.status}, and {plain.status} without it"
        if missing := self.adds - answer.headers.keys():
            return f"no header {', '.join(missing)}"
        if given := self.adds & plain.headers.keys():
            return f"header {', '.join(given)} without it"
        return None if (answer.body == plain.body) is self.passes else f"body {answer.body[:200]!r}"


def _coded(middleware: type[Middleware]) -> dict[str, Case]:
    name, coded = middleware.__name__, frozenset({"content-encoding"})
    return {
        f"{name}, 18 bytes": Case(middleware=middleware),
        f"{name}, 2 KB": Case(middleware=middleware, request=_get("/page"), adds=coded, passes=False),
        f"{name}, 200 KB": Case(middleware=middleware, request=_get("/file"), adds=coded, passes=False),
    }


def _session(title: str, **options: Any) -> dict[str, Case]:
    options["secret_key"] = _SECRET
    paths = {"untouched": "/ping", "read": "/session", "written": "/session/write"}
    adds = {"read": frozenset({"vary"}), "written": frozenset({"vary", "set-cookie"})}
    return {
        f"{title}, {use}": Case(
            middleware=SessionMiddleware,
            options=options,
            request=_get(path),
            first=_get("/session/write"),
            adds=adds.get(use, frozenset()),
        )
        for use, path in paths.items()
    }


CASES: Mapping[str, Case] = {
    "none of ours, with `__call__` alone": Case(middleware=PassingMiddleware),
    "none of ours, with two hooks": Case(middleware=HookMiddleware),
    "CORSMiddleware, no Origin": Case(middleware=CORSMiddleware, options={"allow_origins": [_ORIGIN]}),
    "CORSMiddleware, Origin": Case(
        middleware=CORSMiddleware,
        options={"allow_origins": [_ORIGIN]},
        request=_get("/ping", (b"origin", _ORIGIN.encode())),
        adds=frozenset({"access-control-allow-origin"}),
    ),
    "CORSMiddleware, preflight": Case(
        middleware=CORSMiddleware,
        options={"allow_origins": [_ORIGIN]},
        request=replace(
            _get(
                "/ping",
                (b"origin", _ORIGIN.encode()),
                (b"access-control-request-method", b"POST"),
                (b"access-control-request-headers", b"content-type, x-csrf-token"),
            ),
            method="OPTIONS",
        ),
        adds=frozenset({"access-control-allow-origin", "access-control-allow-methods"}),
        passes=False,
    ),
    **_coded(GZipMiddleware),
    **_coded(CompressionMiddleware),
    "TimingMiddleware": Case(middleware=TimingMiddleware, adds=frozenset({"x-process-time", "server-timing"})),
    "TrustedHostMiddleware": Case(middleware=TrustedHostMiddleware, options={"allowed_hosts": ["127.0.0.1"]}),
    "TrustedProxyMiddleware, direct": Case(
        middleware=TrustedProxyMiddleware, options={"trusted_proxies": ["127.0.0.1"]}
    ),
    "TrustedProxyMiddleware, X-Forwarded-*": Case(
        middleware=TrustedProxyMiddleware,
        options={"trusted_proxies": ["127.0.0.1"]},
        request=_get(
            "/ping",
            (b"x-forwarded-for", b"203.0.113.9"),
            (b"x-forwarded-proto", b"https"),
            (b"x-forwarded-host", b"shop.example.com"),
        ),
    ),
    "TrustedProxyMiddleware, Forwarded": Case(
        middleware=TrustedProxyMiddleware,
        options={"trusted_proxies": ["127.0.0.1"]},
        request=_get("/ping", (b"forwarded", b"for=203.0.113.9;proto=https;host=shop.example.com")),
    ),
    "SecurityHeadersMiddleware": Case(middleware=SecurityHeadersMiddleware, adds=frozenset({"x-frame-options"})),
    "SecurityHeadersMiddleware, nonce": Case(
        middleware=SecurityHeadersMiddleware,
        options={"content_security_policy": "script-src 'nonce-{nonce}'"},
        adds=frozenset({"content-security-policy"}),
    ),
    "RequestIDMiddleware, a new id": Case(middleware=RequestIDMiddleware, adds=frozenset({"x-request-id"})),
    "RequestIDMiddleware, one that came": Case(
        middleware=RequestIDMiddleware,
        request=_get("/ping", (b"x-request-id", b"7b8c2f1e-0d4a-4c5b-9e3f-6a1d2b3c4d5e")),
        adds=frozenset({"x-request-id"}),
    ),
    "HTTPSRedirectMiddleware, https": Case(
        middleware=HTTPSRedirectMiddleware, request=replace(_get("/ping"), scheme="https")
    ),
    "HTTPSRedirectMiddleware, http": Case(
        middleware=HTTPSRedirectMiddleware, status=307, adds=frozenset({"location"}), passes=False
    ),
    "RequestLimitsMiddleware": Case(middleware=RequestLimitsMiddleware),
    "ErrorHandlerMiddleware": Case(middleware=ErrorHandlerMiddleware),
    "DebugMiddleware": Case(middleware=DebugMiddleware),
    "CSRFMiddleware, a new token": Case(
        middleware=CSRFMiddleware, options={"secret": _SECRET}, adds=frozenset({"set-cookie"})
    ),
    "CSRFMiddleware, safe": Case(middleware=CSRFMiddleware, options={"secret": _SECRET}, first=_get("/ping")),
    "CSRFMiddleware, unsafe": Case(
        middleware=CSRFMiddleware,
        options={"secret": _SECRET},
        request=replace(_get("/ping"), method="POST"),
        first=_get("/ping"),
    ),
    "SessionMiddleware, no cookie": Case(middleware=SessionMiddleware, options={"secret_key": _SECRET}),
    **_session("SessionMiddleware"),
    **_session("SessionMiddleware with a store", store=MemorySessionStore()),
}
"""What is measured."""

_numbers = count()
_no_session: dict[str, Any] = {}


def declare() -> HawkAPI:
    """Make the app; it does without a session where there is none."""
    app = HawkAPI()

    async def ping():
        return {"message": "pong"}

    app.add_route("/ping", ping, methods=["GET", "POST", "OPTIONS"])

    @app.get("/page")
    async def page():
        return Response(_PAGE, content_type=JSON)

    @app.get("/file")
    async def file():
        return Response(_FILE, content_type=JSON)

    @app.get("/session")
    async def read(request: HawkRequest):
        request.scope.get("session", _no_session).get("number")
        return Response(b"read")

    @app.get("/session/write")
    async def write(request: HawkRequest):
        request.scope.get("session", _no_session)["number"] = next(_numbers)
        return Response(b"written")

    return app


async def prices(rounds: int = ROUNDS) -> dict[str, Timings]:
    """Check each answer, then time the request of each case with the middleware and without it, in turn.

    Returns:
        By case, the timings of both apps.

    Raises:
        ValueError: If an answer is wrong.
    """
    results: dict[str, Timings] = {}
    plain = declare()
    async with serving(plain):
        for title, case in CASES.items():
            app = declare()
            app.add_middleware(case.middleware, **case.options)
            async with serving(app):
                request = await _request(app, case)
                if mistake := case.mistake(await ask(app, request), await ask(plain, request)):
                    raise ValueError(f"{title}: {mistake}")
                results[title] = await measure(
                    {WITHOUT: batch(plain, request), WITH: batch(app, request)}, rounds=rounds
                )
    return results


def main() -> None:
    """Print a table for each backend."""
    for backend in ("asyncio", "trio"):
        if backend in installed_backends():
            library, options = BACKENDS[backend]
            results = anyio.run(prices, backend=library, backend_options=options)
            print(f"{machine(backend)}: CPU time that a middleware adds to a request\n")
            print(price_table(results), end="\n\n")


def price_table(results: Mapping[str, Timings]) -> str:
    """Show what each case adds: nanoseconds, and the ratio to the request without it."""
    rows = [["a middleware", "ns more", "ratio"]]
    for title, timings in results.items():
        more, times = difference(timings, WITH, WITHOUT), ratio(timings, WITH, WITHOUT)
        rows.append([title, str(round(more)), f"{times:.2f}"])
    return text_table(rows)


async def _request(app: App, case: Case) -> Request:
    if case.first is None:
        return case.request
    cookie = (await ask(app, case.first)).headers["set-cookie"].partition(";")[0].encode()
    token = cookie.partition(b"=")[2]
    return replace(case.request, headers=[*case.request.headers, (b"cookie", cookie), (b"x-csrf-token", token)])


if __name__ == "__main__":
    main()

"""Rows and rules of security.md about limits: those of an app hold for every reader in it, middleware included."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.csrf import CSRFMiddleware
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.requests.limits import Limits
from tests.app.test_uploads import TYPE, form, part
from tests.asgi import call
from tests.middleware.edges import connect
from tests.middleware.signed import KEY, csrf_cookie

TOKEN = csrf_cookie()
COOKIE = ("cookie", f"csrftoken={TOKEN}")
URLENCODED = [("content-type", "application/x-www-form-urlencoded")]


class Before(Middleware):
    async def before_request(self, request):
        return None


class After(Middleware):
    async def after_response(self, request, response):
        return None


def round_app(cls, options, **of_app):
    app = HawkAPI(**of_app)
    app.add_middleware(cls, **options)
    add_routes(app)
    return app


def round_route(cls, options, **of_app):
    app = HawkAPI(**of_app)
    add_routes(app, middleware=[(cls, options)])
    return app


def in_mounted_app(cls, options, **of_app):
    app = HawkAPI()
    app.mount("/", round_app(cls, options, **of_app))
    return app


def add_routes(app, **options):
    @app.get("/{a}", **options)
    @app.post("/{a}", status_code=200, **options)
    async def handler(a: str):
        return len(a)

    @app.websocket("/", **options)
    async def socket(ws):
        await ws.accept()
        await ws.close()


wherever = pytest.mark.parametrize("place", [round_app, round_route, in_mounted_app])


# cookies


@wherever
@pytest.mark.parametrize(
    ("cls", "options"), [(SessionMiddleware, {"secret_key": KEY}), (CSRFMiddleware, {"secret": KEY})]
)
async def test_limits_hold_for_every_reader_cookies_are_those_of_the_app(place, cls, options):
    for limit in (100, 20_000):
        app = place(cls, options, limits=Limits(cookies=limit))
        for method, fine in (("GET", 200), ("POST", 200 if cls is SessionMiddleware else 403)):
            for size, status in ((limit, fine), (limit + 1, 431)):
                headers = [("cookie", "a" * 50), ("cookie", "b" * (size - 52))]
                assert (await call(app, method, "/a", headers=headers)).status == status


@wherever
async def test_limits_hold_for_every_reader_cookies_of_a_handshake_are_those_of_the_app(place):
    app = place(SessionMiddleware, {"secret_key": KEY}, limits=Limits(cookies=100))
    assert (await connect(app, ("cookie", "a" * 100))).log[0] == "accept"
    assert (await connect(app, ("cookie", "a" * 101), denial=True)).log == ["answer 431"]


# forms


async def post(app, kind, body):
    return (await call(app, "POST", "/a", headers=[COOKIE, *kind], body=body)).status


@wherever
@pytest.mark.parametrize("kind", [URLENCODED, []], ids=["urlencoded", "no content type"])
async def test_cve_2024_49767_cve_2026_54283_a_form_is_bounded_where_a_token_is_looked_for(place, kind):
    token = f"csrf_token={TOKEN}".encode()
    for fields, size in ((10, 1000), (2000, 2 * 1024 * 1024)):
        app = place(CSRFMiddleware, {"secret": KEY}, limits=Limits(fields=fields, field_size=size))
        assert await post(app, kind, token + b"&a=1" * (fields - 1)) == 200
        assert await post(app, kind, token + b"&a=1" * fields) == 413
        assert await post(app, kind, b"&" * fields) == 413
        assert await post(app, kind, token + b"&a=" + b"x" * size) == 200
        assert await post(app, kind, token + b"&a=" + b"x" * (size + 1)) == 413
        assert await post(app, kind, b"csrf_token=" + b"x" * (size + 1)) == 413


@wherever
async def test_cve_2024_49767_cve_2026_54283_a_multipart_form_is_bounded_where_a_token_is_looked_for(place):
    token, limits = part("csrf_token", TOKEN.encode()), Limits(fields=3, files=2, field_size=1000)
    app = place(CSRFMiddleware, {"secret": KEY}, limits=limits)
    for parts, status in (
        ([part("a", b"")] * 2, 200),
        ([part("a", b"")] * 3, 413),
        ([part("a", b"x" * 1000)], 200),
        ([part("a", b"x" * 1001)], 413),
        ([part("f", b"", "f")] * 2, 200),
        ([part("f", b"", "f")] * 3, 413),
    ):
        assert await post(app, TYPE, form(token, *parts)) == status


@wherever
@pytest.mark.parametrize("kind", [URLENCODED, TYPE, []], ids=["urlencoded", "multipart", "no content type"])
async def test_limits_hold_for_every_reader_bodies_in_which_a_token_is_looked_for(place, kind):
    app = place(CSRFMiddleware, {"secret": KEY}, max_body_size=1000)
    assert await post(app, kind, b"x" * 1000) == 403
    assert await post(app, kind, b"x" * 1001) == 413


# what hooks read


class Reading(Middleware):
    """Reads something of the request before the handler does."""

    def __init__(self, app, read):
        super().__init__(app)
        self.read = read

    async def before_request(self, request):
        await self.read(request)


async def query(request):
    return request.query_params


async def cookies(request):
    return request.cookies


@wherever
@pytest.mark.parametrize(
    ("read", "given", "status"),
    [
        (lambda request: request.body(), {"body": b"1" * 1001}, 413),
        (lambda request: request.json(), {"body": b"[" * 4 + b"]" * 4}, 400),
        (lambda request: request.form(), {"body": b"a=1&" * 4, "headers": URLENCODED}, 413),
        (query, {"query": b"a&b&c&d"}, 414),
        (cookies, {"headers": [("cookie", "a" * 101)]}, 431),
    ],
    ids=["body", "json", "form", "query", "cookies"],
)
async def test_limits_hold_for_every_reader_what_a_hook_reads_is_bounded(place, read, given, status):
    limits = Limits(body=1000, nesting=3, fields=3, query_pairs=3, cookies=100)
    app = place(Reading, {"read": read}, limits=limits)
    assert (await call(app, "POST", "/a", **given)).status == status


# paths


@pytest.mark.parametrize("cls", [Before, After])
@wherever
async def test_sanic_pr_3164_and_sanic_pr_3165_a_path_is_bounded_whatever_stands_before_the_router(place, cls):
    for limit in (100, 5000):
        app = place(cls, {}, limits=Limits(path=limit))
        for method in ("GET", "POST"):
            assert (await call(app, method, "/" + "a" * (limit - 1))).json() == limit - 1
            answer = await call(app, method, "/" + "a" * limit)
            assert (answer.status, answer.json()["title"]) == (414, "URI Too Long")
        assert (await call(app, "GET", "/" * (limit + 1))).status == 414

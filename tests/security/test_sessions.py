"""Rows of security.md about sessions and CSRF tokens: each test bears the row's name."""

from typing import Any

import msgspec
import pydantic
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.csrf import CSRFMiddleware, csrf_token
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_store import MemorySessionStore
from hawkapi.requests.request import Request
from hawkapi.responses.json_response import JSONResponse
from hawkapi.responses.response import Response
from hawkapi.security.signing import Signer
from hawkapi.testing.client import TestClient
from tests.asgi import call
from tests.middleware.signed import KEY, cookie_of, csrf_cookie, hexmac, session_cookie, set_cookies, varies


def site(*, csrf=True, **options):
    """Make a site with sessions, where visitors log in and out."""
    app = HawkAPI()
    app.add_middleware(SessionMiddleware, **{"secret_key": KEY, **options})
    if csrf:
        app.add_middleware(CSRFMiddleware, secret=KEY)

    @app.get("/me")
    async def me(request: Request):
        return request.scope["session"].get("user", "nobody")

    @app.get("/about")
    async def about():
        return "about"

    @app.get("/form")
    async def form(request: Request):
        return csrf_token(request)

    @app.post("/login/{user}", status_code=200)
    async def login(request: Request, user: str):
        request.scope["session"].rotate()
        request.scope["session"]["user"] = user

    @app.post("/logout", status_code=200)
    async def logout(request: Request):
        request.scope["session"].clear()

    @app.post("/pay", status_code=200)
    async def pay(request: Request):
        return request.scope["session"]["user"]

    return app


def visitor(app, user):
    client = TestClient(app)
    client.get("/form")
    client.post(f"/login/{user}", headers={"x-csrf-token": client.cookies["csrftoken"]})
    return client


@pytest.mark.parametrize("cookie", [None, "forged", session_cookie({"user": "ada"})], ids=["none", "forged", "signed"])
@pytest.mark.parametrize("request_line", ["GET /me", "HEAD /me", "POST /login/ada", "POST /logout"])
@pytest.mark.parametrize("store", [None, MemorySessionStore()])
async def test_cve_2026_35192_cve_2023_30861_cve_2026_27205_an_answer_that_knows_the_session_varies_by_cookie(
    store, request_line, cookie
):
    headers = [] if cookie is None else [("cookie", f"session={cookie}")]
    answer = await call(site(csrf=False, store=store), *request_line.split(), headers=headers)
    assert varies(answer)
    assert not varies(await call(site(csrf=False, store=store), "GET", "/about", headers=headers))


async def test_cve_2026_35192_so_does_a_page_that_shows_the_token_of_its_visitor():
    first = await call(site(), "GET", "/form")
    headers = [("cookie", f"csrftoken={cookie_of(first, 'csrftoken')}")]
    assert varies(first)
    assert varies(await call(site(), "GET", "/form", headers=headers))
    assert not varies(await call(site(), "GET", "/about", headers=headers))


@pytest.mark.parametrize("given", ["Accept", "accept-encoding, Origin", "*", "COOKIE"])
async def test_cve_2026_48587_cve_2026_6907_vary_is_appended_to(given):
    async def app(scope, receive, send):
        len(scope["session"])
        await Response(headers={"vary": given})(scope, receive, send)

    answer = await call(SessionMiddleware(app, secret_key=KEY), "GET", "/")
    assert answer.headers["vary"] == (given if given in ("*", "COOKIE") else f"{given}, Cookie")


def test_cve_2026_6873_no_signature_of_one_purpose_passes_for_another():
    session, store = session_cookie({"user": "ada"}), MemorySessionStore()
    app = site()
    client = TestClient(app)
    client.cookies["csrftoken"] = session
    assert client.post("/logout", headers={"x-csrf-token": session}).json()["detail"] == "CSRF token mismatch."
    for name, cookie in {
        "a token": csrf_cookie(),
        "a token of the session's form": csrf_cookie(session.rpartition(".")[0]),
        "an id of a store": Signer(KEY, salt=b"hawkapi.session.id").sign(session.rpartition(".")[0].encode()).decode(),
    }.items():
        client = TestClient(app)
        client.cookies["session"] = cookie
        assert client.get("/me").json() == "nobody", name
    for name, cookie in {
        "a token": csrf_cookie(),
        "a session": session,
        "a key": "r." + hexmac(KEY.encode(), "r"),
    }.items():
        client = TestClient(site(csrf=False, store=store))
        client.cookies["session"] = cookie
        assert client.get("/me").json() == "nobody", name


def test_cve_2014_9720_a_token_differs_for_each_visitor():
    app = site()
    tokens = {TestClient(app).get("/form").json() for _ in range(20)}
    assert len(tokens) == 20


@pytest.mark.parametrize("name", ["__Host-session", "session"])
async def test_cve_2023_23934_a_nameless_cookie_forges_no_other(name):
    app = site(csrf=False, session_cookie=name)
    forged = session_cookie({"user": "eve"})
    for header in (f"={name}={forged}", f"=={name}={forged}", f" = {name}={forged}", f"{name} x={forged}"):
        assert (await call(app, "GET", "/me", headers=[("cookie", header)])).json() == "nobody"
    token = csrf_cookie()
    headers = [("cookie", f"=csrftoken={token}"), ("x-csrf-token", token)]
    answer = await call(site(), "POST", "/logout", headers=headers)
    assert answer.json()["detail"] == "CSRF cookie not set."


@pytest.mark.parametrize("store", [None, MemorySessionStore()])
def test_cve_2025_68481_cve_2025_14546_a_token_is_bound_to_the_session_of_its_visitor(store):
    app = site(store=store)
    ada, eve = visitor(app, "ada"), visitor(app, "eve")
    for planted in (eve.cookies["csrftoken"], TestClient(app).get("/form").json()):
        ada.cookies["csrftoken"] = planted
        assert ada.post("/pay", headers={"x-csrf-token": planted}).status_code == 403
    ada.get("/form")
    assert ada.post("/pay", headers={"x-csrf-token": ada.cookies["csrftoken"]}).json() == "ada"


def test_session_fixation_an_id_that_a_client_brings_is_never_taken_over():
    store = MemorySessionStore()
    app = site(csrf=False, store=store)
    planted = Signer(KEY, salt=b"hawkapi.session.id").sign(b"known-to-eve").decode()  # a session that has ended
    ada = TestClient(app)
    ada.cookies["session"] = planted
    ada.post("/login/ada")
    assert ada.get("/me").json() == "ada"
    assert ada.cookies["session"] != planted
    eve = TestClient(app)
    eve.cookies["session"] = planted
    assert eve.get("/me").json() == "nobody"


def test_session_fixation_a_login_ends_the_session_that_was_there_before():
    app = site(csrf=False, store=MemorySessionStore())
    eve, ada = TestClient(app), TestClient(app)
    eve.post("/login/eve")
    ada.cookies["session"] = eve.cookies["session"]
    ada.post("/login/ada")
    assert ada.get("/me").json() == "ada"
    assert eve.get("/me").json() == "nobody"


def test_a_session_that_has_ended_is_not_replayed():
    app = site(csrf=False, store=MemorySessionStore())
    ada = TestClient(app)
    ada.post("/login/ada")
    kept = ada.cookies["session"]
    ada.post("/logout")
    ada.cookies["session"] = kept
    assert ada.get("/me").json() == "nobody"


@pytest.mark.parametrize("store", [None, MemorySessionStore()])
async def test_cve_2025_69230_bad_cookies_log_nothing(store, caplog):
    app = site(store=store)
    await call(app, "GET", "/me", headers=[("cookie", f"session={csrf_cookie()}; csrftoken=a.b; \xff=\x80; =; ;;")])
    await call(app, "POST", "/pay", headers=[("cookie", "session=..; csrftoken=."), ("x-csrf-token", ".")])
    assert not caplog.records


async def test_cve_2025_14550_many_cookie_headers_are_a_431():
    headers = [("cookie", "a=b")] * 5000
    assert (await call(site(), "GET", "/me", headers=headers)).status == 431


@pytest.mark.parametrize("cls", [SessionMiddleware, CSRFMiddleware])
@pytest.mark.parametrize("secret", ["", b"", [], [""]])
def test_fail_closed_an_empty_secret_is_refused(cls, secret):
    argument = "secret_key" if cls is SessionMiddleware else "secret"
    with pytest.raises(ValueError, match=argument):
        cls(Response(), **{argument: secret})


async def test_itsdangerous_a_signature_from_the_future_is_refused():
    app = site(csrf=False, clock=lambda: 1000.0)
    cookie = session_cookie({"user": "eve"}, at=1061)
    assert (await call(app, "GET", "/me", headers=[("cookie", f"session={cookie}")])).json() == "nobody"


async def test_key_rotation_a_key_that_was_taken_off_verifies_nothing():
    cookie = [("cookie", f"session={session_cookie({'user': 'ada'})}")]
    new = "n" * 32
    assert (await call(site(csrf=False, secret_key=[new, KEY]), "GET", "/me", headers=cookie)).json() == "ada"
    assert (await call(site(csrf=False, secret_key=[new]), "GET", "/me", headers=cookie)).json() == "nobody"


async def test_no_header_is_written_unchecked_what_a_visitor_puts_in_a_session_cannot_end_the_cookie():
    async def app(scope, receive, send):
        scope["session"]["name"] = "a;\r\nSet-Cookie: evil=1\0"
        await Response()(scope, receive, send)

    (header,) = set_cookies(await call(SessionMiddleware(app, secret_key=KEY), "GET", "/"))
    assert header.count(";") == 5
    assert not set(header) & set("\r\n\0")


READ_IN_C = {
    "itself": lambda session: session,
    "within": lambda session: {"sessions": [session]},
    "response": JSONResponse,
    "dict made in C": lambda session: msgspec.convert(session, dict[str, Any]),
    "Struct made in C": lambda session: Page(session),
}


class Page(msgspec.Struct):
    session: dict[str, Any]


@pytest.mark.parametrize("read", READ_IN_C.values(), ids=READ_IN_C.keys())
@pytest.mark.parametrize("options", [{}, {"response_model": dict[str, Any]}], ids=["as it is", "modelled"])
@pytest.mark.parametrize("accept", ["application/json", "application/msgpack"])
@pytest.mark.parametrize("store", [None, MemorySessionStore()], ids=["signed", "stored"])
def test_cve_2026_27205_an_answer_that_code_in_c_makes_of_a_session_varies_by_cookie(store, accept, options, read):
    app = site(csrf=False, store=store)

    @app.get("/all", **({} if read is JSONResponse else options))
    async def all_of_it(request: Request):
        return read(request.scope["session"])

    client = TestClient(app)
    client.post("/login/ada")
    answer = client.get("/all", headers={"accept": accept})
    assert b"ada" in answer.body
    assert varies(answer)
    assert "set-cookie" not in answer.headers


class Visitor(msgspec.Struct):
    user: str


class Model(pydantic.BaseModel):
    user: str


@pytest.mark.parametrize(("read", "model"), [(lambda s: msgspec.convert(s, Visitor), None), (lambda s: s, Model)])
def test_cve_2026_27205_what_takes_a_session_apart_in_c_fails_and_shows_nothing(read, model, caplog):
    app = site(csrf=False)

    @app.get("/all", response_model=model)
    async def all_of_it(request: Request):
        return read(request.scope["session"])

    client = TestClient(app)
    client.post("/login/ada")
    answer = client.get("/all")
    assert answer.status_code == 500
    assert "ada" not in answer.text

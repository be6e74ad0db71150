"""Rows of security.md about sessions and CSRF tokens: each test bears the row's name."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.csrf import CSRFMiddleware, csrf_token
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_store import MemorySessionStore
from hawkapi.requests.request import Request
from hawkapi.responses.response import Response
from hawkapi.security.signing import Signer
from hawkapi.testing.client import TestClient
from tests.asgi import call
from tests.middleware.signed import KEY, csrf_cookie, session_cookie, set_cookies


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


@pytest.mark.parametrize("logged_in", [True, False])
def test_cve_2025_68481_cve_2025_14546_a_token_is_bound_to_the_browser_that_has_the_cookie(logged_in):
    app = site()
    ada, eve = (visitor(app, name) if logged_in else TestClient(app) for name in ("ada", "eve"))
    own, planted, another = ada.get("/form").json(), eve.get("/form").json(), csrf_cookie()
    for cookie, token in ((own, planted), (planted, own), (own, another), (another, own), (own, own[:-1]), (own, "x")):
        ada.cookies["csrftoken"] = cookie
        answer = ada.post("/logout", headers={"x-csrf-token": token})
        assert (answer.status_code, answer.json()["detail"]) == (403, "CSRF token mismatch.")
    ada.cookies["csrftoken"] = own
    assert ada.post("/logout", headers={"x-csrf-token": own}).status_code == 204


@pytest.mark.parametrize("start", ["a=1", "a", "%61=1", "a=b&c"])
@pytest.mark.parametrize(("separator", "status"), [(";", 403), ("&", 204)])
async def test_cve_2020_28473_no_token_of_a_form_begins_behind_a_semicolon(start, separator, status):
    token = csrf_cookie()
    headers = [("cookie", f"csrftoken={token}"), ("content-type", "application/x-www-form-urlencoded")]
    body = f"{start}{separator}csrf_token={token}".encode()
    assert (await call(site(), "POST", "/logout", headers=headers, body=body)).status == status


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

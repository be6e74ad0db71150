"""CSRF tokens: alone round bare apps, and in the chain of a HawkAPI, with and without sessions."""

import gc
import json
import weakref
from typing import Annotated

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.csrf import CSRFMiddleware, csrf_token
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_store import MemorySessionStore
from hawkapi.requests.form_data import UploadFile
from hawkapi.requests.request import Request
from hawkapi.responses.response import Response
from hawkapi.responses.streaming import StreamingResponse
from hawkapi.testing.client import TestClient
from hawkapi.validation.constraints import File, Form
from tests.app.wire import Wire, chunks, exchange
from tests.asgi import call, http_scope
from tests.middleware.signed import KEY, cookie_of, csrf_cookie, hexmac, session_cookie, set_cookies, varies

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=line"
TOKEN = csrf_cookie("r" * 43)


async def bare(scope, receive, send):
    """Be an app that is none of ours: read the messages and send the body back."""
    body, more = b"", scope.get("method", "GET") not in ("GET", "HEAD")
    while more:
        message = await receive()
        assert message["type"] == "http.request"
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await Response(body)(scope, receive, send)


def alone(**options):
    return CSRFMiddleware(bare, **{"secret": KEY, **options})


def in_app(**options):
    app = HawkAPI()
    app.add_middleware(CSRFMiddleware, **{"secret": KEY, **options})

    @app.get("/")
    async def get():
        return Response()

    @app.post("/")
    @app.put("/")
    @app.patch("/")
    @app.delete("/")
    async def echo(request: Request):
        return Response(await request.body())

    return app


@pytest.fixture(params=[alone, in_app])
def make(request):
    """Have a test run alone round a bare app and in an app of ours."""
    return request.param


def form(*pairs, files=()):
    """Write a multipart form."""
    parts = [f'--line\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs]
    parts += [
        f'--line\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n\r\n{value}\r\n'
        for name, value in files
    ]
    return ("".join(parts) + "--line--\r\n").encode()


async def post(app, *, cookie=TOKEN, header=None, body=b"", content_type=None, method="POST", headers=()):
    pairs = list(headers)
    if cookie is not None:
        pairs.append(("cookie", f"csrftoken={cookie}"))
    if header is not None:
        pairs.append(("x-csrf-token", header))
    if content_type is not None:
        pairs.append(("content-type", content_type))
    return await call(app, method, "/", headers=pairs, body=body)


def detail_of(answer):
    problem = answer.json()
    assert (answer.status, problem["title"], problem["status"]) == (403, "CSRF Validation Failed", 403)
    assert problem["type"].endswith("/csrf")
    assert answer.headers["content-type"] == "application/problem+json"
    return problem["detail"]


# Safe requests


async def test_a_safe_request_gets_a_token_as_the_contract_writes_it(make):
    answer = await call(make(), "GET", "/")
    (header,) = set_cookies(answer)
    token = cookie_of(answer, "csrftoken")
    random, _ = token.split(".")
    assert header == f"csrftoken={token}; Path=/; Secure; SameSite=lax"
    assert token == csrf_cookie(random)
    assert len(random) == 43
    assert varies(answer)


async def test_all_attributes_of_the_cookie_can_be_chosen():
    app = alone(
        cookie_name="xsrf", cookie_path="/app", cookie_httponly=True, cookie_secure=False, cookie_samesite="Strict"
    )
    (header,) = set_cookies(await call(app, "GET", "/"))
    assert header.startswith("xsrf=")
    assert header.endswith("; Path=/app; HttpOnly; SameSite=Strict")


async def test_httponly_stands_after_the_path():
    answer = await call(alone(cookie_httponly=True), "GET", "/")
    (header,) = set_cookies(answer)
    assert header == f"csrftoken={cookie_of(answer, 'csrftoken')}; Path=/; HttpOnly; Secure; SameSite=lax"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
async def test_one_that_has_a_token_gets_no_other(method):
    answer = await call(alone(), method, "/", headers=[("cookie", f"csrftoken={TOKEN}")])
    assert (answer.status, set_cookies(answer), varies(answer)) == (200, [], False)


@pytest.mark.parametrize("cookie", ["", "x", "a.b", TOKEN[:-1], TOKEN.upper(), "\xff", csrf_cookie(key="k" * 32)])
async def test_one_with_a_bad_token_gets_a_new_one(cookie):
    answer = await call(alone(), "GET", "/", headers=[("cookie", f"csrftoken={cookie}")])
    assert cookie_of(answer, "csrftoken") != cookie


async def test_several_cookies_stay_apart_and_streams_unbuffered():
    seen = []
    wire = Wire({"type": "http.request"})

    async def app(scope, receive, send):
        async def parts():
            for part in (b"one", b"two"):
                seen.append(len(wire.sent))
                yield part

        await StreamingResponse(parts(), headers={"set-cookie": "a=1"})(scope, receive, send)

    await exchange(CSRFMiddleware(app, secret=KEY), "GET", "/", wire=wire)
    assert seen == [1, 2]
    names = [value.partition(b"=")[0] for name, value in wire.sent[0]["headers"] if name == b"set-cookie"]
    assert names == [b"a", b"csrftoken"]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304)])
async def test_answers_without_body_may_set_it_too(method, status):
    answer = await call(CSRFMiddleware(Response("x", status_code=status), secret=KEY), method, "/")
    assert (answer.status, answer.body, len(set_cookies(answer))) == (status, b"", 1)


async def test_a_message_of_the_app_is_not_changed():
    message = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"1")]}

    async def app(scope, receive, send):
        await send(message)
        await send({"type": "http.response.body"})

    await call(CSRFMiddleware(app, secret=KEY), "GET", "/")
    assert message == {"type": "http.response.start", "status": 200, "headers": [(b"a", b"1")]}


async def test_an_http_scope_may_be_bare():
    wire = Wire()
    await alone()({"type": "http"}, wire.receive, wire.send)
    assert "set-cookie" in wire.headers


async def test_an_unsafe_scope_may_be_bare_but_for_its_method():
    wire = Wire()
    await alone()({"type": "http", "method": "POST"}, wire.receive, wire.send)
    assert (wire.status, json.loads(wire.body)["detail"]) == (403, "CSRF cookie not set.")


@pytest.mark.parametrize("token", [[(b"x-csrf-token", TOKEN.encode())], []], ids=["header", "form"])
async def test_method_and_headers_are_all_that_an_unsafe_request_needs(token):
    body = f"csrf_token={TOKEN}".encode()
    headers = [(b"cookie", f"csrftoken={TOKEN}".encode()), *token]
    wire = Wire(*chunks(body))
    await alone()({"type": "http", "method": "POST", "headers": headers}, wire.receive, wire.send)
    assert (wire.status, wire.body) == (200, body)


@pytest.mark.parametrize("scope", [{"type": "lifespan"}, {"type": "websocket", "path": "/", "headers": []}])
async def test_other_scopes_pass_on_untouched(scope):
    seen = []

    async def app(*args):
        seen.append(args)

    wire = Wire()
    given = (dict(scope), wire.receive, wire.send)
    await CSRFMiddleware(app, secret=KEY)(*given)
    assert seen == [given]
    assert given[0] == scope


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_cookies_over_the_limit_are_a_431(make, method):
    answer = await call(make(), method, "/", headers=[("cookie", "a" * 8193)])
    assert (answer.status, answer.json()["title"]) == (431, "Request Header Fields Too Large")


# Unsafe requests


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_the_token_in_a_header_lets_pass(make, method):
    answer = await post(make(), header=TOKEN, body=b"body", method=method)
    assert (answer.status, answer.body, set_cookies(answer)) == (200, b"body", [])


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URLENCODED, f"a=1&csrf_token={TOKEN}&b=2".encode()),
        (f"{URLENCODED}; charset=utf-8", f"csrf_token={TOKEN}&csrf_token=x".encode()),
        (URLENCODED.upper(), f"csrf_token={TOKEN}".encode()),
        (None, f"csrf_token={TOKEN}".encode()),
        ("", f"csrf_token={TOKEN}".encode()),
        (MULTIPART, form(("a", "1"), ("csrf_token", TOKEN), files=[("file", "contents")])),
    ],
)
async def test_the_token_in_a_form_lets_pass_and_the_body_stays_readable(make, content_type, body):
    answer = await post(make(), content_type=content_type, body=body)
    assert (answer.status, answer.body) == (200, body)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URLENCODED, f"csrf_token={TOKEN}&a=1".encode()),
        (MULTIPART, form(("csrf_token", TOKEN), ("a", "1"))),
    ],
)
async def test_the_form_is_there_for_the_handler(content_type, body):
    app = HawkAPI()
    app.add_middleware(CSRFMiddleware, secret=KEY)

    @app.post("/")
    async def read(request: Request):
        return {"a": (await request.form()).get("a"), "body": len(await request.body())}

    assert (await post(app, content_type=content_type, body=body)).json() == {"a": "1", "body": len(body)}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URLENCODED, f"csrf_token={TOKEN}&a=1".encode()),
        (None, f"csrf_token={TOKEN}&a=1".encode()),
        (MULTIPART, form(("csrf_token", TOKEN), files=[("file", "contents")])),
    ],
    ids=["urlencoded", "no type", "multipart"],
)
async def test_a_handler_that_streams_the_body_gets_all_of_it(content_type, body):
    app = HawkAPI()
    app.add_middleware(CSRFMiddleware, secret=KEY)

    @app.post("/")
    async def read(request: Request):
        return Response(b"".join([chunk async for chunk in request.stream()]))

    wire = Wire(*chunks(*[body[at : at + 7] for at in range(0, len(body), 7)]))
    headers = [("cookie", f"csrftoken={TOKEN}")] + ([("content-type", content_type)] if content_type else [])
    await exchange(app, "POST", "/", wire=wire, headers=headers)
    assert (wire.status, wire.body) == (200, body)


async def test_forms_and_files_that_a_handler_declares_are_bound():
    app = HawkAPI()
    app.add_middleware(CSRFMiddleware, secret=KEY)

    @app.post("/")
    async def read(a: Annotated[int, Form()], file: Annotated[UploadFile, File()]):
        return [a, (await file.read()).decode()]

    body = form(("csrf_token", TOKEN), ("a", "1"), files=[("file", "contents")])
    assert (await post(app, content_type=MULTIPART, body=body)).json() == [1, "contents"]


async def test_a_body_in_many_parts_is_replayed_for_a_bare_app():
    body = form(("csrf_token", TOKEN), files=[("file", "x" * 1000)])
    wire = Wire(*chunks(*[body[at : at + 1] for at in range(len(body))]))
    headers = [("cookie", f"csrftoken={TOKEN}"), ("content-type", MULTIPART)]
    await exchange(alone(), "POST", "/", wire=wire, headers=headers)
    assert (wire.status, wire.body) == (200, body)


async def test_no_cookie_is_told_and_the_body_not_read(make):
    wire = Wire(break_receive=1)
    await exchange(make(), "POST", "/", wire=wire, headers=[("x-csrf-token", TOKEN)])
    assert (wire.status, wire.receives) == (403, 0)
    assert json.loads(wire.body)["detail"] == "CSRF cookie not set."
    assert detail_of(await post(make(), cookie="", header=TOKEN)) == "CSRF cookie not set."


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, b""),
        (None, b"a=1"),
        (None, b"\xff\xfe%ff"),
        (URLENCODED, b"csrf_token="),
        (URLENCODED, b"csrf_token"),
        (URLENCODED, b"csrf_token=%ff"),
        ("application/json", f'{{"csrf_token":"{TOKEN}"}}'.encode()),
        ("text/plain", f"csrf_token={TOKEN}".encode()),
        ("multipart/form-data", form(("csrf_token", TOKEN))),
        (MULTIPART, form(("a", "1"))),
        (MULTIPART, b"no form"),
        (MULTIPART, form(("csrf_token", TOKEN))[:-12]),
        (MULTIPART, form(files=[("csrf_token", TOKEN)])),
        ("nonsense", b"csrf_token=1"),
    ],
)
async def test_no_token_is_told(make, content_type, body):
    assert detail_of(await post(make(), content_type=content_type, body=body)) == "CSRF token missing."
    assert detail_of(await post(make(), content_type=content_type, body=body, header="")) == "CSRF token missing."


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
async def test_what_is_no_form_is_not_read(content_type):
    wire = Wire(break_receive=1)
    headers = [("cookie", f"csrftoken={TOKEN}"), ("content-type", content_type)]
    await exchange(alone(), "POST", "/", wire=wire, headers=headers)
    assert (wire.status, wire.receives) == (403, 0)


async def test_cookie_and_token_are_compared_in_constant_time(make, monkeypatch):
    compared = []

    def compare(one, other):
        compared.append({one, other})
        return one == other

    monkeypatch.setattr("hawkapi.middleware.csrf.compare_digest", compare)
    app = make()
    assert (await post(app, header=TOKEN)).status == 200
    assert (await post(app, header=OTHER)).status == 403
    assert compared == [{TOKEN.encode()}, {TOKEN.encode(), OTHER.encode()}]


OTHER = csrf_cookie("other")
UNSIGNED = "r" * 43 + "." + "0" * 64


@pytest.mark.parametrize(
    ("cookie", "token"),
    [
        (TOKEN, OTHER),
        (OTHER, TOKEN),
        (TOKEN, TOKEN[:-1]),
        (TOKEN, TOKEN + " x"),
        (UNSIGNED, UNSIGNED),
        ("x", "x"),
        (".", "."),
        ("é", "é"),
        ("\xff\xfe", "\xff\xfe"),
        (TOKEN, "\xff"),
        (TOKEN.upper(), TOKEN.upper()),
        (csrf_cookie(key="k" * 32), csrf_cookie(key="k" * 32)),
        ("r." + hexmac(KEY.encode(), "r"), "r." + hexmac(KEY.encode(), "r")),
        ("a" * 8000, "a" * 8000),
    ],
)
async def test_a_token_that_differs_or_is_not_signed_is_a_mismatch(make, cookie, token):
    assert detail_of(await post(make(), cookie=cookie, header=token)) == "CSRF token mismatch."
    body = b"csrf_token=" + b"".join(b"%%%02x" % byte for byte in token.encode("latin-1") if byte < 128) + b"x"
    assert detail_of(await post(make(), cookie=cookie, content_type=URLENCODED, body=body)) == "CSRF token mismatch."


async def test_every_changed_byte_of_a_token_is_a_mismatch():
    app = alone()
    for place in range(len(TOKEN)):
        for other in ("A", "0", "."):
            if TOKEN[place] != other:
                changed = TOKEN[:place] + other + TOKEN[place + 1 :]
                assert detail_of(await post(app, cookie=changed, header=changed)) == "CSRF token mismatch."


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(cookie=st.binary(max_size=100), token=st.binary(max_size=100), body=st.binary(max_size=200))
def test_whatever_is_sent_is_a_403(cookie, token, body):
    import anyio

    headers = [(b"cookie", b"csrftoken=" + cookie), (b"x-csrf-token", token), (b"content-type", MULTIPART.encode())]
    wire = Wire({"type": "http.request", "body": body})
    scope = {**http_scope("POST", "/"), "headers": headers}
    anyio.run(alone(), scope, wire.receive, wire.send)
    assert wire.status == 403


async def test_the_first_key_signs_and_all_verify():
    app = alone(secret=["n" * 32, KEY])
    assert (await post(app, header=TOKEN)).status == 200
    token = cookie_of(await call(app, "GET", "/"), "csrftoken")
    assert token == csrf_cookie(token.split(".")[0], key="n" * 32)


@pytest.mark.parametrize("secret", [KEY.encode(), [KEY.encode()], (KEY,), [KEY.encode(), "n" * 32]])
async def test_a_secret_may_be_bytes_and_lists_may_hold_both(secret):
    app = alone(secret=secret)
    assert (await post(app, header=TOKEN)).status == 200
    token = cookie_of(await call(app, "GET", "/"), "csrftoken")
    assert token == csrf_cookie(token.split(".")[0])


async def test_header_name_and_safe_methods_can_be_chosen():
    app = alone(header_name="X-XSRF", safe_methods=["POST"])
    assert (await call(app, "POST", "/")).status == 200
    assert detail_of(await call(app, "GET", "/")) == "CSRF cookie not set."
    headers = [("cookie", f"csrftoken={TOKEN}"), ("x-xsrf", TOKEN)]
    assert (await call(app, "GET", "/", headers=headers)).status == 200


async def test_a_method_in_other_letters_is_unsafe():
    assert detail_of(await call(alone(), "get", "/")) == "CSRF cookie not set."


# Limits


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        (URLENCODED, b"a=1&" * 1000 + b"b=1", 413),
        (URLENCODED, b"a=" + b"x" * (1024 * 1024 + 1), 413),
        (MULTIPART, form(*[("a", "1")] * 1001), 413),
        (MULTIPART, form(("a", "x" * (1024 * 1024 + 1))), 413),
        (MULTIPART, b"--line\r\n" + b"X-H: 1\r\n" * 17 + b"\r\n--line--\r\n", 400),
        (URLENCODED, b"x" * (10 * 1024 * 1024 + 1), 413),
        (None, b"x" * (10 * 1024 * 1024 + 1), 413),
        (MULTIPART, b"x" * (10 * 1024 * 1024 + 1), 413),
    ],
)
async def test_limits_hold_for_the_form(make, content_type, body, status):
    answer = await post(make(), content_type=content_type, body=body)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_a_length_over_the_limit_is_refused_at_once(make):
    wire = Wire(break_receive=1)
    headers = [("cookie", f"csrftoken={TOKEN}"), ("content-type", URLENCODED), ("content-length", "99999999")]
    await exchange(make(), "POST", "/", wire=wire, headers=headers)
    assert (wire.status, wire.receives) == (413, 0)


async def test_a_framing_that_is_a_matter_of_opinion_closes_the_connection(make):
    headers = [("content-length", "1"), ("transfer-encoding", "chunked")]
    answer = await post(make(), content_type=URLENCODED, headers=headers)
    assert (answer.status, answer.headers["connection"]) == (400, "close")


async def test_a_client_that_leaves_in_mid_form_is_no_error(make):
    wire = Wire(*chunks(b"csrf_", complete=False))
    headers = [("cookie", f"csrftoken={TOKEN}"), ("content-type", URLENCODED)]
    await exchange(make(), "POST", "/", wire=wire, headers=headers)
    assert wire.status == 400


# The token for a page


def page(*, middleware=(), show=None):
    app = HawkAPI()
    for cls, options in middleware:
        app.add_middleware(cls, **options)
    app.add_middleware(CSRFMiddleware, secret=KEY)

    @app.get("/")
    async def form(request: Request):
        return csrf_token(request)

    @app.post("/", status_code=200)
    async def send(request: Request):
        return "sent"

    @app.post("/again")
    async def again(request: Request):
        return csrf_token(request)

    @app.post("/login")
    async def login(request: Request):
        session = request.scope["session"]
        session.rotate()
        session["user"] = "ada"

    @app.post("/cart")
    async def cart(request: Request):
        request.scope["session"].setdefault("cart", []).append(1)

    @app.post("/logout")
    async def logout(request: Request):
        request.scope["session"].clear()

    return app


def test_a_page_shows_the_token_that_the_cookie_has():
    client = TestClient(page())
    answer = client.get("/")
    assert answer.json() == client.cookies["csrftoken"]
    second = client.get("/")
    assert second.json() == answer.json()
    assert "set-cookie" not in second.headers
    assert "Cookie" in second.headers["vary"]
    assert client.post("/", data={"csrf_token": second.json()}).status_code == 200


def test_a_page_that_answers_an_unsafe_request_shows_it_too():
    client = TestClient(page())
    token = client.get("/").json()
    answer = client.post("/again", headers={"x-csrf-token": token})
    assert answer.json() == token
    assert "set-cookie" not in answer.headers


def test_without_the_middleware_there_is_no_token():
    with pytest.raises(LookupError, match="CSRFMiddleware"):
        csrf_token(Request(http_scope("GET", "/"), None))


# Sessions


@pytest.fixture(params=["signed", "stored"])
def site(request):
    """Give a site with sessions, and a maker of visitors."""
    options = {"secret_key": KEY} | ({"store": MemorySessionStore()} if request.param == "stored" else {})
    app = page(middleware=[(SessionMiddleware, options)])
    return lambda: TestClient(app)


def shown(client):
    return {"x-csrf-token": client.cookies["csrftoken"]}


def test_without_a_session_the_token_is_that_of_the_contract(site):
    client = site()
    token = client.get("/").json()
    assert token == csrf_cookie(token.split(".")[0])
    client.cookies["csrftoken"] = TOKEN
    assert client.post("/", headers={"x-csrf-token": TOKEN}).status_code == 200


def test_a_login_brings_a_new_token_and_the_former_is_void(site):
    client = site()
    former = client.get("/").json()
    answer = client.post("/login", headers={"x-csrf-token": former})
    token = client.cookies["csrftoken"]
    assert sorted(answer.cookies) == ["csrftoken", "session"]
    assert token != former
    assert client.post("/", headers={"x-csrf-token": token}).status_code == 200
    client.cookies["csrftoken"] = former
    assert client.post("/", headers={"x-csrf-token": former}).json()["detail"] == "CSRF token mismatch."


def test_within_a_session_the_token_stays(site):
    client = site()
    client.get("/")
    client.post("/login", headers=shown(client))
    token = client.cookies["csrftoken"]
    for _ in range(3):
        answer = client.post("/cart", headers=shown(client))
        assert sorted(answer.cookies) == ["session"]
        assert client.get("/").json() == token
    assert client.post("/", headers=shown(client)).status_code == 200


def test_the_token_of_another_visitor_is_a_mismatch(site):
    ada, eve = site(), site()
    for client in (ada, eve):
        client.get("/")
        client.post("/login", headers=shown(client))
    ada.cookies["csrftoken"] = eve.cookies["csrftoken"]
    assert ada.post("/", headers=shown(eve)).json()["detail"] == "CSRF token mismatch."
    assert ada.get("/").json() != eve.cookies["csrftoken"]  # a good one comes by itself
    assert ada.post("/", headers=shown(ada)).status_code == 200


def test_a_token_without_a_session_is_no_token_for_one(site):
    ada, eve = site(), site()
    planted = eve.get("/").json()
    ada.get("/")
    ada.post("/login", headers=shown(ada))
    ada.cookies["csrftoken"] = planted
    assert ada.post("/", headers={"x-csrf-token": planted}).status_code == 403


def test_a_logout_brings_a_token_without_a_session(site):
    client = site()
    client.get("/")
    client.post("/login", headers=shown(client))
    former = client.cookies["csrftoken"]
    client.post("/logout", headers=shown(client))
    token = client.cookies["csrftoken"]
    assert token == csrf_cookie(token.split(".")[0]) != former
    assert "session" not in client.cookies
    assert client.post("/", headers=shown(client)).status_code == 200


def test_a_further_rotation_brings_another_token(site):
    client = site()
    client.get("/")
    client.post("/login", headers=shown(client))
    former = client.cookies["csrftoken"]
    client.post("/login", headers=shown(client))
    assert client.cookies["csrftoken"] != former
    assert client.post("/", headers=shown(client)).status_code == 200


def test_a_session_from_before_is_bound_by_the_first_page():
    app = page(middleware=[(SessionMiddleware, {"secret_key": KEY})])
    client = TestClient(app)
    client.cookies["session"] = session_cookie({"user": "ada"})
    client.cookies["csrftoken"] = TOKEN
    assert client.post("/again", headers={"x-csrf-token": TOKEN}).json() != TOKEN
    bound = client.cookies["csrftoken"]
    assert bound != TOKEN
    client.cookies["csrftoken"] = TOKEN
    assert client.post("/", headers={"x-csrf-token": TOKEN}).status_code == 403
    client.cookies["csrftoken"] = bound
    assert client.post("/", headers={"x-csrf-token": bound}).status_code == 200


def test_the_id_of_a_session_does_not_stand_among_its_data():
    app = page(middleware=[(SessionMiddleware, {"secret_key": KEY})])

    @app.get("/data")
    async def data(request: Request):
        return dict(request.scope["session"])

    client = TestClient(app)
    client.get("/")
    client.post("/login", headers=shown(client))
    assert client.get("/data").json() == {"user": "ada"}


def test_an_id_of_another_type_is_none():
    app = page(middleware=[(SessionMiddleware, {"secret_key": KEY})])
    client = TestClient(app)
    client.cookies["session"] = session_cookie({"hawkapi.id": 5, "user": "ada"})
    client.cookies["csrftoken"] = TOKEN
    assert client.post("/", headers={"x-csrf-token": TOKEN}).status_code == 200


def test_inside_of_no_session_of_ours_tokens_are_unbound():
    class Foreign:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            scope["session"] = {"user": "ada"}
            await self.app(scope, receive, send)

    client = TestClient(page(middleware=[(Foreign, {})]))
    token = client.get("/").json()
    assert token == csrf_cookie(token.split(".")[0])


def test_outside_of_the_sessions_tokens_are_unbound():
    app = HawkAPI()
    app.add_middleware(CSRFMiddleware, secret=KEY)
    app.add_middleware(SessionMiddleware, secret_key=KEY)

    @app.get("/")
    async def login(request: Request):
        request.scope["session"]["user"] = "ada"
        return csrf_token(request)

    token = TestClient(app).get("/").json()
    assert token == csrf_cookie(token.split(".")[0])


def test_a_session_that_begins_on_a_page_binds_the_token_of_that_page(site):
    app = page(middleware=[(SessionMiddleware, {"secret_key": KEY})])

    @app.get("/begin")
    async def begin(request: Request):
        request.scope["session"]["cart"] = []
        return csrf_token(request)

    client = TestClient(app)
    client.get("/")
    token = client.get("/begin").json()
    assert token == client.cookies["csrftoken"]
    assert client.post("/", headers={"x-csrf-token": token}).status_code == 200


# Arguments


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("secret", "", ValueError),
        ("secret", [], ValueError),
        ("secret", 5, TypeError),
        ("cookie_name", "a=b", ValueError),
        ("cookie_name", None, TypeError),
        ("header_name", "a b", ValueError),
        ("header_name", "", ValueError),
        ("header_name", None, TypeError),
        ("safe_methods", "GET", TypeError),
        ("safe_methods", [5], TypeError),
        ("cookie_path", "x", ValueError),
        ("cookie_httponly", 1, TypeError),
        ("cookie_secure", None, TypeError),
        ("cookie_samesite", "x", ValueError),
    ],
)
def test_a_wrong_argument_is_named(argument, value, error):
    with pytest.raises(error, match=argument):
        alone(**{argument: value})


def test_the_secret_is_required():
    with pytest.raises(TypeError, match="secret"):
        CSRFMiddleware(bare)


def test_a_short_secret_is_told_once_when_the_app_is_sealed(caplog):
    app = in_app(secret="your-secret-key")
    assert not caplog.records
    client = TestClient(app)
    for _ in range(3):
        client.get("/")
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert record.getMessage().startswith("secret has a key below 32 bytes")


class Cycle:
    """A server's side of one request: the scope stands in it, and its `send` is a method of it."""

    def __init__(self):
        self.scope = http_scope("POST", "/", headers=[("cookie", f"csrftoken={TOKEN}"), ("x-csrf-token", TOKEN)])

    async def receive(self):
        return {"type": "http.request", "body": b"x"}

    async def send(self, message):
        """Take it."""


class Passes:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


@pytest.mark.parametrize("outer", [[], [Passes]], ids=["outermost", "behind another"])
async def test_a_request_is_forgotten_at_once(outer):
    app = HawkAPI()
    for cls in outer:
        app.add_middleware(cls)
    app.add_middleware(CSRFMiddleware, secret=KEY)

    @app.post("/")
    async def handler(request: Request):
        return Response(await request.body())

    await call(app, "GET", "/")  # the first request seals
    gc.disable()
    try:
        cycle = Cycle()
        gone = weakref.ref(cycle)
        await app(cycle.scope, cycle.receive, cycle.send)
        del cycle
        assert gone() is None
    finally:
        gc.enable()

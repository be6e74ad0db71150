"""Rows of security.md about `vary`, by which a cache tells visitors apart: each test bears the row's name."""

import copy
import pickle
from contextlib import suppress
from typing import Any

import msgspec
import pydantic
import pytest

from hawkapi.middleware.compression import CompressionMiddleware
from hawkapi.middleware.cors import CORSMiddleware
from hawkapi.middleware.csrf import CSRFMiddleware, csrf_token
from hawkapi.middleware.gzip import GZipMiddleware
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_store import MemorySessionStore
from hawkapi.requests.request import Request
from hawkapi.responses.json_response import JSONResponse
from hawkapi.responses.response import Response
from hawkapi.testing.client import TestClient
from tests.asgi import call
from tests.middleware.signed import KEY, cookie_of, csrf_cookie, session_cookie, varies
from tests.security.test_sessions import site

# sessions


def loop(session):
    for _ in session:
        pass


def match(session):
    match session:
        case {"user": _}:
            pass


READS = {
    "in": lambda session: "user" in session,
    "not in": lambda session: "nothing" not in session,
    "[]": lambda session: session["user"],
    "[] of nothing": lambda session: session["nothing"],
    "get": lambda session: session.get("user"),
    "get of nothing": lambda session: session.get("nothing"),
    "len": len,
    "bool": bool,
    "for": loop,
    "list": list,
    "reversed": reversed,
    "items": lambda session: session.items(),
    "keys": lambda session: session.keys(),
    "values": lambda session: session.values(),
    "match": match,
    "==": lambda session: session == {},
    "== from the right": lambda session: session == {},
    "!=": lambda session: session != {},
    "repr": repr,
    "str": str,
    "format": "{}".format,
    "copy": lambda session: session.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "dict": dict,
    "**": lambda session: {**session},
    "|": lambda session: session | {},
    "| from the right": lambda session: {} | session,
    "update of another": {}.update,
    "setdefault of what is there": lambda session: session.setdefault("user", "eve"),
    "pop of nothing": lambda session: session.pop("nothing", None),
    "update with nothing": lambda session: session.update(),
    "|= nothing": lambda session: session.__ior__({}),
}
CHANGES = {
    "[]=": lambda session: session.__setitem__("new", 1),
    "del": lambda session: session.__delitem__("user"),
    "pop": lambda session: session.pop("user"),
    "popitem": lambda session: session.popitem(),
    "setdefault": lambda session: session.setdefault("new", 1),
    "update": lambda session: session.update(new=1),
    "|=": lambda session: session.__ior__({"new": 1}),
    "clear": lambda session: session.clear(),
    "rotate": lambda session: session.rotate(),
}


def using(use):
    """Make an app that does one thing with the session."""

    async def app(scope, receive, send):
        with suppress(KeyError):
            use(scope["session"])
        await Response()(scope, receive, send)

    return app


@pytest.mark.parametrize("use", [*READS.values(), *CHANGES.values()], ids=[*READS, *CHANGES])
@pytest.mark.parametrize("visitor", ["new", "known"])
@pytest.mark.parametrize("store", [None, MemorySessionStore()], ids=["signed", "stored"])
async def test_cve_2026_35192_cve_2023_30861_cve_2026_27205_any_use_of_a_session_says_vary(store, visitor, use):
    log_in = SessionMiddleware(using(lambda session: session.update(user="ada")), secret_key=KEY, store=store)
    cookie = cookie_of(await call(log_in, "GET", "/"), "session")
    headers = [("cookie", f"session={cookie}")] if visitor == "known" else []
    assert varies(await call(SessionMiddleware(using(use), secret_key=KEY, store=store), "GET", "/", headers=headers))
    untouched = SessionMiddleware(Response(), secret_key=KEY, store=store)
    assert not varies(await call(untouched, "GET", "/", headers=headers))


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


# tokens


async def test_cve_2026_35192_so_does_a_page_that_shows_the_token_of_its_visitor():
    first = await call(site(), "GET", "/form")
    headers = [("cookie", f"csrftoken={cookie_of(first, 'csrftoken')}")]
    assert varies(first)
    assert varies(await call(site(), "GET", "/form", headers=headers))
    assert not varies(await call(site(), "GET", "/about", headers=headers))


# others that say it

SITE = "https://app.example.com"
WRITERS = [
    (SessionMiddleware, {"secret_key": KEY}, "Cookie"),
    (CSRFMiddleware, {"secret": KEY}, "Cookie"),
    (CORSMiddleware, {"allow_origins": [SITE]}, "Origin"),
    (GZipMiddleware, {"minimum_size": 0}, "Accept-Encoding"),
    (CompressionMiddleware, {"minimum_size": 0}, "Accept-Encoding"),
]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), ("{0}",)),
        (("Accept",), ("Accept, {0}",)),
        (("Accept, X-{0}",), ("Accept, X-{0}, {0}",)),
        (("Accept", "X-User"), ("Accept", "X-User, {0}")),
        (("{1}", "Accept"), ("{1}", "Accept")),
        (("*",), ("*",)),
    ],
)
@pytest.mark.parametrize(
    "asked",
    [[], [("origin", SITE), ("accept-encoding", "gzip"), ("cookie", f"csrftoken={csrf_cookie()}")]],
    ids=["nothing", "all"],
)
@pytest.mark.parametrize(("cls", "options", "name"), WRITERS)
async def test_cve_2026_48587_cve_2026_6907_vary_is_appended_to_never_replaced(
    cls, options, name, asked, lines, expected
):
    async def app(scope, receive, send):
        if cls is SessionMiddleware:
            len(scope["session"])
        if cls is CSRFMiddleware:
            csrf_token(Request(scope, receive))
        headers = [(b"vary", line.format(name, name.upper()).encode()) for line in lines]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * 100})

    answer = await call(cls(app, **options), "GET", "/", headers=asked)
    found = [value.decode() for key, value in answer.raw if key == b"vary"]
    assert found == [line.format(name, name.upper()) for line in expected]

"""Sessions: alone round bare apps, and in the chain of a HawkAPI."""

import copy
import json
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_data import Session, decode
from hawkapi.middleware.session_store import MOST_DATA, MemorySessionStore
from hawkapi.requests.request import Request
from hawkapi.responses.response import Response
from hawkapi.responses.streaming import StreamingResponse
from hawkapi.serialization.encoder import encode_response
from hawkapi.testing.client import TestClient
from hawkapi.websocket.connection import WebSocket
from tests.app.wire import Wire, exchange
from tests.asgi import call, http_scope
from tests.middleware.signed import KEY, cookie_of, hexmac, session_cookie, session_data, set_cookies, varies

ATTRIBUTES = "; Max-Age=1209600; Path=/; HttpOnly; Secure; SameSite=lax"


def around(act=None, *, answer=None, **options):
    """Make a bare app in the middleware; `act` does something with the session."""

    async def app(scope, receive, send):
        result = None if act is None else act(scope["session"])
        await (answer or Response(json.dumps(result)))(scope, receive, send)

    return SessionMiddleware(app, **{"secret_key": KEY, **options})


def with_cookie(value, name="session"):
    return [("cookie", f"{name}={value}")]


async def ask(app, cookie=None, method="GET"):
    return await call(app, method, "/", headers=() if cookie is None else with_cookie(cookie))


def put(**values):
    return lambda session: session.update(values)


@pytest.fixture(params=["signed", "stored"])
def options(request):
    """Have a test run for both places where sessions are kept."""
    return {} if request.param == "signed" else {"store": MemorySessionStore()}


# The wire form


async def test_a_changed_session_is_set_as_the_contract_writes_it():
    answer = await ask(around(put(user="ada"), clock=lambda: 1700000000.9))
    (header,) = set_cookies(answer)
    value = session_cookie('{"user":"ada"}', at=1700000000)
    assert header == f"session={value}{ATTRIBUTES}"


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("data", [{"user": "ada"}, {"user": "ada!"}, {"user": "ada!!"}, {"é": ["☃", 1.5, None]}])
async def test_a_cookie_is_read_padded_and_unpadded(data, padded):
    answer = await ask(around(lambda session: dict(session)), session_cookie(data, padded=padded))
    assert answer.json() == data


async def test_what_was_set_is_read_again():
    value = cookie_of(await ask(around(put(user="ada", deep={"a": [1, {"b": 2}]}))), "session")
    assert (await ask(around(lambda session: dict(session)), value)).json() == {
        "user": "ada",
        "deep": {"a": [1, {"b": 2}]},
    }


async def test_all_attributes_of_the_cookie_can_be_chosen():
    app = around(
        put(a=1), session_cookie="sid", max_age=60, path="/app", httponly=False, secure=False, samesite="Strict"
    )
    (header,) = set_cookies(await ask(app))
    assert header.startswith("sid=")
    assert header.endswith("; Max-Age=60; Path=/app; SameSite=Strict")


async def test_the_first_key_signs_and_all_are_read():
    new = "n" * 32
    app = around(lambda session: session.get("user"), secret_key=[new, KEY])
    assert (await ask(app, session_cookie({"user": "ada"}))).json() == "ada"
    value = cookie_of(await ask(around(put(a=1), secret_key=[new, KEY])), "session")
    assert value.rpartition(".")[2] == hexmac(new.encode(), value.rpartition(".")[0])


@pytest.mark.parametrize("secret", [KEY.encode(), [KEY.encode()], (KEY,), [KEY.encode(), "n" * 32]])
async def test_a_secret_may_be_bytes_and_lists_may_hold_both(secret):
    app = around(lambda session: session.get("user"), secret_key=secret)
    assert (await ask(app, session_cookie({"user": "ada"}))).json() == "ada"
    value = cookie_of(await ask(around(put(a=1), secret_key=secret)), "session")
    assert value.rpartition(".")[2] == hexmac(KEY.encode(), value.rpartition(".")[0])


# What is no session


@pytest.mark.parametrize("age", [0, 1, 59, 60])
async def test_a_session_is_good_until_it_is_max_age_old(age):
    app = around(lambda session: session.get("a"), max_age=60, clock=lambda: 1000.0 + age)
    assert (await ask(app, session_cookie({"a": 1}, at=1000))).json() == 1


@pytest.mark.parametrize("now", [1061, 1060.5, 939.9, 900, -5])
async def test_one_that_is_older_or_dated_over_a_minute_ahead_is_empty(now):
    app = around(lambda session: dict(session), max_age=60, clock=lambda: now)
    assert (await ask(app, session_cookie({"a": 1}, at=1000))).json() == {}


async def test_a_clock_may_be_a_minute_behind():
    app = around(lambda session: session.get("a"), clock=lambda: 940.0)
    assert (await ask(app, session_cookie({"a": 1}, at=1000))).json() == 1


def signed(text, key=KEY):
    return f"{text}.{hexmac(key.encode(), text)}"


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "x",
        '"',
        "\x80\xff",
        "a" * 4000,
        "." * 4000,
        session_cookie({"user": "eve"}, key="another key of thirty-two bytes!"),
        session_cookie("[1]"),
        session_cookie("null"),
        session_cookie("{}"),
        session_cookie("{"),
        session_cookie('{"a":' * 100_000)[:6000],
        signed("eyJhIjoxfQ=="),
        signed("eyJhIjoxfQ==.x"),
        signed("eyJhIjoxfQ==.-1"),
        signed("eyJhIjoxfQ==.1e9"),
        signed("eyJhIjoxfQ==." + "9" * 4000),
        signed("eyJhIjoxfQ==.99999999999999999999"),
        signed("é.1700000000"),
        signed("A.1700000000"),
        signed("gICA.1700000000"),
    ],
    ids=count(),  # signed now, and at another time by each worker
)
async def test_whatever_else_a_cookie_holds_is_an_empty_session(value):
    app = around(lambda session: dict(session), clock=lambda: 1700000000)
    answer = await ask(app, value)
    assert (answer.status, answer.json(), set_cookies(answer)) == (200, {}, [])


def test_json_that_is_nested_too_deeply_is_no_session():
    assert decode(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}") is None


async def test_every_flipped_byte_of_a_cookie_is_seen():
    app = around(lambda session: dict(session))
    value = session_cookie({"user": "ada"})
    for place in range(len(value)):
        for other in ("A", "b", "0", ".", "=", "\xff"):
            if other != value[place]:
                changed = value[:place] + other + value[place + 1 :]
                assert (await ask(app, changed)).json() == {}, changed


async def test_every_truncated_cookie_is_seen():
    app = around(lambda session: dict(session))
    value = session_cookie({"user": "ada"})
    for length in range(len(value)):
        assert (await ask(app, value[:length])).json() == {}
        assert length == 0 or (await ask(app, value[length:])).json() == {}


async def test_the_first_of_several_cookies_counts():
    app = around(lambda session: dict(session))
    one, two = session_cookie({"a": 1}), session_cookie({"a": 2})
    headers = [("cookie", f"x=1; session={one}"), ("cookie", f"session={two}")]
    assert (await call(app, "GET", "/", headers=headers)).json() == {"a": 1}


async def test_cookies_over_the_limit_are_a_431(options):
    answer = await call(around(**options), "GET", "/", headers=[("cookie", f"x={'a' * 8191}")])
    assert (answer.status, answer.json()["title"]) == (431, "Request Header Fields Too Large")
    answer = await call(around(**options), "GET", "/", headers=[("cookie", f"x={'a' * 8190}")])
    assert answer.status == 200


# When the cookie is set


@pytest.mark.parametrize("cookie", [None, session_cookie({"a": 1}), "forged"], ids=["none", "signed", "forged"])
async def test_a_session_that_nobody_asks_for_changes_nothing(cookie):
    answer = await ask(around(), cookie)
    assert answer.raw == (await call(Response("null"), "GET", "/")).raw


READS: dict[str, Any] = {
    "[]": lambda s: s["a"],
    "get": lambda s: s.get("a"),
    "get of what is not there": lambda s: s.get("x"),
    "in": lambda s: "x" in s,
    "len": len,
    "bool": bool,
    "iter": list,
    "reversed": lambda s: list(reversed(s)),
    "keys": lambda s: list(s.keys()),
    "values": lambda s: list(s.values()),
    "items": lambda s: list(s.items()),
    "==": lambda s: s == {"a": 1},
    "!=": lambda s: s != {"a": 1},
    "repr": repr,
    "format": lambda s: f"{s}",
    "copy": lambda s: s.copy(),
    "copy.copy": lambda s: dict(copy.copy(s)),
    "deepcopy": lambda s: dict(copy.deepcopy(s)),
    "dict": dict,
    "**": lambda s: {**s},
    "|": lambda s: dict(s | {}),
    "| from the right": lambda s: dict({} | s),
    "update of another": lambda s: {}.update(s),
    "json": json.dumps,
    "code in C": encode_response,
    "setdefault of what is there": lambda s: s.setdefault("a", 2),
    "pop of what is not there": lambda s: s.pop("x", None),
    "update with nothing": lambda s: s.update(),
    "|=": lambda s: s.__ior__({}) and 1,
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_reading_says_vary_and_sets_nothing(read):
    answer = await ask(around(lambda session: read(session) and None), session_cookie({"a": 1}))
    assert (varies(answer), set_cookies(answer)) == (True, [])


CHANGES: dict[str, Any] = {
    "[]=": lambda s: s.__setitem__("b", 2),
    "del": lambda s: s.__delitem__("a"),
    "pop": lambda s: s.pop("a"),
    "popitem": lambda s: s.popitem(),
    "setdefault": lambda s: s.setdefault("b", 2),
    "update": lambda s: s.update(b=2),
    "|=": lambda s: s.__ior__({"b": 2}),
    "clear": lambda s: s.clear(),
    "nested dict": lambda s: s["deep"]["list"][0].update(x=2),
    "nested list": lambda s: s["deep"]["list"].append(1),
    "type": lambda s: s.update(a=True),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_every_change_is_seen(change, options):
    first = await ask(around(put(a=1, deep={"list": [{"x": 1}]}), **options))
    answer = await ask(around(lambda session: change(session) and None, **options), cookie_of(first, "session"))
    assert (varies(answer), len(set_cookies(answer))) == (True, 1)


async def test_a_change_that_is_taken_back_sets_nothing(options):
    def back(session):
        session["a"] += 1
        session["a"] -= 1

    first = await ask(around(put(a=1), **options))
    answer = await ask(around(back, **options), cookie_of(first, "session"))
    assert (varies(answer), set_cookies(answer)) == (True, [])


async def test_a_cookie_of_another_writer_is_not_set_again_for_its_spaces():
    answer = await ask(around(lambda session: session["a"]), session_cookie('{ "a" : 1.50, "b": "\\u0041" }'))
    assert set_cookies(answer) == []


async def test_a_new_session_that_stays_empty_sets_nothing(options):
    answer = await ask(around(lambda session: session.clear(), **options))
    assert (varies(answer), set_cookies(answer)) == (True, [])


async def test_clearing_deletes_the_cookie(options):
    first = await ask(around(put(a=1), **options))
    answer = await ask(around(lambda session: session.clear(), **options), cookie_of(first, "session"))
    assert set_cookies(answer) == ["session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=lax"]


async def test_a_cookie_of_4096_bytes_is_set_and_one_above_is_not(caplog):
    sizes = []
    for length in range(2900, 2990):
        caplog.clear()
        answer = await ask(around(put(a="x" * length)))
        sizes += [len(header) for header in set_cookies(answer)]
        assert bool(caplog.records) == (not set_cookies(answer))
    assert 4090 < max(sizes) <= 4096
    assert "A session is not kept" in caplog.text


def test_of_a_session_that_is_too_large_the_former_cookie_stays(caplog):
    client = TestClient(_app(lambda session: session.update(a="x" * 5000), lambda session: session.get("a")))
    client.cookies["session"] = session_cookie({"a": 1})
    assert client.get("/write").status_code == 204
    assert client.get("/read").json() == 1
    (record,) = caplog.records
    assert record.levelname == "ERROR"


async def test_text_that_is_no_unicode_is_no_500(caplog, options):
    answer = await ask(around(put(path="\ud800"), **options))
    assert (answer.status, set_cookies(answer)) == (200, [])
    assert "no Unicode" in caplog.text


async def test_what_json_cannot_hold_is_raised(options):
    with pytest.raises(TypeError, match="object"):
        await ask(around(put(a=object()), **options))


class Item(msgspec.Struct):
    name: str


async def test_what_msgspec_knows_is_kept_as_it_writes_it(options):
    held = {
        "at": datetime(2024, 5, 17, 12, tzinfo=UTC),
        "id": UUID("0af76519-16cd-43dd-8448-eb211c80319c"),
        "item": Item(name="book"),
    }
    value = cookie_of(await ask(around(put(**held), **options)), "session")
    assert (await ask(around(lambda session: dict(session), **options), value)).json() == {
        "at": "2024-05-17T12:00:00Z",
        "id": "0af76519-16cd-43dd-8448-eb211c80319c",
        "item": {"name": "book"},
    }


def _app(write, read, **options):
    app = HawkAPI()
    app.add_middleware(SessionMiddleware, secret_key=KEY, **options)

    @app.get("/write")
    async def do(request: Request):
        write(request.scope["session"])

    @app.get("/read")
    async def look(request: Request):
        return read(request.scope["session"])

    @app.get("/plain")
    def plain():
        return 1

    return app


def test_what_json_cannot_hold_is_a_500_problem_of_the_app(options):
    client = TestClient(_app(put(a=object()), dict, **options))
    answer = client.get("/write")
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal Server Error")
    assert "set-cookie" not in answer.headers


async def test_headers_of_the_app_stay_apart_and_its_message_as_it_was():
    message = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"set-cookie", b"a=1"), (b"vary", b"Accept"), (b"set-cookie", b"b=2")],
    }
    before = copy.deepcopy(message)

    async def app(scope, receive, send):
        scope["session"]["a"] = 1
        await send(message)
        await send({"type": "http.response.body"})

    answer = await call(SessionMiddleware(app, secret_key=KEY), "GET", "/")
    assert message == before
    assert set_cookies(answer)[:2] == ["a=1", "b=2"]
    assert len(set_cookies(answer)) == 3
    assert answer.headers["vary"] == "Accept, Cookie"


async def test_vary_is_said_once():
    answer = await ask(around(lambda session: len(session), answer=Response(headers={"vary": "cookie"})))
    assert [value for name, value in answer.raw if name == b"vary"] == [b"cookie"]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304), ("GET", 204)])
async def test_answers_without_body_have_the_headers_too(method, status):
    answer = await ask(around(put(a=1), answer=Response("text", status_code=status)), method=method)
    assert (answer.status, answer.body, varies(answer), len(set_cookies(answer))) == (status, b"", True, 1)
    plain = await call(Response("text", status_code=status), method, "/")
    assert answer.headers.get("content-length") == plain.headers.get("content-length")


async def test_a_head_without_headers_gets_them():
    async def app(scope, receive, send):
        scope["session"]["a"] = 1
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    assert len(set_cookies(await call(SessionMiddleware(app, secret_key=KEY), "GET", "/"))) == 1


async def test_a_stream_is_decided_upon_when_its_head_goes_out(options):
    wire = Wire({"type": "http.request"})
    seen = []

    async def app(scope, receive, send):
        async def parts():
            scope["session"]["a"] = 2
            for part in (b"one", b"two"):
                seen.append(len(wire.sent))
                yield part

        scope["session"]["a"] = 1
        await StreamingResponse(parts())(scope, receive, send)

    await exchange(SessionMiddleware(app, secret_key=KEY, **options), "GET", "/", wire=wire)
    assert seen == [1, 2]  # each part is made after the one before has gone out
    assert wire.body == b"onetwo"
    value = wire.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert (await ask(around(lambda session: session["a"], **options), value)).json() == 1


# Scopes


async def test_an_http_scope_may_be_bare(options):
    wire = Wire()
    await around(put(a=1), **options)({"type": "http"}, wire.receive, wire.send)
    assert "set-cookie" in wire.headers


async def test_the_session_is_a_dict_in_the_scope_that_was_given():
    scope = http_scope("GET", "/")
    wire = Wire()
    await around()(scope, wire.receive, wire.send)
    assert isinstance(scope["session"], dict)
    assert isinstance(scope["session"], Session)


@pytest.mark.parametrize("scope", [{"type": "lifespan"}, {"type": "websocket", "path": "/ws"}])
async def test_scopes_without_headers_pass_on_untouched(scope):
    seen = []

    async def app(*args):
        seen.append(args)

    given = (dict(scope), Wire().receive, Wire().send)
    await SessionMiddleware(app, secret_key=KEY)(*given)
    assert seen == [given]
    assert given[0] == scope


def test_websockets_have_the_session():
    app = HawkAPI()
    app.add_middleware(SessionMiddleware, secret_key=KEY)

    @app.websocket("/ws")
    async def ws(socket: WebSocket):
        await socket.accept()
        await socket.send_json(dict(socket.scope["session"]))

    with TestClient(app).websocket_connect(
        "/ws", headers={"cookie": f"session={session_cookie({'user': 'ada'})}"}
    ) as socket:
        assert socket.receive_json() == {"user": "ada"}


async def test_a_session_changed_before_the_accept_is_set_with_it(options):
    async def app(scope, receive, send):
        scope["session"]["a"] = 1
        await send({"type": "websocket.accept", "headers": [(b"x-a", b"1")]})
        scope["session"]["a"] = 2
        await send({"type": "websocket.close"})

    wire = Wire()
    scope = {"type": "websocket", "path": "/", "headers": []}
    await SessionMiddleware(app, secret_key=KEY, **options)(scope, wire.receive, wire.send)
    names = [name for name, _ in wire.sent[0]["headers"]]
    assert names == [b"x-a", b"set-cookie"]
    assert wire.sent[1] == {"type": "websocket.close"}
    value = wire.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert (await ask(around(lambda session: session["a"], **options), value)).json() == 1


async def test_a_refused_handshake_may_set_the_session():
    async def app(scope, receive, send):
        scope["session"]["a"] = 1
        await send({"type": "websocket.http.response.start", "status": 403, "headers": []})

    wire = Wire()
    await SessionMiddleware(app, secret_key=KEY)(
        {"type": "websocket", "path": "/", "headers": []}, wire.receive, wire.send
    )
    assert [name for name, _ in wire.sent[0]["headers"]] == [b"vary", b"set-cookie"]


async def test_a_handshake_with_cookies_over_the_limit_is_refused():
    scope = {"type": "websocket", "path": "/", "headers": [(b"cookie", b"a" * 8193)]}
    wire = Wire({"type": "websocket.connect"})
    await around()(scope, wire.receive, wire.send)
    assert wire.sent == [{"type": "websocket.close", "code": 1008}]
    wire = Wire({"type": "websocket.connect"})
    await around()({**scope, "extensions": {"websocket.http.response": {}}}, wire.receive, wire.send)
    assert (wire.types[0], wire.status) == ("websocket.http.response.start", 431)


# In an app


def test_a_counter_counts():
    app = HawkAPI()
    app.add_middleware(SessionMiddleware, secret_key=KEY)

    @app.get("/dashboard")
    async def dashboard(request: Request):
        s = request.scope["session"]
        s["views"] = s.get("views", 0) + 1
        return {"views": s["views"]}

    client = TestClient(app)
    assert [client.get("/dashboard").json()["views"] for _ in range(3)] == [1, 2, 3]
    assert session_data(client.cookies["session"]) == {"views": 3}


def test_sessions_work_round_a_route_and_in_worker_threads():
    app = HawkAPI()

    @app.get("/", middleware=[(SessionMiddleware, {"secret_key": KEY})])
    def count(request: Request):
        request.scope["session"].setdefault("list", []).append(1)
        return len(request.scope["session"]["list"])

    client = TestClient(app)
    assert [client.get("/").json() for _ in range(3)] == [1, 2, 3]


def test_an_answer_to_an_error_keeps_the_session():
    client = TestClient(_app(lambda session: session.update(a=1) or 1 / 0, dict))
    assert client.get("/write").status_code == 500
    assert client.get("/read").json() == {"a": 1}


def test_the_limit_of_cookies_is_the_apps():
    app = HawkAPI()
    app.add_middleware(SessionMiddleware, secret_key=KEY)
    client = TestClient(app)
    assert client.get("/", headers={"cookie": "x=" + "a" * 8191}).status_code == 431


async def test_two_middlewares_with_two_names_do_not_meet():
    async def app(scope, receive, send):
        scope["session"]["inner"] = 1
        await Response()(scope, receive, send)

    class Outer(Middleware):
        async def before_request(self, request):
            request.scope["session"]["outer"] = 1

    inner = SessionMiddleware(app, secret_key=KEY, session_cookie="inner")
    answer = await call(SessionMiddleware(Outer(inner), secret_key=KEY, session_cookie="outer"), "GET", "/")
    assert session_data(cookie_of(answer, "inner")) == {"inner": 1}
    assert session_data(cookie_of(answer, "outer")) == {"outer": 1}


# Arguments


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("secret_key", "", ValueError),
        ("secret_key", [], ValueError),
        ("secret_key", None, TypeError),
        ("session_cookie", "", ValueError),
        ("session_cookie", "a b", ValueError),
        ("session_cookie", "a;b", ValueError),
        ("session_cookie", None, TypeError),
        ("max_age", 0, ValueError),
        ("max_age", "60", TypeError),
        ("path", "", ValueError),
        ("path", "app", ValueError),
        ("path", "/;", ValueError),
        ("path", "/\r\n", ValueError),
        ("path", None, TypeError),
        ("httponly", 1, TypeError),
        ("secure", "no", TypeError),
        ("samesite", "some", ValueError),
        ("samesite", None, TypeError),
        ("store", object(), TypeError),
        ("store", MemorySessionStore.load, TypeError),
    ],
)
def test_a_wrong_argument_is_named(argument, value, error):
    with pytest.raises(error, match=argument):
        SessionMiddleware(Response(), **{"secret_key": KEY, argument: value})


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"samesite": "None", "secure": False}, "secure"),
        ({"session_cookie": "__Host-s", "secure": False}, "secure"),
        ({"session_cookie": "__Secure-s", "secure": False}, "secure"),
        ({"session_cookie": "__Host-s", "path": "/app"}, "path"),
    ],
)
def test_a_cookie_that_browsers_drop_is_refused(options, argument):
    with pytest.raises(ValueError, match=argument):
        SessionMiddleware(Response(), secret_key=KEY, **options)


def test_the_secret_is_required():
    with pytest.raises(TypeError, match="secret_key"):
        SessionMiddleware(Response())


@pytest.mark.parametrize("options", [{}, {"store": MemorySessionStore()}])
def test_a_short_secret_is_told_once_when_the_app_is_sealed(options, caplog):
    app = HawkAPI()
    app.add_middleware(SessionMiddleware, secret_key="your-secret-key", **options)
    assert not caplog.records
    client = TestClient(app)
    for _ in range(3):
        client.get("/")
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "secret_key" in record.getMessage()


# A store


async def test_with_a_store_the_cookie_holds_an_id_and_nothing_else():
    store = MemorySessionStore()
    answer = await ask(around(put(user="ada"), store=store))
    value = cookie_of(answer, "session")
    identity, signature = value.split(".")
    assert (len(identity), len(signature), len(store)) == (43, 64, 1)
    assert "YWRh" not in value
    assert (await ask(around(lambda session: dict(session), store=store), value)).json() == {"user": "ada"}
    assert set_cookies(answer)[0].endswith(ATTRIBUTES)


async def test_a_change_keeps_the_id_and_sets_the_cookie_anew():
    store = MemorySessionStore()
    first = cookie_of(await ask(around(put(a=1), store=store)), "session")
    second = cookie_of(await ask(around(put(a=2), store=store), first), "session")
    assert (first, len(store)) == (second, 1)
    assert (await ask(around(lambda session: session["a"], store=store), first)).json() == 2


async def test_a_session_ends_max_age_after_its_last_change():
    now = 0.0
    store = MemorySessionStore(clock=lambda: now)
    value = cookie_of(await ask(around(put(a=1), store=store, max_age=10)), "session")
    now = 10.0
    assert (await ask(around(lambda session: session.get("a"), store=store), value)).json() == 1
    now = 10.1
    assert (await ask(around(lambda session: session.get("a"), store=store), value)).json() is None


async def test_rotating_gives_the_data_another_id_and_forgets_the_former():
    store = MemorySessionStore()
    first = cookie_of(await ask(around(put(a=1), store=store)), "session")
    second = cookie_of(await ask(around(lambda session: session.rotate(), store=store), first), "session")
    assert (second != first, len(store)) == (True, 1)
    assert (await ask(around(lambda session: dict(session), store=store), second)).json() == {"a": 1}
    assert (await ask(around(lambda session: dict(session), store=store), first)).json() == {}


async def test_rotating_what_is_new_or_empty_does_nothing(options):
    assert set_cookies(await ask(around(lambda session: session.rotate(), **options))) == []


async def test_rotating_a_signed_session_that_has_no_id_changes_nothing():
    answer = await ask(around(lambda session: session.rotate()), session_cookie({"a": 1}))
    assert (varies(answer), set_cookies(answer)) == (True, [])


async def test_what_is_put_in_after_clearing_is_a_new_session():
    def login(session):
        session.clear()
        session["user"] = "ada"

    store = MemorySessionStore()
    first = cookie_of(await ask(around(put(cart=[1]), store=store)), "session")
    second = cookie_of(await ask(around(login, store=store), first), "session")
    assert (second != first, len(store)) == (True, 1)
    assert (await ask(around(lambda session: dict(session), store=store), second)).json() == {"user": "ada"}


async def test_clearing_forgets_the_session_in_the_store():
    store = MemorySessionStore()
    value = cookie_of(await ask(around(put(a=1), store=store)), "session")
    await ask(around(lambda session: session.clear(), store=store), value)
    assert len(store) == 0


class Meanwhile:
    """A store in which another request ends the session before this one saves."""

    def __init__(self):
        self.store = MemorySessionStore()
        self.end = False

    async def load(self, key):
        data = await self.store.load(key)
        if self.end:
            await self.store.delete(key)
        return data

    async def save(self, key, data, max_age, *, new):
        return await self.store.save(key, data, max_age, new=new)

    async def delete(self, key):
        return await self.store.delete(key)


@pytest.mark.parametrize("act", [put(a=2), lambda session: session.rotate()])
async def test_a_session_that_another_request_has_ended_stays_so(act):
    store = Meanwhile()
    value = cookie_of(await ask(around(put(a=1), store=store)), "session")
    store.end = True
    answer = await ask(around(act, store=store), value)
    assert (set_cookies(answer), len(store.store)) == ([], 0)


async def test_a_forged_id_comes_to_no_store():
    class Untouched(Meanwhile):
        async def load(self, key):
            raise AssertionError("asked")

    for value in ("forged", "a.b", session_cookie({"a": 1}), "\xff.\xff", ""):
        assert (await ask(around(lambda session: dict(session), store=Untouched()), value)).json() == {}


async def test_a_store_holds_no_id_that_would_open_a_session():
    keys = []

    class Watched(Meanwhile):
        async def save(self, key, data, max_age, *, new):
            keys.append(key)
            return await super().save(key, data, max_age, new=new)

    value = cookie_of(await ask(around(put(a=1), store=Watched())), "session")
    (key,) = keys
    assert (len(key), int(key, 16) > 0) == (64, True)
    assert value.split(".")[0] not in key


async def test_a_session_of_64_kib_is_stored_and_one_above_is_not(caplog):
    store = MemorySessionStore()
    fits = MOST_DATA - len('{"a":""}')
    value = cookie_of(await ask(around(put(a="x" * fits), store=store)), "session")
    assert not caplog.records
    assert set_cookies(await ask(around(put(a="x" * (fits + 1)), store=store), value)) == []
    assert "A session is not kept" in caplog.text
    assert (await ask(around(lambda session: len(session["a"]), store=store), value)).json() == fits


@pytest.mark.parametrize("data", [b"[]", b"{", b"{}"])
async def test_a_store_that_gives_nonsense_gives_a_new_session(data):
    store = Meanwhile()
    value = cookie_of(await ask(around(put(a=1), store=store)), "session")

    async def load(key):
        return data

    store.load = load
    assert (await ask(around(lambda session: dict(session), store=store), value)).json() == {}


@pytest.mark.parametrize("broken", ["load", "save", "delete"])
def test_a_store_that_fails_is_a_500_problem(broken, caplog):
    store = Meanwhile()

    async def fail(*args, **kwargs):
        raise OSError("down")

    app = HawkAPI()
    app.add_middleware(SessionMiddleware, secret_key=KEY, store=store)

    @app.get("/{act}")
    async def do(request: Request, act: str):
        getattr(request.scope["session"], act)(**({"a": act} if act == "update" else {}))

    client = TestClient(app)
    assert client.get("/update").status_code == 204
    setattr(store, broken, fail)
    answer = client.get("/clear" if broken == "delete" else "/items" if broken == "load" else "/rotate")
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal Server Error")
    assert "down" not in answer.text


async def test_nested_changes_of_a_stored_session_are_seen():
    store = MemorySessionStore()
    value = cookie_of(await ask(around(put(cart={"items": []}), store=store)), "session")
    await ask(around(lambda session: session["cart"]["items"].append(7), store=store), value)
    assert (await ask(around(lambda session: session["cart"], store=store), value)).json() == {"items": [7]}


def test_values_come_back_as_json_has_them():
    client = TestClient(_app(lambda session: session.update(a=(1, 2), b={1: 2}), dict))
    client.get("/write")
    assert client.get("/read").json() == {"a": [1, 2], "b": {"1": 2}}


async def test_a_dict_that_a_handler_puts_in_its_place_is_the_session():
    app = HawkAPI()
    app.add_middleware(SessionMiddleware, secret_key=KEY)

    @app.get("/")
    async def handler(request: Request):
        request.scope["session"] = {"b": 2}

    answer = await call(app, "GET", "/", headers=[("cookie", f"session={session_cookie({'a': 1})}")])
    assert session_data(cookie_of(answer, "session")) == {"b": 2}
    assert varies(answer)


async def test_an_empty_dict_that_is_put_in_its_place_deletes_the_cookie():
    async def app(scope, receive, send):
        scope["session"] = {}
        await Response()(scope, receive, send)

    headers = [("cookie", f"session={session_cookie({'a': 1})}")]
    answer = await call(SessionMiddleware(app, secret_key=KEY), "GET", "/", headers=headers)
    assert "Max-Age=0" in answer.headers["set-cookie"]


async def test_a_dict_that_is_put_in_the_place_of_an_inner_session_is_none_of_the_outer_one():
    async def app(scope, receive, send):
        scope["session"] = {"b": 2}
        await Response()(scope, receive, send)

    inner = SessionMiddleware(app, secret_key=KEY, session_cookie="inner")
    answer = await call(SessionMiddleware(inner, secret_key=KEY, session_cookie="outer"), "GET", "/")
    assert session_data(cookie_of(answer, "inner")) == {"b": 2}
    assert set_cookies(answer, "outer") == []


@pytest.mark.parametrize("other", [None, 7, [("a", 1)]])
async def test_what_is_no_dict_takes_no_place(other):
    async def app(scope, receive, send):
        scope["session"] = other
        await Response()(scope, receive, send)

    headers = [("cookie", f"session={session_cookie({'a': 1})}")]
    answer = await call(SessionMiddleware(app, secret_key=KEY), "GET", "/", headers=headers)
    assert "set-cookie" not in answer.headers


async def test_a_dict_in_its_place_with_the_reserved_key_is_a_500():
    app = HawkAPI()
    app.add_middleware(SessionMiddleware, secret_key=KEY)

    @app.get("/")
    async def handler(request: Request):
        request.scope["session"] = {"hawkapi.id": "x"}

    assert (await call(app, "GET", "/")).status == 500

from uuid import UUID

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.request_id import RequestIDMiddleware
from hawkapi.requests.request import Request
from hawkapi.responses.response import Response
from tests.app.wire import Wire, exchange
from tests.asgi import call, http_scope
from tests.middleware.answers import alone, answering, everywhere, in_app, in_stack
from tests.middleware.edges import BARE, connect, pass_on
from tests.websocket.wire import Peer


async def telling(scope, receive, send):
    """Send the id that stands in the scope."""
    await Response(scope["request_id"])(scope, receive, send)


async def ask(app, *values, name="x-request-id"):
    return await exchange(app, "GET", "/", headers=[("host", "x"), *((name, value) for value in values)])


def is_uuid4(text):
    return UUID(text).version == 4 and str(UUID(text)) == text


@everywhere
async def test_without_an_id_there_is_a_fresh_uuid(wrap):
    app = wrap(telling, RequestIDMiddleware)
    ids = [(await ask(app)).headers["x-request-id"] for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(map(is_uuid4, ids))


@everywhere
@pytest.mark.parametrize("given", ["a", "0af7651916cd43dd8448eb211c80319c", "~!", "a b", "x" * 128])
async def test_an_id_that_came_is_kept(wrap, given):
    wire = await ask(wrap(telling, RequestIDMiddleware), given)
    assert wire.body.decode() == wire.headers["x-request-id"] == given


@everywhere
@pytest.mark.parametrize("given", ["", " ", "x" * 129, "é", "a\tb", "a\nb", "a\x7f", "a\x1b[2J", "a\0"])
async def test_an_id_that_is_none_is_replaced(wrap, given):
    wire = await ask(wrap(telling, RequestIDMiddleware), given)
    assert wire.body.decode() == wire.headers["x-request-id"]
    assert is_uuid4(wire.headers["x-request-id"])


async def test_of_several_ids_the_first_counts():
    assert (await ask(RequestIDMiddleware(telling), "a", "b")).headers["x-request-id"] == "a"


async def test_the_id_is_set_in_the_scope_that_was_given():
    scope = {"type": "http"}
    await RequestIDMiddleware(answering(b""))(scope, None, Peer().send)
    assert is_uuid4(scope["request_id"])


@pytest.mark.parametrize("wrap", [in_app, in_stack])
async def test_the_scope_that_an_app_was_given_shows_the_id_too(wrap):
    scope, wire = http_scope("GET", "/"), Wire({"type": "http.request"})
    await wrap(telling, RequestIDMiddleware)(scope, wire.receive, wire.send)
    assert scope["request_id"] == wire.headers["x-request-id"] == wire.body.decode()


async def test_the_header_has_the_name_that_was_given():
    made = RequestIDMiddleware(telling, header_name="X-Correlation")
    assert made.header_name == "X-Correlation"
    wire = await ask(made, "a", name="x-correlation")
    assert wire.headers["x-correlation"] == "a"
    assert "x-request-id" not in wire.headers


@pytest.mark.parametrize(("name", "error"), [("a b", ValueError), ("", ValueError), (b"x", TypeError)])
def test_a_name_that_is_none_is_a_mistake(name, error):
    with pytest.raises(error, match="header_name"):
        RequestIDMiddleware(telling, header_name=name)


@everywhere
async def test_the_id_takes_the_place_of_another_one_in_the_answer(wrap):
    headers = [("X-Request-ID", "other"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    wire = await ask(wrap(answering(b"x", headers=headers), RequestIDMiddleware), "a")
    raw = [pair for pair in wire.sent[0]["headers"] if pair[0] != b"x-neighbour"]
    assert raw == [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-request-id", b"a")]


async def test_a_handler_of_ours_knows_it_and_an_error_bears_it():
    app = HawkAPI()
    app.add_middleware(RequestIDMiddleware)

    @app.get("/")
    async def handler(request: Request):
        return request.scope["request_id"]

    answer = await call(app, "GET", "/", headers=[("x-request-id", "a")])
    assert answer.json() == answer.headers["x-request-id"] == "a"
    assert (await call(app, "GET", "/no", headers=[("x-request-id", "b")])).headers["x-request-id"] == "b"


async def accepting(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"a", b"1")]})
    await send({"type": "websocket.send", "text": scope["request_id"]})
    await send({"type": "websocket.close"})


@pytest.mark.parametrize("wrap", [alone, in_app])
async def test_a_websocket_has_it_in_the_scope_and_with_the_accept(wrap):
    peer = await connect(wrap(accepting, RequestIDMiddleware), ("x-request-id", "abc"))
    accept, message, _ = peer.sent
    assert accept["headers"] == [(b"a", b"1"), (b"x-request-id", b"abc")]
    assert message["text"] == "abc"


async def test_a_websocket_that_is_refused_with_an_answer_bears_it():
    app = HawkAPI()
    app.add_middleware(RequestIDMiddleware)
    peer = await connect(app, ("x-request-id", "abc"), denial=True)
    assert peer.sent[0]["type"] == "websocket.http.response.start"
    assert (b"x-request-id", b"abc") in peer.sent[0]["headers"]


async def test_messages_and_headers_are_not_changed_in_place():
    headers = [(b"a", b"1")]
    start = {"type": "http.response.start", "status": 200, "headers": headers}

    async def app(scope, receive, send):
        await send(start)
        await send({"type": "http.response.body"})

    await ask(RequestIDMiddleware(app))
    assert (start["headers"], headers) == (headers, [(b"a", b"1")])


@pytest.mark.parametrize("scope", BARE)
async def test_what_has_no_headers_and_other_scopes_pass_as_they_are(scope):
    before = dict(scope)
    assert await pass_on(RequestIDMiddleware, scope) is scope
    assert scope == before

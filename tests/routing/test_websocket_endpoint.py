"""A WebSocket route at work: what it binds, how it refuses, and how it ends (contract 5)."""

import logging
from typing import Annotated

import anyio
import pytest

from hawkapi._errors import SealError
from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.exceptions import HTTPException
from hawkapi.requests.errors import URITooLong
from hawkapi.responses.json_response import JSONResponse
from hawkapi.responses.response import Response
from hawkapi.responses.streaming import StreamingResponse
from hawkapi.testing.async_client import AsyncTestClient
from hawkapi.testing.websocket import WebSocketDenied
from hawkapi.validation.constraints import Cookie, Header, Query
from hawkapi.validation.errors import RequestValidationError
from hawkapi.websocket.connection import WebSocket, WebSocketDisconnect
from tests.websocket.wire import CONNECT, DENIAL, Peer, binary, disconnect, text


def serving(handler, **options):
    app = HawkAPI(**options)
    app.websocket("/ws")(handler)
    return app


async def ended(handler, *messages, **options):
    """Run a handler; gives what went out."""
    return (await Peer(CONNECT, *messages).serve(serving(handler), **options)).log


async def denied(app, path="/ws", **request):
    with pytest.raises(WebSocketDenied) as caught:
        async with AsyncTestClient(app).websocket_connect(path, **request):
            pytest.fail("it was accepted")
    return caught.value


# What it binds


async def test_an_echo():
    async def echo(ws: WebSocket):
        await ws.accept()
        async for message in ws:
            await ws.send_text(f"Echo: {message}")

    async with AsyncTestClient(serving(echo)).websocket_connect("/ws") as session:
        await session.send_text("hi")
        assert await session.receive_text() == "Echo: hi"


async def test_it_binds_what_an_http_handler_binds():
    app = HawkAPI()

    @app.websocket("/rooms/{room:int}/{name}")
    async def handler(
        ws,
        name: str,
        room,
        q: str,
        x_token: Annotated[str, Header()],
        sid: Annotated[str, Cookie()],
        tag: Annotated[list[int], Query()],
        *,
        accept: Annotated[list[str], Header()],
        limit: Annotated[int, Query(ge=1)] = 5,
    ):
        await ws.accept()
        await ws.send_json([ws.path_params, name, room, q, x_token, sid, tag, accept, limit])

    client = AsyncTestClient(app)
    client.cookies["sid"] = "s1"
    headers = {"x-token": "t", "accept": "a/b"}
    async with client.websocket_connect("/rooms/5/a?q=x&tag=1&tag=2", headers=headers) as session:
        params = {"room": 5, "name": "a"}
        assert await session.receive_json() == [params, "a", 5, "x", "t", "s1", [1, 2], ["a/b"], 5]


async def test_a_bare_scope_is_enough():
    async def handler(ws, q: str = "-", x: Annotated[str, Header()] = "none", c: Annotated[str, Cookie()] = "no"):
        await ws.accept()
        await ws.send_text(q + x + c)

    peer = await Peer(CONNECT).serve(serving(handler))
    assert peer.sent[1] == {"type": "websocket.send", "text": "-noneno"}


async def test_bad_parameters_are_refused_with_all_their_errors():
    called = []

    async def handler(ws, a: int, b: int):
        called.append(1)

    denial = await denied(serving(handler), "/ws?a=x")
    assert (denial.response.status_code, denial.code, called) == (400, 1008, [])
    assert denial.response.headers["content-type"] == "application/problem+json"
    assert denial.response.json()["errors"] == [
        {"field": "a", "message": "Expected integer, got 'x'", "value": "x"},
        {"field": "b", "message": "Missing required query parameter 'b'"},
    ]


async def test_bad_parameters_close_with_1008_where_no_answer_can_be_given():
    async def handler(ws, a: int): ...

    assert await ended(handler) == ["close 1008"]


async def test_the_status_of_bad_parameters_is_that_of_the_app():
    async def handler(ws, a: int): ...

    assert (await denied(serving(handler, validation_error_status=422))).response.status_code == 422


async def test_limits_hold_for_the_handshake():
    async def handler(ws, a: int): ...

    denial = await denied(serving(handler, limits=Limits(query_pairs=1)), "/ws?a=1&b=2")
    assert denial.response.status_code == 414


async def test_a_client_that_left_before_the_handler_is_nothing():
    async def handler(ws):
        pytest.fail("nobody is there")

    peer = await Peer(disconnect()).serve(serving(handler))
    assert peer.sent == []


async def test_mistakes_in_handlers_are_found_at_the_seal():
    app = HawkAPI()

    @app.websocket("/sync")
    def sync(ws): ...

    @app.websocket("/gen")
    async def gen(ws):
        yield

    @app.websocket("/body")
    async def body(ws, x: dict): ...

    @app.websocket("/lost")
    async def lost(ws: "Nowhere"): ...  # noqa: F821  # that is the mistake

    with pytest.raises(SealError, match="4 mistakes") as caught:
        app.seal()
    found = str(caught.value)
    for path, mistake in (
        ("/sync", "a WebSocket handler is an 'async def' function"),
        ("/gen", "a WebSocket handler is an 'async def' function"),
        ("/body", "parameter 'x': a WebSocket has no body"),
        ("/lost", "its annotations cannot be evaluated"),
    ):
        assert any(line.lstrip(" -").startswith(path) and mistake in line for line in found.splitlines()), path


# How it refuses


async def test_an_http_exception_before_the_accept_is_the_answer():
    async def handler(ws):
        raise HTTPException(401, "who are you", headers={"WWW-Authenticate": "Bearer"})

    denial = await denied(serving(handler))
    assert (denial.response.status_code, denial.code) == (401, 1008)
    assert denial.response.headers["www-authenticate"] == "Bearer"
    assert denial.response.json()["detail"] == "who are you"


@pytest.mark.parametrize(("status", "code"), [(404, 4004), (403, 4003), (401, 1008), (503, 1011)])
async def test_an_http_exception_closes_with_the_code_of_its_status(status, code):
    async def handler(ws):
        raise HTTPException(status)

    assert await ended(handler) == [f"close {code}"]


async def test_a_handler_that_returns_without_accepting_refuses():
    async def handler(ws): ...

    assert await ended(handler) == ["close 4003"]
    assert (await denied(serving(handler))).response.status_code == 403


async def test_a_close_before_the_accept_keeps_its_code():
    async def handler(ws):
        await ws.close(4001, "no")

    denial = await denied(serving(handler))
    assert (denial.code, denial.reason, denial.response) == (4001, "no", None)


async def test_an_error_before_the_accept_is_a_500_that_says_nothing(caplog):
    async def handler(ws):
        raise ValueError("secret")

    denial = await denied(serving(handler))
    assert (denial.response.status_code, denial.code) == (500, 1011)
    assert "secret" not in denial.response.text
    assert [record.message for record in caplog.records] == ["Unhandled exception in WebSocket /ws"]


async def test_a_disconnect_raised_before_the_accept_refuses():
    async def handler(ws):
        raise WebSocketDisconnect(1000)

    assert await ended(handler) == ["close 4003"]


async def test_exception_handlers_answer_a_handshake_as_a_request():
    app = HawkAPI()

    @app.exception_handler(ValueError)
    async def answer(request, exc):
        return JSONResponse({"path": request.path, "method": request.method, "body": len(await request.body())})

    @app.websocket("/ws/{a}")
    async def handler(ws):
        raise ValueError

    denial = await denied(app, "/ws/1")
    assert denial.response.json() == {"path": "/ws/1", "method": "GET", "body": 0}


async def test_a_handshake_can_be_answered_by_a_stream():
    app = HawkAPI()

    @app.exception_handler(404)
    async def answer(request, exc):
        async def chunks():
            yield "not "
            yield "here"

        return StreamingResponse(chunks(), status_code=404)

    peer = await Peer(CONNECT).serve(app, "/nowhere", extensions=DENIAL)
    assert peer.log == ["answer 404"]
    assert b"".join(message["body"] for message in peer.sent[1:]) == b"not here"


async def test_an_answer_that_cannot_be_sent_is_a_500(caplog):
    app = HawkAPI()

    @app.exception_handler(404)
    async def answer(request, exc):
        return Response(headers={"no token": "x"})

    assert (await denied(app, "/nowhere")).response.status_code == 500


async def test_a_handler_of_validation_errors_is_asked():
    app = HawkAPI()

    @app.exception_handler(RequestValidationError)
    async def answer(request, exc):
        return Response(exc.errors[0].field, status_code=418)

    @app.websocket("/ws")
    async def handler(ws, a: int): ...

    denial = await denied(app)
    assert (denial.response.status_code, denial.response.text) == (418, "a")


# How it ends


async def test_a_handler_that_returns_closes_with_1000():
    async def handler(ws):
        await ws.accept()

    assert await ended(handler) == ["accept", "close 1000"]


async def test_an_error_closes_with_1011_and_is_logged(caplog):
    async def handler(ws):
        await ws.accept()
        raise ValueError("secret")

    peer = await Peer(CONNECT).serve(serving(handler), path="/ws")
    assert peer.sent[1] == {"type": "websocket.close", "code": 1011}
    (record,) = caplog.records
    assert (record.name, record.levelno, record.message) == (
        "hawkapi",
        logging.ERROR,
        "Unhandled exception in WebSocket /ws",
    )
    assert record.exc_info[1].args == ("secret",)


async def test_an_error_after_the_client_left_is_logged_too(caplog):
    async def handler(ws):
        await ws.accept()
        async for _ in ws:
            pass
        raise ValueError

    assert await ended(handler, disconnect()) == ["accept"]
    assert len(caplog.records) == 1


async def test_a_disconnect_that_leaves_the_handler_is_normal(caplog):
    async def handler(ws):
        await ws.accept()
        await ws.receive_text()

    assert await ended(handler, disconnect(1006)) == ["accept"]
    assert caplog.records == []


async def test_a_disconnect_that_the_handler_made_up_closes_with_1000():
    async def handler(ws):
        await ws.accept()
        raise WebSocketDisconnect(1001)

    assert await ended(handler) == ["accept", "close 1000"]


async def test_disconnects_in_a_group_are_normal(caplog):
    async def handler(ws):
        await ws.accept()
        async with anyio.create_task_group() as group:
            group.start_soon(ws.receive)
            await ws.receive()

    assert await ended(handler, disconnect()) == ["accept"]
    assert caplog.records == []


async def test_of_a_group_the_disconnects_are_not_what_is_wrong(caplog):
    async def handler(ws):
        await ws.accept()
        raise ExceptionGroup("", [WebSocketDisconnect(), ExceptionGroup("", [ValueError("x")])])

    assert await ended(handler) == ["accept", "close 1011"]
    assert isinstance(caplog.records[0].exc_info[1], ValueError)


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (HTTPException(403, "no"), 4003, "no"),
        (HTTPException(500), 1011, None),
        (HTTPException(418, "tea"), 1008, "tea"),
        (URITooLong("long"), 1008, "long"),
        (RequestValidationError([]), 1008, None),
    ],
)
async def test_what_the_client_did_wrong_has_its_code_after_the_accept(error, code, reason, caplog):
    async def handler(ws):
        await ws.accept()
        raise error

    peer = await Peer(CONNECT).serve(serving(handler))
    assert (peer.sent[1]["code"], peer.sent[1].get("reason")) == (code, reason)
    assert caplog.records == []


async def test_a_message_of_the_wrong_kind_closes_with_1003(caplog):
    async def handler(ws):
        await ws.accept()
        await ws.receive_text()

    assert await ended(handler, binary(b"x")) == ["accept", "close 1003"]
    assert caplog.records == []


async def test_a_message_that_is_no_json_closes_with_1007(caplog):
    async def handler(ws):
        await ws.accept()
        await ws.receive_json()

    assert await ended(handler, text("{")) == ["accept", "close 1007"]
    assert caplog.records == []


async def test_a_message_over_the_routes_limit_closes_with_1009():
    app = HawkAPI(limits=Limits(websocket_message=100))

    @app.websocket("/ws", max_size=3)
    async def small(ws):
        await ws.accept()
        await ws.receive()

    peer = await Peer(CONNECT, text("four")).serve(app)
    assert peer.log == ["accept", "close 1009"]


async def test_a_message_over_the_apps_limit_closes_with_1009():
    async def handler(ws):
        await ws.accept()
        await ws.receive()

    app = serving(handler, limits=Limits(websocket_message=3))
    assert (await Peer(CONNECT, text("four")).serve(app)).log == ["accept", "close 1009"]


async def test_an_idle_client_is_closed_with_1001():
    app, seen = HawkAPI(), []

    @app.websocket("/ws", idle_timeout=0.01)
    async def handler(ws):
        await ws.accept()
        seen.extend([message async for message in ws])

    peer = await Peer(CONNECT, text("a")).serve(app)
    assert (peer.log, seen) == (["accept", "close 1001"], ["a"])


async def test_context_variables_and_the_state_of_the_lifespan_are_there():
    app = HawkAPI()

    @app.on_startup
    def start():
        app.state.db = "db"

    @app.websocket("/ws")
    async def handler(ws):
        await ws.accept()
        await ws.send_text(ws.scope["state"]["db"])

    async with AsyncTestClient(app) as client, client.websocket_connect("/ws") as session:
        assert await session.receive_text() == "db"


async def test_the_scope_may_be_used_again():
    async def handler(ws):
        await ws.accept()

    app, scope = serving(handler), {"type": "websocket", "path": "/ws"}
    for _ in range(2):
        peer = Peer(CONNECT)
        await app(scope, peer.receive, peer.send)
        assert peer.log == ["accept", "close 1000"]
    assert scope == {"type": "websocket", "path": "/ws"}


@pytest.mark.parametrize("scope", [{}, {"extensions": DENIAL}], ids=["close", "answer"])
@pytest.mark.parametrize("broken", range(1, 5))
async def test_a_send_that_fails_leaves_nothing_behind(broken, scope):
    app = HawkAPI()

    @app.websocket("/ws")
    async def handler(ws):
        await ws.accept()
        await ws.send_text(await ws.receive_text())

    @app.websocket("/no")
    async def no(ws):
        raise HTTPException(401)

    for path in ("/ws", "/no"):
        peer = Peer(CONNECT, text("a"), break_send=broken)
        try:
            await peer.serve(app, path, **scope)
        except OSError:
            assert path == "/no"  # the server's own error, about an answer of ours
    async with AsyncTestClient(app).websocket_connect("/ws") as session:
        await session.send_text("again")
        assert await session.receive_text() == "again"

import anyio
import pytest

from hawkapi.testing import exchange
from hawkapi.testing.client import TestClient
from hawkapi.testing.exchange import ProtocolError
from hawkapi.testing.websocket import BUFFERED, WebSocketDenied
from hawkapi.websocket.connection import WebSocketDisconnect

ACCEPT = {"type": "websocket.accept"}


def text(data):
    return {"type": "websocket.send", "text": data}


def saying(*messages):
    """An app that takes the connect event and then sends just this."""

    async def app(scope, receive, send):
        assert (await receive())["type"] == "websocket.connect"
        for message in messages:
            await send(message)

    return app


async def echo(scope, receive, send):
    assert (await receive()) == {"type": "websocket.connect"}
    await send({**ACCEPT, "subprotocol": next(iter(scope["subprotocols"]), None)})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


def denial(status, body=b"no", headers=()):
    return [
        {"type": "websocket.http.response.start", "status": status, "headers": list(headers)},
        {"type": "websocket.http.response.body", "body": body[:1], "more_body": True},
        {"type": "websocket.http.response.body", "body": body[1:]},
    ]


def test_text_bytes_and_json_go_there_and_back(client_of):
    with client_of(echo) as client, client.websocket_connect("/ws") as ws:
        ws.send_text("hi")
        ws.send_bytes(b"\xff")
        ws.send_json({"a": 1})
        assert ws.receive_text() == "hi"
        assert ws.receive_bytes() == b"\xff"
        assert ws.receive_json() == {"a": 1}
        ws.send_bytes(b"[1]")
        assert ws.receive_json() == [1]


def test_a_session_needs_no_lifespan_and_sends_what_it_is_given(client_of):
    scopes = []

    async def app(scope, receive, send):
        scopes.append(scope)
        await echo(scope, receive, send)

    client = client_of(app)
    client.cookies["a"] = "1"
    with client.websocket_connect("/ws", headers={"x": "1"}, params={"q": 1}, subprotocols=["v1", "v2"]) as ws:
        assert ws.subprotocol == "v1"
    headers = dict(scopes[0]["headers"])
    assert (headers[b"cookie"], headers[b"x"], scopes[0]["query_string"]) == (b"a=1", b"1", b"q=1")


def test_the_headers_of_the_accept_feed_the_jar(client_of):
    client = client_of(saying({**ACCEPT, "headers": [(b"set-cookie", b"a=1")]}, {"type": "websocket.close"}))
    with client.websocket_connect("/") as ws:
        assert ws.headers["set-cookie"] == "a=1"
    assert client.cookies == {"a": "1"}


def test_a_close_by_the_app_is_raised_with_its_code(client_of):
    app = saying(ACCEPT, text("bye"), {"type": "websocket.close", "code": 4001, "reason": "enough"})
    with client_of(app).websocket_connect("/") as ws:
        assert ws.receive_text() == "bye"
        for use in (ws.receive_text, ws.receive_bytes, lambda: ws.send_text("late")):
            with pytest.raises(WebSocketDisconnect, match="code 4001: enough") as caught:
                use()
            assert (caught.value.code, caught.value.reason) == (4001, "enough")


def test_a_close_before_the_accept_is_raised_with_its_code(client_of):
    app = saying({"type": "websocket.close", "code": 4004})
    with pytest.raises(WebSocketDisconnect) as caught, client_of(app).websocket_connect("/"):
        pass
    assert isinstance(caught.value, WebSocketDenied)
    assert (caught.value.code, caught.value.response) == (4004, None)


@pytest.mark.parametrize(("status", "code"), [(400, 1008), (401, 1008), (403, 4003), (404, 4004), (500, 1011)])
def test_a_denial_response_is_raised_with_the_code_that_comes_closest(status, code, client_of):
    app = saying(*denial(status, headers=[(b"set-cookie", b"a=1")]))
    client = client_of(app)
    with pytest.raises(WebSocketDenied) as caught, client.websocket_connect("/"):
        pass
    assert caught.value.code == code
    assert caught.value.reason.startswith(f"{status} ")
    assert (caught.value.response.status_code, caught.value.response.text) == (status, "no")
    assert client.cookies == {"a": "1"}


def test_a_denial_response_may_come_without_headers(client_of):
    app = saying(*[{**message, "headers": ()} for message in denial(403)])
    with pytest.raises(WebSocketDenied), client_of(app).websocket_connect("/"):
        pass


def test_leaving_the_block_is_a_disconnect_and_waits_for_the_app(client_of):
    messages = []

    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        messages.extend([await receive(), await receive()])
        await anyio.wait_all_tasks_blocked()
        messages.append("ended")

    with client_of(app).websocket_connect("/"):
        pass
    gone = {"type": "websocket.disconnect", "code": 1000, "reason": ""}
    assert messages == [gone, gone, "ended"]


def test_the_client_closes_with_its_code_and_can_still_receive_what_was_sent(client_of):
    messages = []

    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await send(text("first"))
        messages.append(await receive())

    with client_of(app).websocket_connect("/") as ws:
        ws.close(3001, "done")
        ws.close()
        assert ws.receive_text() == "first"
        with pytest.raises(WebSocketDisconnect, match="code 3001: done"):
            ws.receive_text()
        with pytest.raises(WebSocketDisconnect, match="code 3001: done"):
            ws.send_text("late")
    assert messages == [{"type": "websocket.disconnect", "code": 3001, "reason": "done"}]


def test_the_app_gets_the_disconnect_after_its_own_close(client_of):
    messages = []

    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await send({"type": "websocket.close", "code": 4000, "reason": None})
        messages.append(await receive())

    with client_of(app).websocket_connect("/"):
        pass
    assert messages == [{"type": "websocket.disconnect", "code": 4000, "reason": ""}]


def test_an_app_that_ends_without_closing_is_an_abnormal_end(client_of):
    with client_of(saying(ACCEPT)).websocket_connect("/") as ws:
        with pytest.raises(WebSocketDisconnect, match="ended without closing") as caught:
            ws.receive_text()
        assert caught.value.code == 1006


async def test_the_app_may_be_ahead_of_the_client_by_some_messages_only():
    sent = []

    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        for number in range(BUFFERED + 1):
            await send(text(str(number)))
            sent.append(number)

    async with TestClient(app).async_websocket_connect("/") as ws:
        await anyio.wait_all_tasks_blocked()
        assert len(sent) == BUFFERED
        assert [await ws.receive_text() for _ in range(BUFFERED + 1)][-1] == str(BUFFERED)


def test_the_wrong_kind_of_message_is_refused(client_of):
    with client_of(saying(ACCEPT, text("a"), {"type": "websocket.send", "bytes": b"a"})).websocket_connect("/") as ws:
        with pytest.raises(RuntimeError, match="Expected a binary message"):
            ws.receive_bytes()
        with pytest.raises(RuntimeError, match="Expected a text message"):
            ws.receive_text()


def test_an_error_in_the_app_is_raised_where_it_is_met(client_of):
    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        raise LookupError("mine")

    with client_of(app).websocket_connect("/") as ws, pytest.raises(LookupError, match="mine"):
        ws.receive_text()


def test_an_error_before_the_accept_is_raised(client_of):
    async def app(scope, receive, send):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"), client_of(app).websocket_connect("/"):
        pass


def test_an_error_after_a_refusal_is_raised(client_of):
    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.close"})
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"), client_of(app).websocket_connect("/"):
        pass


def test_an_error_after_the_disconnect_is_raised_at_the_end(client_of):
    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await receive()
        await send(text("into the void"))
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"), client_of(app).websocket_connect("/"):
        pass


def test_an_app_that_does_not_end_after_the_disconnect_is_ended_and_told_so(client_of, monkeypatch):
    monkeypatch.setattr(exchange, "PATIENCE", 0.0)

    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await anyio.sleep_forever()

    with pytest.raises(ProtocolError, match="still running"), client_of(app).websocket_connect("/"):
        pass


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "ended before it accepted or refused"),
        ([text("a")], "sent 'websocket.send' while the WebSocket was connecting"),
        (denial(403)[:2], "ended in the middle of a denial response"),
        ([*denial(403)[:1], ACCEPT], "sent 'websocket.accept' while the WebSocket was being denied"),
    ],
)
def test_an_app_that_breaks_asgi_before_it_accepts_is_told_so(messages, complaint):
    with pytest.raises(ProtocolError, match=complaint), TestClient(saying(*messages)).websocket_connect("/"):
        pass


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([ACCEPT], "sent 'websocket.accept' while the WebSocket was open"),
        ([{"type": "websocket.close"}, text("a")], "sent 'websocket.send' while the WebSocket was closed"),
        ([{"type": "websocket.send"}], "exactly one of 'text' and 'bytes'"),
        ([{"type": "websocket.send", "text": "a", "bytes": b"a"}], "exactly one of 'text' and 'bytes'"),
    ],
)
def test_an_app_that_breaks_asgi_later_is_told_so(messages, complaint):
    with pytest.raises(ProtocolError, match=complaint), TestClient(saying(ACCEPT, *messages)).websocket_connect("/"):
        pass


async def test_the_async_session_runs_in_the_loop_of_the_test():
    async with TestClient(echo).async_websocket_connect("/ws", subprotocols=["v1"]) as ws:
        assert ws.subprotocol == "v1"
        await ws.send_text("hi")
        await ws.send_bytes(b"\xff")
        await ws.send_json({"a": 1})
        assert await ws.receive_text() == "hi"
        assert await ws.receive_bytes() == b"\xff"
        assert await ws.receive_json() == {"a": 1}
        await ws.close()
        with pytest.raises(WebSocketDisconnect):
            await ws.receive_text()


def test_a_disconnect_says_its_code_and_reason():
    assert str(WebSocketDisconnect(1001, "away")) == "WebSocket closed with code 1001: away"
    assert str(WebSocketDisconnect()) == "WebSocket closed with code 1000"

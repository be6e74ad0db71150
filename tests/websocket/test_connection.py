"""A `WebSocket` made by hand, which reads straight from its `receive` (contract 5)."""

import anyio
import pytest

from hawkapi.requests.errors import MalformedBody
from hawkapi.requests.limits import Limits
from hawkapi.websocket.connection import WebSocket, WebSocketDisconnect, WebSocketState, WrongFrame
from tests.websocket.wire import CONNECT, Peer, binary, disconnect, text


def made(*messages, scope=None, peer=None, **options):
    peer = peer or Peer(*messages)
    return WebSocket(scope or {"type": "websocket", "path": "/ws"}, peer.receive, peer.send, **options), peer


async def opened(*messages, **options):
    ws, peer = made(*messages, **options)
    await ws.accept()
    peer.sent.clear()
    return ws, peer


async def test_it_shows_the_handshake():
    scope = {
        "type": "websocket",
        "path": "/rooms/5",
        "query_string": b"q=1",
        "headers": [(b"host", b"example.com"), (b"cookie", b"a=b")],
        "client": ("1.2.3.4", 5),
        "subprotocols": ["chat", "v2"],
    }
    ws, _ = made(scope=scope, path_params={"room": 5})
    assert (ws.path, ws.query_string, ws.query_params["q"]) == ("/rooms/5", b"q=1", "1")
    assert (ws.headers["host"], ws.cookies, ws.client) == ("example.com", {"a": "b"}, ("1.2.3.4", 5))
    assert (ws.path_params, ws.subprotocols) == ({"room": 5}, ["chat", "v2"])
    assert ws.url == "ws://example.com/rooms/5?q=1"
    assert ws.scope is scope


async def test_a_bare_scope_is_enough():
    ws, _ = made()
    assert (ws.url, ws.subprotocols, ws.client, ws.cookies) == ("ws://localhost/ws", [], None, {})


async def test_the_scheme_is_that_of_the_server():
    ws, _ = made(scope={"type": "websocket", "path": "/", "scheme": "wss"})
    assert ws.url == "wss://localhost/"


async def test_accept_receives_nothing_and_sends_only_what_is_given():
    ws, peer = made(CONNECT)
    assert ws.state is WebSocketState.CONNECTING
    await ws.accept()
    assert (peer.receives, peer.sent) == (0, [{"type": "websocket.accept"}])
    assert ws.state is WebSocketState.CONNECTED


@pytest.mark.parametrize("given", ["chat\r\nx-evil: 1", "\x01chatx-evil: 1\x7f", "chat\0x-evil: 1"])
async def test_a_subprotocol_ends_no_header(given):
    ws, peer = made()
    await ws.accept(given)
    assert peer.sent[0]["subprotocol"] == "chatx-evil: 1"


async def test_accept_sends_a_subprotocol_and_headers():
    ws, peer = made()
    await ws.accept("chat", {"X-A": "1"})
    assert peer.sent == [{"type": "websocket.accept", "subprotocol": "chat", "headers": [(b"x-a", b"1")]}]


async def test_accept_takes_headers_as_pairs_and_cleans_them():
    ws, peer = made()
    await ws.accept(headers=[("set-cookie", "a=1\r\nx: y"), ("set-cookie", "b=2")])
    assert peer.sent[0]["headers"] == [(b"set-cookie", b"a=1x: y"), (b"set-cookie", b"b=2")]


async def test_a_bad_header_accepts_nothing():
    ws, peer = made()
    with pytest.raises(ValueError, match="no header name"):
        await ws.accept(headers={"a b": "1"})
    assert (peer.sent, ws.state) == ([], WebSocketState.CONNECTING)


async def test_accepting_twice_is_a_mistake():
    ws, _ = await opened()
    with pytest.raises(RuntimeError, match="accepted already"):
        await ws.accept()


async def test_messages_hold_the_keys_in_use_only():
    ws, peer = await opened()
    await ws.send_text("a")
    await ws.send_bytes(b"b")
    await ws.send_json({"c": [1]})
    await ws.close()
    assert peer.sent == [
        {"type": "websocket.send", "text": "a"},
        {"type": "websocket.send", "bytes": b"b"},
        {"type": "websocket.send", "text": '{"c":[1]}'},
        {"type": "websocket.close", "code": 1000},
    ]


async def test_sending_before_the_accept_is_a_mistake():
    ws, peer = made()
    with pytest.raises(RuntimeError, match="cannot send before accept"):
        await ws.send_text("a")
    assert peer.sent == []


async def test_sending_or_accepting_after_the_close_is_a_mistake():
    ws, _ = await opened()
    await ws.close()
    with pytest.raises(RuntimeError, match="cannot send after close"):
        await ws.send_json(1)
    with pytest.raises(RuntimeError, match="cannot be accepted after close"):
        await ws.accept()


async def test_closing_is_idempotent():
    ws, peer = await opened()
    await ws.close(3000, "bye")
    await ws.close(3001)
    assert peer.sent == [{"type": "websocket.close", "code": 3000, "reason": "bye"}]
    assert ws.state is WebSocketState.DISCONNECTED


async def test_receiving_after_the_own_close_says_that_it_is_closed():
    ws, peer = await opened(text("late"))
    await ws.close(3000, "bye")
    with pytest.raises(WebSocketDisconnect) as caught:
        await ws.receive()
    assert (caught.value.code, caught.value.reason, peer.receives) == (3000, "bye", 0)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 5000])
async def test_a_code_that_no_close_may_carry_is_refused(code):
    ws, peer = await opened()
    with pytest.raises(ValueError, match="code must be one that may be sent"):
        await ws.close(code)
    assert (peer.sent, ws.state) == ([], WebSocketState.CONNECTED)


@pytest.mark.parametrize(("reason", "sent"), [("x" * 200, "x" * 123), ("ä" * 100, "ä" * 61), ("a\ud800", "a?")])
async def test_a_reason_is_cut_to_what_a_close_holds(reason, sent):
    ws, peer = await opened()
    await ws.close(1000, reason)
    assert peer.sent[0]["reason"] == sent


async def test_messages_are_received_as_they_are():
    ws, _ = await opened(text("a"), binary(b"b"), text('{"c": 1}'), text(""))
    assert await ws.receive() == {"type": "websocket.receive", "text": "a"}
    assert await ws.receive_bytes() == b"b"
    assert await ws.receive_json() == {"c": 1}
    assert await ws.receive_text() == ""


async def test_the_key_of_the_other_kind_may_be_there_with_nothing_in_it():
    ws, _ = await opened(text("a") | {"bytes": None}, binary(b"b") | {"text": None})
    assert (await ws.receive_text(), await ws.receive_bytes()) == ("a", b"b")


async def test_the_connect_event_is_a_message_like_any_other_until_one_asks_for_data():
    ws, _ = made(CONNECT, text("a"))
    assert await ws.receive() == CONNECT
    ws, _ = await opened(CONNECT, text("a"))
    assert await ws.receive_text() == "a"


@pytest.mark.parametrize(
    ("ask", "message"),
    [("receive_text", binary(b"a")), ("receive_json", binary(b"1")), ("receive_bytes", text("a"))],
)
async def test_a_wrong_kind_of_message_is_a_runtime_error(ask, message):
    ws, _ = await opened(message)
    with pytest.raises(RuntimeError, match=r"Expected a (text|binary) message") as caught:
        await getattr(ws, ask)()
    assert isinstance(caught.value, WrongFrame)


@pytest.mark.parametrize("data", ["{", "", "[1,]", "a\ud800", "[" * 100_000])
async def test_text_that_is_no_json_is_malformed(data):
    ws, _ = await opened(text(data))
    with pytest.raises(MalformedBody):
        await ws.receive_json()


async def test_json_may_be_nested_as_deeply_as_the_limits_say():
    ws, _ = await opened(text("[[1]]"), text("[[[1]]]"), limits=Limits(nesting=2))
    assert await ws.receive_json() == [[1]]
    with pytest.raises(MalformedBody, match="nested deeper than 2 levels"):
        await ws.receive_json()


async def test_a_disconnect_is_raised_again_and_again_and_received_once():
    ws, peer = await opened(disconnect(3001, "bye"))
    for ask in (ws.receive, ws.receive_text, ws.receive_bytes, ws.receive_json):
        with pytest.raises(WebSocketDisconnect) as caught:
            await ask()
        assert (caught.value.code, caught.value.reason) == (3001, "bye")
    assert (peer.receives, ws.state) == (1, WebSocketState.DISCONNECTED)


async def test_after_a_disconnect_nothing_is_sent():
    ws, peer = await opened(disconnect(3001))
    with pytest.raises(WebSocketDisconnect):
        await ws.receive()
    for send in (ws.send_text("a"), ws.send_bytes(b"b"), ws.send_json(1), ws.accept()):
        with pytest.raises(WebSocketDisconnect, match="3001"):
            await send
    await ws.close()
    assert peer.sent == []


@pytest.mark.parametrize("message", [{"type": "websocket.disconnect"}, disconnect(1005, None)])
async def test_a_disconnect_may_come_without_code_and_reason(message):
    ws, _ = await opened(message)
    with pytest.raises(WebSocketDisconnect) as caught:
        await ws.receive()
    assert (caught.value.code, caught.value.reason) == (1005, "")


async def test_iterating_gives_texts_and_ends_quietly():
    ws, _ = await opened(text("a"), text("b"), disconnect())
    assert [message async for message in ws] == ["a", "b"]


async def test_iterating_ends_quietly_after_the_own_close():
    ws, _ = await opened(text("a"), text("b"))
    seen = []
    async for message in ws:
        seen.append(message)
        await ws.close()
    assert seen == ["a"]


async def test_an_error_of_receive_is_raised_as_it_is():
    ws, _ = await opened(OSError("lost"))
    with pytest.raises(OSError, match="lost"):
        await ws.receive_text()


async def test_an_oserror_of_send_is_a_client_that_left():
    ws, _ = await opened(peer=Peer(break_send=2))
    with pytest.raises(WebSocketDisconnect) as caught:
        await ws.send_text("a")
    assert (caught.value.code, ws.state) == (1006, WebSocketState.DISCONNECTED)
    assert isinstance(caught.value.__cause__, OSError)


async def test_any_other_error_of_send_is_raised_as_it_is_and_ends_the_connection():
    ws, peer = await opened(peer=Peer(break_send=2, error=KeyError))
    with pytest.raises(KeyError):
        await ws.send_text("a")
    await ws.close()
    assert (peer.sent, ws.state) == ([], WebSocketState.DISCONNECTED)


async def test_a_close_that_comes_too_late_is_no_error():
    ws, _ = await opened(peer=Peer(break_send=2))
    await ws.close()
    assert ws.state is WebSocketState.DISCONNECTED


@pytest.mark.parametrize("message", [text("x" * 10), binary(b"x" * 10), text("ä" * 5), text("€€€a")])
async def test_a_message_of_exactly_the_limit_is_fine(message):
    ws, _ = await opened(message, max_size=10)
    assert await ws.receive() == message


@pytest.mark.parametrize("message", [text("x" * 11), binary(b"x" * 11), text("ä" * 6), text("€€€ab")])
async def test_a_larger_message_closes_with_1009(message):
    ws, peer = await opened(message, max_size=10)
    for _ in range(2):
        with pytest.raises(WebSocketDisconnect) as caught:
            await ws.receive()
        assert caught.value.code == 1009
    assert peer.sent == [{"type": "websocket.close", "code": 1009, "reason": "message over 10 bytes"}]


async def test_the_limit_is_that_of_the_app_by_default():
    ws, _ = await opened(text("abc"), limits=Limits(websocket_message=2))
    with pytest.raises(WebSocketDisconnect, match="1009"):
        await ws.receive()


async def test_a_message_that_does_not_come_in_time_closes_with_1001():
    ws, peer = await opened(text("a"), idle_timeout=0.01)
    assert await ws.receive_text() == "a"
    with pytest.raises(WebSocketDisconnect, match="1001"):
        await ws.receive_text()
    assert peer.sent == [{"type": "websocket.close", "code": 1001, "reason": "no message for 0.01 s"}]


class Stuck(Peer):
    """A client that reads nothing: after some messages `send` never returns."""

    def __init__(self, after, *, lets_close_through=True):
        super().__init__()
        self._after, self._lets_close_through = after, lets_close_through

    async def send(self, message):
        await super().send(message)
        if self.sends > self._after and not (self._lets_close_through and message["type"] == "websocket.close"):
            self.sent.pop()
            await anyio.sleep_forever()


async def test_a_client_that_takes_no_message_in_time_is_closed_with_1013():
    ws, peer = await opened(peer=Stuck(2), send_timeout=0.01)
    await ws.send_text("fits")
    for _ in range(2):
        with pytest.raises(WebSocketDisconnect, match="1013"):
            await ws.send_text("too much")
    assert peer.log == ["text", "close 1013"]


async def test_a_close_that_cannot_go_out_is_given_up(monkeypatch):
    monkeypatch.setattr("hawkapi.websocket.connection.CLOSE_SECONDS", 0.01)
    ws, peer = await opened(peer=Stuck(1, lets_close_through=False))
    await ws.close()
    assert (peer.sent, ws.state) == ([], WebSocketState.DISCONNECTED)


async def test_a_cancelled_send_leaves_the_connection_open():
    ws, peer = await opened(peer=Stuck(1))
    with anyio.move_on_after(0.01):
        await ws.send_text("lost")
    assert ws.state is WebSocketState.CONNECTED
    await ws.close()
    assert peer.log == ["close 1000"]


async def test_no_timeout_waits(monkeypatch):
    monkeypatch.setattr("hawkapi.websocket.connection.move_on_after", lambda seconds: pytest.fail("no scope is needed"))
    ws, peer = await opened(text("a"))
    await ws.send_text(await ws.receive_text())
    assert peer.log == ["text"]


def test_the_exception_says_code_and_reason():
    assert str(WebSocketDisconnect()) == "WebSocket closed with code 1000"
    assert str(WebSocketDisconnect(3001, "bye")) == "WebSocket closed with code 3001: bye"


def test_states_are_texts():
    assert [str(state) for state in WebSocketState] == ["connecting", "connected", "disconnected"]


async def test_the_default_limit_is_16_mib():
    ws, _ = await opened(binary(bytes(16 * 1024 * 1024)), binary(bytes(16 * 1024 * 1024 + 1)))
    assert len(await ws.receive_bytes()) == 16 * 1024 * 1024
    with pytest.raises(WebSocketDisconnect, match="1009"):
        await ws.receive_bytes()

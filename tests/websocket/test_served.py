"""The WebSocket of a handler: it reads ahead, and ends when the server restarts."""

import anyio
import pytest
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.websocket.connection import WebSocketDisconnect, WebSocketState
from tests.websocket.wire import CONNECT, DENIAL, Peer, disconnect, text


def serving(handler):
    app = HawkAPI()
    app.websocket("/ws")(handler)
    return app


class Connected:
    """A connection that a test looks at while its handler runs."""

    def __init__(self, handler, *messages, peer=None, **scope):
        self.app = serving(self._handler)
        self.peer = peer or Peer(CONNECT, *messages)
        self.ws, self.raised = None, None
        self._work, self._scope = handler, scope
        self._group, self._running = anyio.create_task_group(), anyio.Event()

    async def _handler(self, ws):
        self.ws = ws
        self._running.set()
        try:
            await self._work(ws)
        except BaseException as exc:
            self.raised = exc
            raise

    async def __aenter__(self):
        await self._group.__aenter__()
        self._group.start_soon(self._serve)
        await self._running.wait()
        return self

    async def __aexit__(self, *exc):
        return await self._group.__aexit__(*exc)

    async def _serve(self):
        await self.peer.serve(self.app, **self._scope)

    @property
    def streams(self):
        return self.app.runtime().streams

    async def open(self):
        while "accept" not in self.peer.log:
            await checkpoint()
        await settle()

    async def restart(self):
        await self.open()
        await self.streams.release(0)


async def settle():
    for _ in range(10):
        await checkpoint()


# Reading ahead


async def test_the_connect_event_is_taken_before_the_handler_runs_and_accept_receives_nothing():
    async def handler(ws):
        assert connected.peer.receives == 1
        await settle()
        assert connected.peer.receives == 1
        await ws.accept()

    connected = Connected(handler)
    async with connected:
        pass
    assert connected.peer.log == ["accept", "close 1000"]


async def test_a_send_to_a_client_that_left_raises_although_the_server_says_nothing():
    async def handler(ws):
        await ws.accept()
        while ws.state is WebSocketState.CONNECTED:
            await checkpoint()
        await ws.send_text("hello?")

    connected = Connected(handler, disconnect(3001, "bye"))
    async with connected:
        pass
    assert (connected.raised.code, connected.raised.reason) == (3001, "bye")
    assert connected.peer.log == ["accept"]


async def test_what_is_known_first_of_the_end_is_what_counts():
    class Leaving(Peer):
        async def send(self, message):
            await super().send(message)
            if message["type"] == "websocket.send":
                self.put(disconnect(3001))
                await settle()
                raise OSError

    async def handler(ws):
        await ws.accept()
        await ws.send_text("a")

    connected = Connected(handler, peer=Leaving(CONNECT))
    async with connected:
        pass
    assert connected.raised.code == 3001


async def test_messages_from_before_the_disconnect_can_still_be_received():
    seen = []

    async def handler(ws):
        await ws.accept()
        while ws.state is WebSocketState.CONNECTED:
            await checkpoint()
        seen.extend([message async for message in ws])

    async with Connected(handler, text("a"), text("b"), disconnect()):
        pass
    assert seen == ["a", "b"]


async def test_an_error_of_receive_comes_when_the_handler_asks_for_that_message():
    seen = []

    async def handler(ws):
        await ws.accept()
        await settle()
        await ws.send_text("still here")
        seen.append(await ws.receive_text())
        with pytest.raises(KeyError):
            await ws.receive_text()

    connected = Connected(handler, text("a"), KeyError("receive"))
    async with connected:
        pass
    assert (seen, connected.peer.log) == (["a"], ["accept", "text", "close 1000"])


async def test_an_error_of_receive_that_nobody_asks_for_is_dropped(caplog):
    async def handler(ws):
        await ws.accept()
        await settle()

    connected = Connected(handler, KeyError("receive"))
    async with connected:
        pass
    assert (connected.peer.log, caplog.records) == (["accept", "close 1000"], [])


async def test_a_wait_for_a_message_may_be_cancelled_without_losing_one():
    async def handler(ws):
        await ws.accept()
        with anyio.move_on_after(0.01):
            await ws.receive_text()
        connected.peer.put(text("a"))
        assert await ws.receive_text() == "a"

    connected = Connected(handler)
    async with connected:
        pass
    assert connected.raised is None


async def test_the_close_of_one_task_ends_the_wait_of_another():
    async def handler(ws):
        await ws.accept()

        async def read():
            with pytest.raises(WebSocketDisconnect, match="4000"):
                await ws.receive_text()

        async with anyio.create_task_group() as group:
            group.start_soon(read)
            await settle()
            await ws.close(4000)

    connected = Connected(handler)
    async with connected:
        pass
    assert (connected.raised, connected.peer.log) == (None, ["accept", "close 4000"])


async def test_receiving_before_the_accept_is_a_mistake():
    async def handler(ws):
        with pytest.raises(RuntimeError, match="cannot receive before accept"):
            await ws.receive()

    connected = Connected(handler)
    async with connected:
        pass
    assert connected.raised is None


async def test_a_task_that_outlives_the_handler_finds_the_connection_closed():
    async def handler(ws):
        await ws.accept()

    connected = Connected(handler)
    async with connected:
        pass
    with pytest.raises(WebSocketDisconnect, match="1000"):
        await connected.ws.send_text("late")


async def test_an_outer_cancellation_passes():
    async def handler(ws):
        await ws.accept()
        await anyio.sleep_forever()

    peer = Peer(CONNECT)
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:

            async def serve():
                await peer.serve(serving(handler))
                pytest.fail("it was cancelled")

            group.start_soon(serve)
            await settle()
            scope.cancel()
    assert scope.cancelled_caught
    assert peer.log == ["accept"]


async def test_what_is_no_exception_leaves_as_it_was_raised():
    class Stop(BaseException): ...

    async def handler(ws):
        await ws.accept()
        raise Stop

    with pytest.raises(Stop):
        await Peer(CONNECT).serve(serving(handler))


# Restart of the server


async def test_an_open_connection_is_known_while_its_handler_runs():
    async def handler(ws):
        await ws.accept()
        assert connected.streams.count("websocket") == 1

    connected = Connected(handler)
    async with connected:
        pass
    assert (connected.raised, len(connected.streams)) == (None, 0)


async def test_a_restart_closes_with_1012_and_ends_the_handler():
    async def handler(ws):
        await ws.accept()
        await ws.receive_text()

    connected = Connected(handler)
    async with connected:
        await connected.restart()
    assert connected.peer.sent[1] == {"type": "websocket.close", "code": 1012, "reason": "service restart"}
    assert isinstance(connected.raised, WebSocketDisconnect)
    assert connected.raised.code == 1012


async def test_a_handler_that_only_sends_finds_out_from_the_next_send():
    async def handler(ws):
        await ws.accept()
        while True:
            await ws.send_text("tick")
            await checkpoint()

    connected = Connected(handler)
    async with connected:
        await connected.restart()
    assert "close 1012" in connected.peer.log[-2:]  # one message may have been on its way
    assert connected.raised.code == 1012


async def test_a_handler_that_waits_for_the_drain_may_say_goodbye_itself():
    leave = anyio.Event()

    async def handler(ws):
        await ws.accept()
        await leave.wait()
        await ws.close(1001, "see you")

    connected = Connected(handler)
    async with connected:
        await connected.open()
        leave.set()
        await settle()
        await connected.streams.release(0)
    assert connected.peer.log == ["accept", "close 1001"]


class SlowToClose(Peer):
    """A server whose close takes until the test lets it."""

    def __init__(self, *messages):
        super().__init__(*messages)
        self.let = anyio.Event()

    async def send(self, message):
        if message["type"] == "websocket.close":
            await self.let.wait()
        await super().send(message)


async def test_the_end_of_the_handler_does_not_cut_off_a_close_under_way():
    async def handler(ws):
        await ws.accept()
        await ws.receive_text()

    connected = Connected(handler, peer=SlowToClose(CONNECT))
    async with connected:
        await connected.restart()
        while connected.raised is None:
            await checkpoint()
        connected.peer.let.set()
    assert connected.peer.log == ["accept", "close 1012"]


async def test_a_handler_that_does_not_end_is_cancelled(monkeypatch, caplog):
    monkeypatch.setattr("hawkapi.websocket.served.LEAVE_SECONDS", 0.01)

    async def handler(ws):
        await ws.accept()
        await anyio.sleep_forever()

    connected = Connected(handler)
    async with connected:
        await connected.restart()
    assert isinstance(connected.raised, anyio.get_cancelled_exc_class())
    assert connected.peer.log == ["accept", "close 1012"]
    assert [record.message for record in caplog.records] == [
        "A WebSocket handler of '/ws' was cancelled: it did not end for the restart"
    ]


@pytest.mark.parametrize(("scope", "log"), [({}, ["close 1011"]), ({"extensions": DENIAL}, ["answer 503"])])
async def test_a_handler_that_has_not_accepted_yet_no_longer_can(scope, log):
    ready = anyio.Event()

    async def handler(ws):
        await ready.wait()
        await ws.accept()

    connected = Connected(handler, **scope)
    async with connected:
        await connected.streams.release(0)
        ready.set()
    assert connected.peer.log == log


async def test_one_that_never_comes_to_its_accept_is_refused(monkeypatch):
    monkeypatch.setattr("hawkapi.websocket.served.LEAVE_SECONDS", 0.01)

    async def handler(ws):
        await anyio.sleep_forever()

    connected = Connected(handler, extensions=DENIAL)
    async with connected:
        await connected.streams.release(0)
    assert connected.peer.log == ["answer 503"]


async def test_a_new_connection_is_refused_with_when_to_come_again():
    async def handler(ws):
        pytest.fail("it is refused")

    app = serving(handler)
    await app.runtime().streams.release(0)
    peer = await Peer(CONNECT).serve(app, extensions=DENIAL)
    assert peer.log == ["answer 503"]
    assert (b"retry-after", b"5") in peer.sent[0]["headers"]


async def test_a_restart_in_the_middle_of_an_accept_closes_after_it():
    class SlowToAccept(Peer):
        async def send(self, message):
            if message["type"] == "websocket.accept":
                await connected.streams.release(0)
                await settle()
            await super().send(message)

    async def handler(ws):
        await ws.accept()
        await ws.send_text("too late")

    connected = Connected(handler, peer=SlowToAccept(CONNECT))
    async with connected:
        pass
    assert connected.peer.log == ["accept", "close 1012"]
    assert connected.raised.code == 1012

"""Dependencies of WebSocket handlers: called before it, closed when it ends or the client leaves."""

from typing import Annotated

import pytest
from anyio import Event, create_task_group, sleep_forever

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.pagination import PaginationParams
from hawkapi.validation.constraints import Cookie, Header
from hawkapi.websocket.connection import WebSocket
from tests.dependencies.cleanup import KINDS, logged
from tests.websocket.wire import CONNECT, Peer, disconnect, text

each_kind = pytest.mark.parametrize("kind", KINDS)


def first_words(log):
    return [line.partition(" ")[0] for line in log]


@each_kind
async def test_a_handler_takes_their_values(kind):
    app, log = HawkAPI(), []

    @app.websocket("/ws")
    async def handler(
        ws: WebSocket,
        a: Annotated[str, Depends(logged(log, "a", kind))],
        b=Depends(logged(log, "b", kind)),  # noqa: B008 - that style
    ):
        await ws.accept()
        await ws.send_text(a + b)

    peer = await Peer(CONNECT).serve(app)
    assert peer.log == ["accept", "text", "close 1000"]
    assert peer.sent[1]["text"] == "ab"
    assert log == ["a opened", "b opened", "b committed", "a committed"]


async def test_they_take_parameters_as_handlers_do():
    app, found = HawkAPI(), []

    async def inner(x_a: Annotated[str, Header()], session: Annotated[str, Cookie()]):
        return [x_a, session]

    def dependency(ws: WebSocket, room: str, q: int, pages: PaginationParams, more: Annotated[list, Depends(inner)]):
        found.append([ws.path, room, q, pages.page, *more])

    @app.websocket("/{room}", dependencies=[Depends(dependency)])
    async def handler(ws):
        await ws.accept()

    headers = [(b"x-a", b"h"), (b"cookie", b"session=c")]
    peer = await Peer(CONNECT).serve(app, "/lobby", query_string=b"q=1&page=2", headers=headers)
    assert peer.log == ["accept", "close 1000"]
    assert found == [["/lobby", "lobby", 1, 2, "h", "c"]]


async def test_the_socket_is_the_handlers_own():
    app = HawkAPI()

    async def dependency(ws: WebSocket):
        return ws

    @app.websocket("/ws")
    async def handler(ws, same: Annotated[WebSocket, Depends(dependency)]):
        await ws.accept()
        await ws.send_json(ws is same)

    assert (await Peer(CONNECT).serve(app)).sent[1]["text"] == "true"


async def test_one_is_evaluated_once_for_a_connection():
    app, calls = HawkAPI(), []

    def dependency():
        calls.append(1)

    def other(found: Annotated[None, Depends(dependency)]):
        """Depends on it too."""

    @app.websocket("/ws", dependencies=[Depends(other)])
    async def handler(ws, a: Annotated[None, Depends(dependency)], b: Annotated[None, Depends(dependency)]):
        await ws.accept()

    await Peer(CONNECT).serve(app)
    assert calls == [1]


@each_kind
async def test_what_is_opened_stays_open_while_messages_come(kind):
    app, log = HawkAPI(), []

    @app.websocket("/ws", dependencies=[Depends(logged(log, "a", kind))])
    async def handler(ws: WebSocket):
        await ws.accept()
        while True:
            log.append(await ws.receive_text())

    await Peer(CONNECT, text("1"), text("2"), disconnect()).serve(app)
    assert log == ["a opened", "1", "2", "a WebSocketDisconnect"]


@each_kind
async def test_all_is_closed_when_the_client_leaves(kind):
    app, log = HawkAPI(), []

    @app.websocket("/ws", dependencies=[Depends(logged(log, name, kind)) for name in "ab"])
    async def handler(ws: WebSocket):
        await ws.accept()
        await ws.receive_text()

    assert (await Peer(CONNECT, disconnect()).serve(app)).log == ["accept"]
    assert log == ["a opened", "b opened", "b WebSocketDisconnect", "a WebSocketDisconnect"]


@each_kind
async def test_all_is_closed_when_the_handler_fails(kind):
    app, log = HawkAPI(), []

    @app.websocket("/ws", dependencies=[Depends(logged(log, name, kind)) for name in "ab"])
    async def handler(ws: WebSocket):
        await ws.accept()
        raise LookupError

    assert (await Peer(CONNECT).serve(app)).log == ["accept", "close 1011"]
    assert log == ["a opened", "b opened", "b LookupError", "a LookupError"]


@each_kind
async def test_all_is_closed_when_the_connection_is_cancelled(kind):
    app, log, entered = HawkAPI(), [], Event()

    @app.websocket("/ws", dependencies=[Depends(logged(log, name, kind)) for name in "ab"])
    async def handler(ws: WebSocket):
        await ws.accept()
        entered.set()
        await sleep_forever()

    async with create_task_group() as group:
        group.start_soon(Peer(CONNECT).serve, app)
        await entered.wait()
        group.cancel_scope.cancel()
    assert first_words(log) == ["a", "b", "b", "a"]
    assert not any("committed" in line for line in log)


@each_kind
async def test_a_failed_cleanup_is_logged_and_closes_with_1011(kind, caplog):
    app, log = HawkAPI(), []
    opened = [Depends(logged(log, "a", kind)), Depends(logged(log, "b", kind, fails=OSError("disk full")))]

    @app.websocket("/ws", dependencies=opened)
    async def handler(ws: WebSocket):
        await ws.accept()

    assert (await Peer(CONNECT).serve(app)).log == ["accept", "close 1011"]
    assert log[2:] == ["b committed", "a committed"]
    assert caplog.text.count("OSError: disk full") == 1


@each_kind
async def test_all_is_closed_before_the_connection(kind):
    app, log = HawkAPI(), []

    class Logging(Peer):
        async def send(self, message):
            await super().send(message)
            log.append(self.log[-1])

    @app.websocket("/ws", dependencies=[Depends(logged(log, "a", kind))])
    async def handler(ws: WebSocket):
        await ws.accept()

    await Logging(CONNECT).serve(app)
    assert log == ["a opened", "accept", "a committed", "close 1000"]


async def test_services_live_as_long_as_the_connection():
    class Session:
        async def aclose(self):
            log.append("closed")

    app, log = HawkAPI(container=Container()), []
    app.container.scoped(Session, factory=Session)

    def dependency(session: Session):
        return session

    @app.websocket("/ws")
    async def handler(ws: WebSocket, session: Session, same: Annotated[Session, Depends(dependency)]):
        await ws.accept()
        log.append(session is same)
        log.append(await ws.receive_text())

    await Peer(CONNECT, text("1"), disconnect()).serve(app)
    assert log == [True, "1", "closed"]


async def test_a_dependency_may_accept():
    app = HawkAPI()

    async def accepted(ws: WebSocket):
        await ws.accept()
        return ws

    @app.websocket("/ws")
    async def handler(ws: Annotated[WebSocket, Depends(accepted)]):
        await ws.send_text("hi")

    assert (await Peer(CONNECT).serve(app)).log == ["accept", "text", "close 1000"]

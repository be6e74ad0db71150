"""What a streamed answer depends on stays open until its last chunk, and is closed however the stream ends."""

from typing import Annotated

import pytest
from anyio import CancelScope, Event, create_task_group
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.responses.file_response import FileResponse
from hawkapi.responses.sse import EventSourceResponse
from hawkapi.responses.streaming import StreamingResponse
from tests.app.wire import Broken, Wire, exchange
from tests.dependencies.cleanup import KINDS, declare, logged

each_style = pytest.mark.parametrize("style", ["async", "sync"])
each_kind = pytest.mark.parametrize("kind", KINDS)


class Client(Wire):
    """Stays until it leaves, and writes down each chunk; `leaves_after` so many messages."""

    def __init__(self, log, *, leaves_after=0, **broken):
        super().__init__({"type": "http.request"}, **broken)
        self.log, self.leaves_after, self.left = log, leaves_after, Event()

    async def receive(self):
        if not self.messages:
            await self.left.wait()
        return await super().receive()

    async def send(self, message):
        await super().send(message)
        if message.get("body"):
            self.log.append(message["body"].decode())
        if self.leaves_after and self.sends == self.leaves_after:
            self.left.set()


def sync_chunks(log, fails=False):
    try:
        yield "1"
        if fails:
            raise LookupError
        yield "2"
    finally:
        log.append("chunks closed")


async def async_chunks(log, fails=False):
    try:
        yield "1"
        await checkpoint()
        if fails:
            raise LookupError
        yield "2"
    finally:
        log.append("chunks closed")


@pytest.mark.parametrize("chunks", [sync_chunks, async_chunks])
@each_kind
@each_style
async def test_all_is_closed_after_the_last_chunk(style, kind, chunks):
    app, log = HawkAPI(), []
    opened = [Depends(logged(log, name, kind)) for name in "ab"]
    declare(app, style, lambda: StreamingResponse(chunks(log)), dependencies=opened)
    wire = await exchange(app, "GET", "/", wire=Client(log))
    assert wire.body == b"12"
    assert log[:3] == ["a opened", "b opened", "1"]
    assert set(log[3:-2]) == {"2", "chunks closed"}  # sync chunks are made ahead
    assert log[-2:] == ["b committed", "a committed"]


@each_kind
@each_style
async def test_events_are_a_stream_too(style, kind):
    app, log = HawkAPI(), []

    async def events():
        yield "x"

    declare(app, style, lambda: EventSourceResponse(events()), dependencies=[Depends(logged(log, "a", kind))])
    await exchange(app, "GET", "/", wire=Client(log))
    assert [log[0], log[-1]] == ["a opened", "a committed"]
    assert "data: x" in "".join(log[1:-1])


@each_kind
@each_style
async def test_a_file_is_a_stream_too(style, kind, tmp_path):
    app, log, path = HawkAPI(), [], tmp_path / "a.txt"
    path.write_text("abc")
    declare(app, style, lambda: FileResponse(path), dependencies=[Depends(logged(log, "a", kind))])
    await exchange(app, "GET", "/", wire=Client(log))
    assert log == ["a opened", "abc", "a committed"]


@each_kind
@each_style
async def test_a_stream_that_the_client_breaks_off_closes_all(style, kind):
    app, log = HawkAPI(), []

    async def endless():
        while True:
            yield "x"

    declare(app, style, lambda: StreamingResponse(endless()), dependencies=[Depends(logged(log, "a", kind))])
    await exchange(app, "GET", "/", wire=Client(log, leaves_after=3))
    assert log.pop(0) == "a opened"
    assert log.pop().startswith("a ")
    assert set(log) == {"x"}


@each_kind
@each_style
async def test_a_send_that_raises_passes_and_closes_all(style, kind):
    app, log = HawkAPI(), []
    opened = [Depends(logged(log, "a", kind))]
    declare(app, style, lambda: StreamingResponse(async_chunks(log)), dependencies=opened)
    wire = Client(log, break_send=3)
    with pytest.raises(Broken):
        await exchange(app, "GET", "/", wire=wire)
    assert log[:3] == ["a opened", "1", "chunks closed"]
    assert [line.partition(" ")[0] for line in log[3:]] == ["a"]


@each_style
async def test_a_send_that_raises_in_a_request_that_is_cancelled_passes_as_it_was_raised(style):
    app, log = HawkAPI(), []

    class Cancelling(Client):
        async def send(self, message):
            cancelled.cancel()
            raise Broken("send")

    opened = [Depends(logged(log, "a"))]
    declare(app, style, lambda: StreamingResponse(async_chunks(log)), dependencies=opened)
    with pytest.raises(Broken), CancelScope() as cancelled:
        await exchange(app, "GET", "/", wire=Cancelling(log))
    assert [line.partition(" ")[0] for line in log] == ["a", "a"]


@pytest.mark.parametrize("chunks", [sync_chunks, async_chunks])
@each_kind
@each_style
async def test_a_failure_in_mid_stream_closes_all_and_aborts(style, kind, chunks):
    app, log = HawkAPI(), []
    opened = [Depends(logged(log, "a", kind))]
    declare(app, style, lambda: StreamingResponse(chunks(log, fails=True)), dependencies=opened)
    wire = Client(log)
    with pytest.raises(LookupError):
        await exchange(app, "GET", "/", wire=wire)
    assert wire.sent[-1] == {"type": "http.response.body", "body": b"1", "more_body": True}
    assert log[:3] == ["a opened", "1", "chunks closed"]
    assert [line.partition(" ")[0] for line in log[3:]] == ["a"]


@each_kind
@each_style
async def test_a_failed_cleanup_is_logged_and_the_answer_that_has_begun_stands(style, kind, caplog):
    app, log = HawkAPI(), []
    failing = Depends(logged(log, "b", kind, fails=OSError("disk full")))
    opened = [Depends(logged(log, "a", kind)), failing]
    declare(app, style, lambda: StreamingResponse(["1"]), dependencies=opened)
    wire = await exchange(app, "GET", "/", wire=Client(log))
    assert (wire.status, wire.body) == (200, b"1")
    assert not wire.sent[-1].get("more_body")
    assert log[2:] == ["1", "b committed", "a committed"]
    assert "OSError: disk full" in caplog.text


@each_kind
@each_style
async def test_a_request_that_is_cancelled_in_mid_stream_closes_all(style, kind):
    app, log, halfway = HawkAPI(), [], Event()

    async def stuck():
        yield "1"
        halfway.set()
        await Event().wait()

    declare(app, style, lambda: StreamingResponse(stuck()), dependencies=[Depends(logged(log, "a", kind))])
    async with create_task_group() as group:
        group.start_soon(lambda: exchange(app, "GET", "/", wire=Client(log)))
        await halfway.wait()
        group.cancel_scope.cancel()
    assert log[:2] == ["a opened", "1"]
    assert [line.partition(" ")[0] for line in log[2:]] == ["a"]
    assert "a committed" not in log


@each_kind
@each_style
async def test_head_closes_all_without_a_chunk(style, kind):
    app, log = HawkAPI(), []
    opened = [Depends(logged(log, "a", kind))]
    declare(app, style, lambda: StreamingResponse(["1"]), dependencies=opened)
    wire = await exchange(app, "HEAD", "/", wire=Client(log))
    assert (wire.status, wire.body) == (200, b"")
    assert log == ["a opened", "a committed"]


@each_style
async def test_services_stay_open_until_the_last_chunk(style):
    class Session:
        def close(self):
            log.append("closed")

    app, log = HawkAPI(container=Container()), []
    app.container.scoped(Session, factory=Session)

    async def handler(session: Session):
        return StreamingResponse(async_chunks(log))

    def sync_handler(session: Session):
        return StreamingResponse(async_chunks(log))

    app.get("/")(handler if style == "async" else sync_handler)
    await exchange(app, "GET", "/", wire=Client(log))
    assert log == ["1", "2", "chunks closed", "closed"]


@each_style
async def test_chunks_may_use_what_the_handler_depends_on(style):
    app = HawkAPI()

    def session():
        rows = ["1", "2"]
        yield rows
        rows.clear()

    async def handler(rows: Annotated[list, Depends(session)]):
        return StreamingResponse(row for row in rows)

    def sync_handler(rows: Annotated[list, Depends(session)]):
        return StreamingResponse(row for row in rows)

    app.get("/")(handler if style == "async" else sync_handler)
    assert (await exchange(app, "GET", "/", wire=Client([]))).body == b"12"

import re

import anyio
import pytest
from anyio import create_task_group, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.responses.sse import EventSourceResponse, ServerSentEvent
from hawkapi.runtime.runtime import current
from tests.responses.wire import Answer, exchange


def test_data_alone():
    assert ServerSentEvent("hi").encode() == b"data: hi\n\n"


def test_the_fields_stand_in_order():
    event = ServerSentEvent("é", event="e", id="1", retry=5)
    assert event.encode() == "id: 1\nevent: e\nretry: 5\ndata: é\n\n".encode()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_line_of_the_data_is_a_field(end):
    assert ServerSentEvent(f"a{end}{end}b").encode() == b"data: a\ndata: \ndata: b\n\n"


def test_separators_that_end_no_line_in_an_event_stream_are_kept():
    assert ServerSentEvent("a\u2028b\x0bc").encode() == "data: a\u2028b\x0bc\n\n".encode()


@given(st.text(alphabet="\r\nab: "), st.text(alphabet="ab: "))
def test_data_never_becomes_another_field(data, event):
    lines = ServerSentEvent(data, event=event).encode().decode()
    assert lines.endswith("\n\n")
    assert all(line.startswith(("data: ", "event: ")) for line in lines[:-2].split("\n"))


def test_an_empty_id_is_sent():
    assert ServerSentEvent("", id="").encode() == b"id: \ndata: \n\n"


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("end", ["\r", "\n"])
def test_a_name_or_id_of_several_lines_is_refused(field, end):
    with pytest.raises(ValueError, match=f"{field} must be one line"):
        ServerSentEvent("x", **{field: f"a{end}data: forged"})


def test_an_id_that_clients_would_ignore_is_refused():
    with pytest.raises(ValueError, match="NUL"):
        ServerSentEvent("x", id="a\0")


def test_a_negative_retry_is_refused():
    with pytest.raises(ValueError, match="retry must be 0 or more milliseconds, not -1"):
        ServerSentEvent("x", retry=-1)


def test_an_event_cannot_be_changed():
    event = ServerSentEvent("x")
    with pytest.raises(AttributeError):
        event.event = "a\nb"


def test_equal_events_are_equal():
    assert ServerSentEvent("x", id="1") == ServerSentEvent("x", id="1")


async def test_a_stream_of_events_and_texts():
    async def content():
        yield ServerSentEvent("a", event="e")
        yield "b"

    answer = await exchange(EventSourceResponse(content(), status_code=201))
    assert answer.status == 201
    assert answer.chunks == [b"event: e\ndata: a\n\n", b"data: b\n\n", b""]
    assert answer.headers == {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "connection": "keep-alive",
    }


async def test_sync_content_is_fine():
    assert (await exchange(EventSourceResponse(iter(["a"])))).body == b"data: a\n\n"


async def test_given_headers_win():
    answer = await exchange(EventSourceResponse(["a"], headers={"Cache-Control": "no-store"}))
    assert answer.headers["cache-control"] == "no-store"


def test_nothing_is_added_to_the_headers():
    assert EventSourceResponse([], headers={"A": "1"}).headers == {"A": "1"}


async def test_http_2_gets_no_connection_header():
    assert "connection" not in (await exchange(EventSourceResponse(["a"]), http_version="2")).headers


# while the stream is open


class Client:
    """A client of a stream: it notes what comes, does something at each message, and leaves when told to."""

    def __init__(self, at_message=lambda message: None):
        self.answer = Answer()
        self.at_message = at_message
        self.leave = anyio.Event()

    async def receive(self):
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        await checkpoint()
        await self.answer.send(message)
        self.at_message(message.get("body"))

    async def read(self, response, **scope):
        await response(scope, self.receive, self.send)
        return self.answer


async def test_a_comment_goes_out_while_no_event_comes():
    beaten, closed = anyio.Event(), []

    async def content():
        yield "a"
        await beaten.wait()
        yield "b"
        closed.append("not cancelled")

    client = Client(lambda body: beaten.set() if body == b": heartbeat\n\n" else None)
    answer = await client.read(EventSourceResponse(content(), heartbeat=0.001))
    assert answer.body.replace(b": heartbeat\n\n", b"") == b"data: a\n\ndata: b\n\n"
    assert b": heartbeat\n\n" in answer.chunks
    assert answer.complete
    assert closed == ["not cancelled"]


async def test_without_a_heartbeat_there_is_no_comment():
    async def content():
        await wait_all_tasks_blocked()
        yield "a"

    assert (await exchange(EventSourceResponse(content(), heartbeat=None))).body == b"data: a\n\n"


@pytest.mark.parametrize("heartbeat", [0, -1])
def test_a_heartbeat_takes_time(heartbeat):
    with pytest.raises(ValueError, match=f"heartbeat must be above 0 seconds, or None, not {heartbeat}"):
        EventSourceResponse([], heartbeat=heartbeat)


async def test_an_event_is_on_the_wire_before_the_next_one_is_made():
    sent = []

    async def content():
        yield "a"
        await wait_all_tasks_blocked()
        assert sent[-1] == b"data: a\n\n"
        yield "b"

    client = Client(sent.append)
    assert (await client.read(EventSourceResponse(content()))).complete


async def test_a_failure_is_raised_as_it_was_after_the_events_before_it():
    error = LookupError("mine")

    async def content():
        yield "a"
        raise error

    client = Client()
    with pytest.raises(LookupError) as caught:
        await client.read(EventSourceResponse(content()))
    assert caught.value is error
    assert client.answer.body == b"data: a\n\n"
    assert not client.answer.complete


async def test_what_send_raises_leaves_as_it_was_and_closes_the_events():
    closed = []

    async def content():
        try:
            yield "a"
            await sleep_forever()
        finally:
            closed.append(1)

    def fail(body):
        if body is not None:
            raise ConnectionResetError("of the server")

    with pytest.raises(ConnectionResetError):
        await Client(fail).read(EventSourceResponse(content()))
    assert closed == [1]


async def test_a_server_that_says_by_an_oserror_that_the_client_is_gone_ends_the_stream():
    """ASGI 2.4."""
    closed = []

    async def content():
        try:
            yield "a"
            await sleep_forever()
        finally:
            closed.append(1)

    def fail(body):
        if body is not None:
            raise ConnectionResetError

    await Client(fail).read(EventSourceResponse(content()), asgi={"spec_version": "2.4"})
    assert closed == [1]


@pytest.mark.parametrize("when", ["before the first event", "between two events"])
async def test_a_client_that_leaves_ends_the_events_and_their_cleanup_may_await(when):
    closed = []

    async def content():
        try:
            if when == "between two events":
                yield "a"
            waiting.set()
            await sleep_forever()
        finally:
            for _ in range(3):
                await checkpoint()
            closed.append(1)

    client, waiting = Client(), anyio.Event()
    async with create_task_group() as group:
        group.start_soon(client.read, EventSourceResponse(content()))
        await waiting.wait()
        client.leave.set()
    assert closed == [1]
    assert not client.answer.complete


@pytest.mark.parametrize("message", range(3))
async def test_a_client_may_leave_at_any_message(message):
    """Also in the very moment in which a task is about to go on: nothing waits for the limit of the cleanup."""
    closed = []

    async def content():
        try:
            while True:
                yield "a"
        finally:
            closed.append(1)

    def leave(_body):
        if len(client.answer.messages) == message + 1:
            client.leave.set()

    client = Client(leave)
    await client.read(EventSourceResponse(content()))
    assert closed == [1]


async def test_a_client_that_leaves_with_the_head_starts_no_event():
    started = []

    async def content():
        started.append(1)
        yield "a"
        await sleep_forever()

    async def gone():
        return {"type": "http.disconnect"}

    response = EventSourceResponse(content())
    answer = await exchange(response, receive=gone)
    assert not answer.complete
    assert len(started) <= 1


async def test_a_cancelled_stream_is_cancelled_and_its_events_are_closed():
    closed, waiting = [], anyio.Event()

    async def content():
        try:
            yield "a"
            waiting.set()
            await sleep_forever()
        finally:
            closed.append(1)

    async with create_task_group() as group:
        group.start_soon(Client().read, EventSourceResponse(content()))
        await waiting.wait()
        group.cancel_scope.cancel()
    assert closed == [1]


# the drain


@pytest.mark.parametrize("moment", ["waiting", "sending"])
async def test_on_drain_the_stream_ends_with_a_comment_and_a_time_to_come_back(moment):
    closed, waiting = [], anyio.Event()

    async def content():
        try:
            yield "a"
            waiting.set()
            await sleep_forever()
        finally:
            closed.append(1)

    def drain(body):
        if moment == "sending" and body == b"data: a\n\n":
            group.start_soon(current().streams.release, 0)

    client = Client(drain)
    try:
        async with create_task_group() as group:
            group.start_soon(client.read, EventSourceResponse(content()))
            await waiting.wait()
            if moment == "waiting":
                await wait_all_tasks_blocked()
                assert current().streams.count("sse") == 1
                await current().streams.release(0)
        assert current().streams.count("sse") == 0
    finally:
        current().streams.releasing = False
    found = re.fullmatch(rb"data: a\n\n: the server is going away\nretry: (\d+)\n\n", client.answer.body)
    assert 1000 <= int(found[1]) <= 5000
    assert client.answer.complete
    assert closed == [1]


async def test_a_stream_that_would_begin_after_that_is_refused_and_its_events_are_closed():
    opened = []

    class Content:
        def __aiter__(self):
            opened.append(self)
            return self

        async def __anext__(self):
            raise AssertionError("not iterated")

        async def aclose(self):
            opened.remove(self)

    await current().streams.release(0)
    try:
        answer = await exchange(EventSourceResponse(Content()), "GET")
    finally:
        current().streams.releasing = False
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert opened == []

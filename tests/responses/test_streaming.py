import threading
from contextlib import asynccontextmanager

import anyio
import pytest

from hawkapi.responses.body_writer import CHECKPOINT_EVERY, spec_version
from hawkapi.responses.streaming import READY_CHUNKS, StreamingResponse
from hawkapi.runtime import interruption
from hawkapi.runtime.deadlines import begin_cleanup
from hawkapi.runtime.runtime import Runtime
from tests.responses.wire import Answer, exchange, gone, refuse


class Chunks:
    """An async iterator that knows whether it was run and closed."""

    def __init__(self, *chunks):
        self.chunks, self.run, self.closed = iter(chunks), False, False

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.run = True
        for chunk in self.chunks:
            if isinstance(chunk, Exception):
                raise chunk
            return chunk
        raise StopAsyncIteration

    async def aclose(self):
        await anyio.lowlevel.checkpoint()
        self.closed = True


class SyncChunks:
    """The same for a sync iterator, which also knows its threads."""

    def __init__(self, *chunks):
        self.chunks, self.run, self.closed, self.threads = iter(chunks), False, False, set()

    def __iter__(self):
        return self

    def __next__(self):
        self.run = True
        self.threads.add(threading.get_ident())
        chunk = next(self.chunks)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def close(self):
        self.threads.add(threading.get_ident())
        self.closed = True


def leaves_at(event):
    async def receive():
        await event.wait()
        return {"type": "http.disconnect"}

    return receive


BOTH = pytest.mark.parametrize("kind", [Chunks, SyncChunks])


@BOTH
async def test_each_chunk_is_a_message_and_an_empty_one_ends_the_body(kind):
    answer = await exchange(StreamingResponse(kind("é", b"b")))
    assert answer.messages == [
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/octet-stream")]},
        {"type": "http.response.body", "body": "é".encode(), "more_body": True},
        {"type": "http.response.body", "body": b"b", "more_body": True},
        {"type": "http.response.body", "body": b"", "more_body": False},
    ]


@pytest.mark.parametrize("content", [["a", b"b"], ("a", b"b")])
async def test_chunks_that_are_there_are_sent_without_receiving(content):
    answer = await exchange(StreamingResponse(content), receive=refuse)
    assert answer.chunks == [b"a", b"b", b""]


@pytest.mark.parametrize("content", ["ab", b"ab"])
async def test_text_is_one_chunk(content):
    assert (await exchange(StreamingResponse(content), receive=refuse)).chunks == [b"ab", b""]


async def test_a_long_list_is_watched():
    answer = await exchange(StreamingResponse(["a"] * (READY_CHUNKS + 1)), receive=gone)
    assert not answer.complete


@BOTH
async def test_empty_chunks_are_skipped(kind):
    assert (await exchange(StreamingResponse(kind("a", "", b"")))).chunks == [b"a", b""]


def test_the_content_is_kept_as_body_iterator():
    content = Chunks()
    assert StreamingResponse(content).body_iterator is content


@pytest.mark.parametrize("content", [None, 1])
def test_content_that_cannot_be_iterated_is_refused(content):
    with pytest.raises(TypeError, match="must be an iterable of str or bytes"):
        StreamingResponse(content)


@BOTH
async def test_the_iterator_is_closed_at_the_end(kind):
    content = kind("a")
    await exchange(StreamingResponse(content))
    assert content.closed


@BOTH
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), (None, 204), (None, 304)])
async def test_where_no_body_goes_out_the_iterator_is_closed_and_not_run(kind, method, status):
    content = kind("a")
    answer = await exchange(StreamingResponse(content, status_code=status), method, receive=refuse)
    assert (answer.chunks, answer.complete) == ([b""], True)
    assert (content.run, content.closed) == (False, True)


async def test_head_of_chunks_that_are_there_has_no_body():
    assert (await exchange(StreamingResponse(["a"]), "HEAD")).chunks == [b""]


async def test_head_tells_the_type_and_a_known_length():
    response = StreamingResponse(Chunks("a"), headers={"Content-Length": "1"}, content_type="text/csv")
    answer = await exchange(response, "HEAD")
    assert answer.headers == {"content-type": "text/csv", "content-length": "1"}


@BOTH
async def test_a_failure_in_mid_stream_never_ends_the_body(kind):
    content, answer = kind("a", LookupError("broken")), Answer()
    with pytest.raises(LookupError, match="broken"):
        await StreamingResponse(content)({}, anyio.sleep_forever, answer.send)
    assert answer.chunks == [b"a"]
    assert not answer.complete
    assert content.closed


@BOTH
async def test_a_chunk_that_is_no_text_aborts(kind):
    content, answer = kind("a", 5), Answer()
    with pytest.raises(TypeError, match="not int"):
        await StreamingResponse(content)({}, anyio.sleep_forever, answer.send)
    assert not answer.complete


async def test_a_bad_header_name_closes_the_iterator_before_anything_is_sent():
    content, answer = Chunks("a"), Answer()
    with pytest.raises(ValueError, match="no header name"):
        await StreamingResponse(content, headers={"a b": "1"})({}, anyio.sleep_forever, answer.send)
    assert (answer.messages, content.run, content.closed) == ([], False, True)


async def test_what_send_raises_passes_as_it_is():
    content = Chunks("a")

    async def send(message):
        raise OSError("no such luck")

    with pytest.raises(OSError, match="no such luck"):
        await StreamingResponse(content)({}, anyio.sleep_forever, send)
    assert content.closed


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("make", [lambda: Chunks("a", "b"), lambda: SyncChunks("a", "b"), lambda: ["a", "b"]])
async def test_since_asgi_2_4_an_os_error_is_a_client_that_left(after, make):
    content, sent = make(), []

    async def send(message):
        if len(sent) == after:
            raise OSError
        sent.append(message)

    scope = {"asgi": {"spec_version": "2.4"}}
    await StreamingResponse(content)(scope, anyio.sleep_forever, send)
    assert len(sent) == after
    assert isinstance(content, list) or content.closed


@pytest.mark.parametrize(("version", "parsed"), [("2.10", (2, 10)), ("3", (3,))])
def test_versions_are_compared_as_numbers(version, parsed):
    assert spec_version({"asgi": {"spec_version": version}}) == parsed


@BOTH
async def test_the_first_chunk_is_on_the_wire_before_the_second_is_made(kind):
    sent = anyio.Event()
    made = []

    async def lazily():
        yield "a"
        made.append(sent.is_set())
        yield "b"

    def lazily_too():
        yield "a"
        made.append(sent.is_set())
        yield "b"

    async def send(message):
        if message.get("body") == b"a":
            sent.set()

    content = lazily() if kind is Chunks else lazily_too()
    await StreamingResponse(content)({}, anyio.sleep_forever, send)
    assert made == [True]


async def test_the_head_goes_out_before_the_first_chunk_is_made():
    sent = []

    async def content():
        assert [message["type"] for message in sent] == ["http.response.start"]
        yield "a"

    async def send(message):
        sent.append(message)

    await StreamingResponse(content())({}, anyio.sleep_forever, send)
    assert len(sent) == 3


async def test_a_sync_iterator_runs_and_closes_in_worker_threads():
    content = SyncChunks("a", "b")
    await exchange(StreamingResponse(content))
    assert threading.get_ident() not in content.threads


async def test_streaming_generator_not_closed_on_disconnect():
    """demands.md; starlette#1775"""
    cleaned = []

    async def content():
        try:
            yield "a"
            await anyio.sleep_forever()
        finally:
            cleaned.append(True)

    answer, first = Answer(), anyio.Event()

    async def send(message):
        await answer.send(message)
        if message.get("body"):
            first.set()

    await StreamingResponse(content())({}, leaves_at(first), send)
    assert cleaned == [True]
    assert not answer.complete


async def test_async_cleanup_is_shielded_when_the_client_leaves_while_the_generator_waits():
    cleaned, waiting = [], anyio.Event()

    async def content():
        try:
            yield "a"
            waiting.set()
            await anyio.sleep_forever()
        finally:
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
            cleaned.append(True)

    await StreamingResponse(content())({}, leaves_at(waiting), Answer().send)
    assert cleaned == [True]


async def test_a_receive_that_fails_is_a_client_that_left():
    waiting, cleaned = anyio.Event(), []

    async def content():
        try:
            yield "a"
            waiting.set()
            await anyio.sleep_forever()
        finally:
            await anyio.lowlevel.checkpoint()
            cleaned.append(True)

    async def receive():
        await waiting.wait()
        raise ConnectionError

    answer = Answer()
    await StreamingResponse(content())({}, receive, answer.send)
    assert cleaned == [True]
    assert not answer.complete


async def test_cleanup_that_does_not_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(interruption, "begin_cleanup", lambda scope: begin_cleanup(scope, 0))
    waiting, cut = anyio.Event(), []

    async def content():
        try:
            yield "a"
            waiting.set()
            await anyio.sleep_forever()
        finally:
            try:
                await anyio.sleep_forever()
            finally:
                cut.append(True)

    await StreamingResponse(content())({}, leaves_at(waiting), Answer().send)
    assert cut == [True]


async def test_a_generator_that_swallows_the_cancellation_is_ended_at_its_next_chunk():
    waiting, answer = anyio.Event(), Answer()

    async def content():
        yield "a"
        waiting.set()
        with pytest.raises(anyio.get_cancelled_exc_class()):
            await anyio.sleep_forever()
        yield "b"

    await StreamingResponse(content())({}, leaves_at(waiting), answer.send)
    assert answer.chunks == [b"a"]


async def test_async_cleanup_is_shielded_when_the_client_leaves_during_a_send():
    cleaned, sending = [], anyio.Event()

    async def content():
        try:
            while True:
                yield "a"
        finally:
            await anyio.lowlevel.checkpoint()
            cleaned.append(True)

    async def send(message):
        if message.get("body"):
            sending.set()
            await anyio.sleep_forever()

    await StreamingResponse(content())({}, leaves_at(sending), send)
    assert cleaned == [True]


async def test_a_generator_may_hold_a_task_group_when_the_client_leaves():
    cleaned, sending = [], anyio.Event()

    async def content():
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.sleep_forever)
                yield "a"
        finally:
            cleaned.append(True)

    async def send(message):
        if message.get("body"):
            sending.set()
            await anyio.sleep_forever()

    await StreamingResponse(content())({}, leaves_at(sending), send)
    assert cleaned == [True]


@BOTH
async def test_a_dead_send_does_not_freeze_the_loop(kind):
    """No server waits or raises when it sends to a client that left."""

    async def forever():
        while True:
            yield "a"

    def forever_too():
        while True:
            yield "a"

    answer = Answer()
    content = forever() if kind is Chunks else forever_too()
    await StreamingResponse(content)({}, gone, answer.send)
    assert len(answer.messages) <= 2 * CHECKPOINT_EVERY


@BOTH
async def test_a_receive_that_answers_at_once_neither_ends_nor_blocks_a_stream(kind):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    chunks = ["a"] * 100
    answer = await exchange(StreamingResponse(kind(*chunks)), receive=receive)
    assert len(answer.chunks) == 101
    assert answer.complete


async def test_a_sync_chunk_made_after_the_client_left_is_not_sent():
    left, started = threading.Event(), anyio.Event()

    def content():
        yield "a"
        left.wait(60)
        yield "b"

    async def receive():
        await started.wait()
        left.set()
        return {"type": "http.disconnect"}

    answer = Answer()

    async def send(message):
        await answer.send(message)
        if message.get("body"):
            started.set()

    await StreamingResponse(content())({}, receive, send)
    assert answer.chunks == [b"a"]


@asynccontextmanager
async def _cancelled_after(event):
    async with anyio.create_task_group() as group:

        async def cancel():
            await event.wait()
            group.cancel_scope.cancel()

        group.start_soon(cancel)
        yield


@BOTH
async def test_cancellation_from_outside_passes_and_closes(kind):
    sending = anyio.Event()
    content = kind("a", "b")
    finished = False

    async def send(message):
        if message.get("body"):
            sending.set()
            await anyio.sleep_forever()

    async with _cancelled_after(sending):
        await StreamingResponse(content)({}, anyio.sleep_forever, send)
        finished = True
    assert content.closed
    assert not finished


async def test_the_threads_of_the_app_are_used():
    class Context:
        runtime = Runtime()

    borrowed = []

    def content():
        borrowed.append(Context.runtime.handlers.borrowed_tokens)
        yield "a"

    await exchange(StreamingResponse(content()), hawkapi=Context)
    assert borrowed == [1]

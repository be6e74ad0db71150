"""The registry of long-lived responses (ops.md 2)."""

import pytest

from hawkapi.runtime.streams import Streams


class Sleeps(list):
    """What was slept for; something may happen meanwhile."""

    def __init__(self, meanwhile=None):
        super().__init__()
        self.meanwhile = meanwhile

    async def __call__(self, seconds):
        self.append(seconds)
        if self.meanwhile is not None:
            self.meanwhile()


def reverse(items):
    items.reverse()


def test_streams_are_counted_by_kind_while_they_are_open():
    streams = Streams()
    with streams.open("sse", print), streams.open("websocket", print), streams.open("sse", print):
        assert (len(streams), streams.count("sse"), streams.count("websocket")) == (3, 2, 1)
    assert (len(streams), streams.count("sse")) == (0, 0)


def test_a_stream_that_fails_is_not_open_any_more():
    streams = Streams()
    with pytest.raises(OSError, match="x"), streams.open("sse", print):
        raise OSError("x")
    assert len(streams) == 0


async def test_a_release_asks_all_to_end_evenly_over_the_window_in_a_shuffled_order():
    sleeps, ended = Sleeps(), []
    streams = Streams(sleep=sleeps, shuffle=reverse)
    with (
        streams.open("sse", lambda: ended.append("a")),
        streams.open("sse", lambda: ended.append("b")),
        streams.open("websocket", lambda: ended.append("c")),
    ):
        assert not streams.releasing
        await streams.release(3.0)
    assert ended == ["c", "b", "a"]
    assert sleeps == [1.0, 1.0]
    assert streams.releasing
    assert streams.released == {"sse": 2, "websocket": 1}


async def test_a_release_without_a_window_waits_for_nothing():
    sleeps, ended = Sleeps(), []
    streams = Streams(sleep=sleeps)
    with streams.open("sse", lambda: ended.append(1)), streams.open("sse", lambda: ended.append(2)):
        await streams.release(0)
    assert sorted(ended) == [1, 2]
    assert sleeps == []


async def test_a_release_of_nothing_still_refuses_new_ones():
    streams = Streams()
    await streams.release(3.0)
    assert streams.releasing


async def test_a_stream_that_ended_meanwhile_is_not_asked():
    ended = []
    first, second = Streams().open("sse", print), None
    streams = Streams(sleep=Sleeps(lambda: second.__exit__(None, None, None)), shuffle=list)
    first = streams.open("sse", lambda: ended.append("first"))
    second = streams.open("sse", lambda: ended.append("second"))
    with first:
        second.__enter__()
        await streams.release(1.0)
    assert ended == ["first"]


async def test_a_second_release_asks_only_those_that_were_not_asked():
    ended = []
    streams = Streams()
    with streams.open("sse", lambda: ended.append("a")):
        await streams.release(0)
        with streams.open("sse", lambda: ended.append("b")):
            await streams.release(0)
    assert ended == ["a", "b"]


async def test_one_that_cannot_be_asked_does_not_spare_the_others(caplog):
    ended = []

    def fail():
        raise OSError("x")

    streams = Streams(shuffle=list)
    with streams.open("websocket", fail), streams.open("sse", lambda: ended.append(1)):
        await streams.release(0)
    assert ended == [1]
    assert "asking a stream (websocket) to end failed" in caplog.text

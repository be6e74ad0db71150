"""The one reader of a connection."""

import pytest
from anyio import create_task_group
from anyio.lowlevel import checkpoint

from hawkapi.websocket.read_ahead import MESSAGES, WAITING_SIZE, ReadAhead
from tests.websocket.wire import Peer, binary, disconnect, text


class Reading:
    """A `ReadAhead` at work for the block."""

    def __init__(self, *messages):
        self.peer, self.left = Peer(*messages), []
        self.ahead = ReadAhead(self.peer.receive, self.left.append)
        self._group = create_task_group()

    async def __aenter__(self):
        await self._group.__aenter__()
        self._group.start_soon(self.ahead.run)
        return self

    async def __aexit__(self, *exc):
        self.ahead.stop()
        return await self._group.__aexit__(*exc)

    async def settled(self):
        """Wait until the reader has read what it may."""
        before = -1
        while before != self.peer.receives:
            before = self.peer.receives
            for _ in range(5):
                await checkpoint()


async def test_it_gives_messages_in_order():
    async with Reading(text("a"), binary(b"b"), text("c")) as reading:
        assert [await reading.ahead.next() for _ in range(3)] == [text("a"), binary(b"b"), text("c")]


async def test_it_tells_that_the_client_left_before_its_messages_were_taken():
    async with Reading(text("a"), disconnect(3001)) as reading:
        await reading.settled()
        assert reading.left == [disconnect(3001)]
        assert await reading.ahead.next() == text("a")
        assert [await reading.ahead.next(), await reading.ahead.next()] == [None, None]


async def test_after_the_disconnect_it_receives_nothing_more():
    async with Reading(disconnect(), text("late")) as reading:
        await reading.settled()
        assert (reading.peer.receives, await reading.ahead.next()) == (1, None)


async def test_an_error_comes_in_its_turn_and_again():
    error = ValueError("broken")
    async with Reading(text("a"), error) as reading:
        await reading.settled()
        assert await reading.ahead.next() == text("a")
        for _ in range(2):
            with pytest.raises(ValueError, match="broken"):
                await reading.ahead.next()
        assert reading.left == []


async def test_an_error_that_nobody_asks_for_is_dropped():
    async with Reading(ValueError("broken")) as reading:
        await reading.settled()


async def test_no_more_than_16_messages_wait():
    async with Reading(*(text(str(i)) for i in range(3 * MESSAGES))) as reading:
        await reading.settled()
        assert reading.peer.receives == MESSAGES
        for i in range(3 * MESSAGES):
            assert await reading.ahead.next() == text(str(i))
        await reading.settled()
        assert reading.peer.receives == 3 * MESSAGES + 1


async def test_large_messages_fill_the_room_sooner():
    half = binary(bytes(WAITING_SIZE // 2))
    async with Reading(*[half] * 5) as reading:
        await reading.settled()
        assert reading.peer.receives == 2
        await reading.ahead.next()
        await reading.settled()
        assert reading.peer.receives == 3


async def test_one_message_over_the_room_is_taken_all_the_same():
    async with Reading(binary(bytes(3 * WAITING_SIZE)), text("next")) as reading:
        assert len((await reading.ahead.next())["bytes"]) == 3 * WAITING_SIZE
        assert await reading.ahead.next() == text("next")


async def test_who_waits_is_woken_by_the_stop_and_gets_nothing():
    got = []

    async def wait():
        got.append(await reading.ahead.next())

    async with Reading() as reading, create_task_group() as group:
        group.start_soon(wait)
        group.start_soon(wait)
        await reading.settled()
        reading.ahead.stop()
    assert got == [None, None]


async def test_what_waited_at_the_stop_is_dropped():
    async with Reading(text("a")) as reading:
        await reading.settled()
        reading.ahead.stop()
        assert await reading.ahead.next() is None


async def test_a_cancelled_wait_loses_no_message():
    async with Reading() as reading:
        async with create_task_group() as group:
            group.start_soon(reading.ahead.next)
            await reading.settled()
            group.cancel_scope.cancel()
        reading.peer.put(text("a"))
        assert await reading.ahead.next() == text("a")


async def test_two_who_wait_get_one_message_each():
    got = []

    async def wait():
        got.append((await reading.ahead.next())["text"])

    async with Reading() as reading, create_task_group() as group:
        group.start_soon(wait)
        group.start_soon(wait)
        await reading.settled()
        reading.peer.put(text("a"))
        await reading.settled()
        reading.peer.put(text("b"))
        await reading.settled()
    assert sorted(got) == ["a", "b"]


async def test_a_stop_before_the_start_reads_nothing():
    reading = Reading(text("a"))
    reading.ahead.stop()
    async with reading:
        await reading.settled()
    assert reading.left == []
    assert await reading.ahead.next() is None

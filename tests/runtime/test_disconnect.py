import asyncio

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, get_current_task, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.runtime.disconnect import DisconnectWatch

NATIVE = pytest.mark.parametrize("use_uvloop", [False, True], ids=["asyncio", "uvloop"])


class Connection:
    """A connection whose client stays until `leave` is called."""

    def __init__(self):
        self.left = Event()
        self.reads = 0
        self.ended = False

    def leave(self):
        self.left.set()

    async def receive(self):
        self.reads += 1
        try:
            await self.left.wait()
        except BaseException:
            self.ended = True
            raise
        return {"type": "http.disconnect"}


async def test_a_block_that_finishes_ends_the_watch():
    connection = Connection()
    async with DisconnectWatch(connection.receive) as watch:
        await wait_all_tasks_blocked()
    assert connection.ended
    assert not watch.gone


async def test_a_block_that_finishes_before_the_watch_began_does_not_wait_for_it():
    async with DisconnectWatch(Connection().receive) as watch:
        pass
    assert not watch.gone


async def test_a_block_runs_in_the_task_that_entered_it():
    task = get_current_task()
    async with DisconnectWatch(Connection().receive):
        assert get_current_task() == task


async def test_a_disconnect_cancels_the_block_and_the_cancellation_ends_there():
    connection = Connection()
    async with DisconnectWatch(connection.receive) as watch:
        connection.leave()
        await sleep_forever()
    assert watch.gone
    await checkpoint()


async def test_a_disconnect_during_shielded_work_is_seen_there():
    connection = Connection()
    async with DisconnectWatch(connection.receive) as watch:
        with CancelScope(shield=True):
            connection.leave()
            await wait_all_tasks_blocked()
            assert watch.gone


async def test_messages_before_the_disconnect_are_dropped():
    messages = iter([{"type": "http.request"}, {"type": "http.request"}, {"type": "http.disconnect"}])

    async def receive():
        return next(messages)

    async with DisconnectWatch(receive) as watch:
        await sleep_forever()
    assert watch.gone
    assert next(messages, None) is None


async def test_a_receive_that_always_has_a_message_does_not_freeze_the_loop():
    async def receive():
        return {"type": "http.request"}

    async with DisconnectWatch(receive) as watch:
        for _ in range(10):
            await checkpoint()
    assert not watch.gone


@pytest.mark.parametrize("nth", range(1, 5))
async def test_a_receive_that_fails_counts_as_a_disconnect(nth):
    calls = 0

    async def receive():
        nonlocal calls
        calls += 1
        if calls == nth:
            raise OSError("broken")
        return {"type": "http.request"}

    async with DisconnectWatch(receive) as watch:
        await sleep_forever()
    assert watch.gone
    assert calls == nth


async def test_an_error_of_the_block_leaves_as_it_was_raised_and_ends_the_watch():
    connection = Connection()
    error = ValueError("body")

    async def fail():
        async with DisconnectWatch(connection.receive):
            await wait_all_tasks_blocked()
            raise error

    with pytest.raises(ValueError, match="body") as caught:
        await fail()
    assert caught.value is error
    assert connection.ended


async def test_an_error_raised_while_the_disconnect_cancels_the_block_leaves_as_it_was_raised():
    connection = Connection()

    async def fail():
        async with DisconnectWatch(connection.receive):
            connection.leave()
            try:
                await sleep_forever()
            finally:
                raise ValueError("cleanup")

    with pytest.raises(ValueError, match="cleanup"):
        await fail()


async def test_a_cancellation_from_outside_passes():
    reached = []
    connection = Connection()
    with CancelScope() as scope:
        async with DisconnectWatch(connection.receive) as watch:
            await wait_all_tasks_blocked()
            scope.cancel()
            await sleep_forever()
        reached.append(True)
    assert scope.cancelled_caught
    assert not watch.gone
    assert connection.ended
    assert reached == []


async def test_a_cancellation_from_outside_passes_when_the_client_leaves_at_the_same_time():
    reached = []
    connection = Connection()
    with CancelScope() as scope:
        async with DisconnectWatch(connection.receive):
            await wait_all_tasks_blocked()
            connection.leave()
            scope.cancel()
            await sleep_forever()
        reached.append(True)
    assert scope.cancelled_caught
    assert reached == []


async def test_watches_follow_each_other_on_one_task():
    for _ in range(3):
        connection = Connection()
        async with create_task_group() as group, DisconnectWatch(connection.receive) as watch:
            group.start_soon(checkpoint)
            connection.leave()
            await sleep_forever()
        assert watch.gone


@NATIVE
@pytest.mark.parametrize("leaves", [False, True], ids=["client stays", "client leaves"])
def test_a_native_cancellation_passes(use_uvloop, leaves):
    async def main():
        connection = Connection()
        inside = Event()

        async def serve():
            async with DisconnectWatch(connection.receive):
                inside.set()
                await sleep_forever()

        task = asyncio.create_task(serve())
        await inside.wait()
        await wait_all_tasks_blocked()
        if leaves:
            connection.leave()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    anyio.run(main, backend="asyncio", backend_options={"use_uvloop": use_uvloop})

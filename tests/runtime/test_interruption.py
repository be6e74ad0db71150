"""Interrupting what iterates a generator (runtime.md 4)."""

from socket import socketpair

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, move_on_after, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint

from hawkapi.runtime import interruption as module
from hawkapi.runtime.interruption import Interruption, until_gone


async def iterate(interruption, generator, items):
    with interruption.block():
        try:
            while True:
                items.append(await interruption.next(generator))
        except StopAsyncIteration:
            items.append("end")


async def test_an_iterator_is_iterated_to_its_end():
    async def content():
        yield 1
        await checkpoint()
        yield 2

    items, interruption = [], Interruption()
    await iterate(interruption, content(), items)
    assert items == [1, 2, "end"]
    assert not interruption.interrupted
    interruption.interrupt()
    interruption.interrupt()


async def test_what_it_raises_leaves_as_it_was():
    error = LookupError("mine")

    async def content():
        yield 1
        await checkpoint()
        raise error

    with pytest.raises(LookupError) as caught:
        await iterate(Interruption(), content(), [])
    assert caught.value is error


async def test_a_generator_that_waits_is_cancelled_once_and_its_cleanup_may_await():
    seen = []

    async def content():
        yield 1
        try:
            await sleep_forever()
        finally:
            for _ in range(3):
                await checkpoint()
            seen.append("clean")

    items, interruption = [], Interruption()
    async with create_task_group() as group:
        group.start_soon(iterate, interruption, content(), items)
        await wait_all_tasks_blocked()
        interruption.interrupt()
    assert interruption.interrupted
    assert items == [1]
    assert seen == ["clean"]


@pytest.mark.parametrize("busy", range(4))
async def test_a_generator_that_was_about_to_go_on_is_cancelled_at_its_next_await(busy):
    """A shield raised together with the cancellation would lose it, and the generator would wait on."""
    seen, begun = [], Event()

    async def content():
        begun.set()
        for _ in range(busy):
            await cancel_shielded_checkpoint()
        try:
            await sleep_forever()
        finally:
            await checkpoint()
            seen.append("clean")
        yield 1

    interruption = Interruption()
    async with create_task_group() as group:
        group.start_soon(iterate, interruption, content(), [])
        await begun.wait()
        interruption.interrupt()
    assert seen == ["clean"]


async def test_an_interrupted_iterator_that_does_not_wait_goes_on_until_its_item():
    """What the block awaits between two items sees the cancellation as usual."""

    class Content:
        async def __anext__(self):
            interruption.interrupt()
            await cancel_shielded_checkpoint()
            return 1

    interruption, items = Interruption(), []
    with interruption.block():
        items.append(await interruption.next(Content()))
        await checkpoint()
        items.append("not reached")
    assert items == [1]


async def test_where_everything_is_cancelled_already_nothing_is_shielded():
    """On trio a shield that comes up while a cancellation is under way makes it get lost."""
    seen = []

    async def content():
        try:
            await sleep_forever()
        finally:
            seen.append("cancelled")
            with pytest.raises(anyio.get_cancelled_exc_class()):
                await checkpoint()
        yield 1

    interruption = Interruption()
    async with create_task_group() as group:
        group.start_soon(iterate, interruption, content(), [])
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()
        interruption.interrupt()
    assert seen == ["cancelled"]


async def test_cleanup_that_does_not_end_is_cut_off(monkeypatch):
    begin_cleanup = module.begin_cleanup
    monkeypatch.setattr(module, "begin_cleanup", lambda scope: begin_cleanup(scope, 0))

    async def content():
        try:
            await sleep_forever()
        finally:
            await sleep_forever()
        yield 1

    interruption = Interruption()
    async with create_task_group() as group:
        group.start_soon(iterate, interruption, content(), [])
        await wait_all_tasks_blocked()
        interruption.interrupt()


async def test_a_timeout_of_the_generator_s_own_is_no_interruption():
    timed_out = Event()

    async def content():
        with move_on_after(0):
            await sleep_forever()
        yield 1
        timed_out.set()
        await sleep_forever()

    items, interruption = [], Interruption()
    async with create_task_group() as group:
        group.start_soon(iterate, interruption, content(), items)
        await timed_out.wait()
        await wait_all_tasks_blocked()
        interruption.interrupt()  # which a shield would keep out
    assert items == [1]


class Closing:
    """Waits for a socket that is closed meanwhile: the loop says so as it would say that the task is cancelled."""

    async def content(self):
        with pytest.raises(anyio.ClosedResourceError):
            await anyio.wait_readable(self.ours)
        yield "closed"
        await sleep_forever()


async def test_an_error_that_the_loop_brings_is_no_interruption():
    items, interruption, closing = [], Interruption(), Closing()
    closing.ours, theirs = socketpair()
    with closing.ours, theirs:
        async with create_task_group() as group:
            group.start_soon(iterate, interruption, closing.content(), items)
            await wait_all_tasks_blocked()
            anyio.notify_closing(closing.ours)
            await wait_all_tasks_blocked()
            interruption.interrupt()
    assert items == ["closed"]


async def test_a_cancellation_from_outside_passes():
    async def content():
        yield 1
        await sleep_forever()

    items, interruption = [], Interruption()
    with CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(iterate, interruption, content(), items)
            await wait_all_tasks_blocked()
            scope.cancel()
    assert scope.cancelled_caught
    assert items == [1]
    assert not interruption.interrupted


async def test_a_coroutine_that_is_thrown_away_closes_what_it_waits_for():
    closed = []

    class Waits:
        def __await__(self):
            yield

    class Content:
        async def __anext__(self):
            try:
                await Waits()
            finally:
                closed.append(1)

    async def step():
        await Interruption().next(Content())

    coroutine = step()
    coroutine.send(None)
    coroutine.close()
    assert closed == [1]


# until_gone


async def test_a_block_ends_when_the_client_leaves_and_who_asked_is_told():
    told, seen = [], []

    async def content():
        yield 1
        leave.set()
        try:
            await sleep_forever()
        finally:
            await checkpoint()
            seen.append("clean")

    async def receive():
        await leave.wait()
        return {"type": "http.disconnect"}

    leave = Event()
    generator = content()
    async with until_gone(receive, lambda: told.append(1)) as client:
        while True:
            await client.next(generator)
    assert client.interrupted
    assert told == [1]
    assert seen == ["clean"]


async def test_a_connection_that_cannot_be_read_has_no_client():
    async def receive():
        raise OSError

    async with until_gone(receive) as client:
        await sleep_forever()
    assert client.interrupted


async def test_a_block_that_ends_first_is_not_interrupted():
    async with until_gone(sleep_forever) as client:
        await checkpoint()
    assert not client.interrupted


async def test_other_messages_do_not_end_it():
    messages = [{"type": "http.request"}] * 3

    async def receive():
        if not messages:
            await sleep_forever()
        return messages.pop()

    async with until_gone(receive) as client:
        await wait_all_tasks_blocked()
    assert not client.interrupted

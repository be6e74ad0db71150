import asyncio
import logging
from functools import partial
from threading import Event, get_ident

import anyio
import pytest
from anyio import CancelScope, create_task_group, sleep_forever, to_thread
from anyio.lowlevel import checkpoint

from hawkapi.runtime.generators import BATCH, FAST_SECONDS, closing, iterate
from hawkapi.runtime.threads import Pool
from tests.runtime.pools import occupied

NATIVE = pytest.mark.parametrize("use_uvloop", [False, True], ids=["asyncio", "uvloop"])


class Clock:
    """Time that stands still unless it is moved."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Source:
    """An iterator that knows what was asked of it, and in which threads."""

    def __init__(self, items, error=None):
        self.items = iter(items)
        self.error = error
        self.made = 0
        self.threads = set()
        self.closed = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.threads.add(get_ident())
        for item in self.items:
            self.made += 1
            return item
        if self.error is not None:
            raise self.error
        raise StopIteration

    def close(self):
        self.threads.add(get_ident())
        self.closed += 1


def pool():
    return Pool("test", 1)


def still(iterable, **options):
    """Iterate with a clock that stands still: everything is fast."""
    return iterate(iterable, pool(), clock=Clock(), **options)


async def collect(iterator):
    async with closing(iterator) as items:
        return [item async for item in items]


# iterate


@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
async def test_all_items_come_in_order(count):
    assert await collect(still(range(count))) == list(range(count))


async def test_every_step_and_the_closing_run_in_worker_threads():
    source = Source(range(20))
    await collect(still(source))
    assert get_ident() not in source.threads


async def test_an_iterable_becomes_an_iterator_in_a_worker_thread():
    threads = []

    class Query:
        def __iter__(self):
            threads.append(get_ident())
            return iter([1])

    assert await collect(still(Query())) == [1]
    assert threads != [get_ident()]


async def test_the_first_item_comes_before_the_second_is_made():
    source = Source(range(5))
    async with closing(still(source)) as items:
        assert await anext(items) == 0
        assert source.made == 1


async def test_a_fast_iterator_brings_more_with_each_thread_call_up_to_the_limit():
    source = Source(range(100))
    async with closing(still(source)) as items:
        made = [source.made async for _ in items]
    assert sorted(set(made))[:7] == [1, 3, 7, 15, 31, 47, 63]
    assert BATCH == 16


async def test_a_slow_item_ends_its_batch():
    clock = Clock()

    def slow_third():
        yield 1
        yield 2
        made.append(2)
        clock.now += 2 * FAST_SECONDS
        yield 3
        made.append(3)
        yield 4
        made.append(4)
        yield 5

    made = []
    async with closing(iterate(slow_third(), pool(), clock=clock)) as items:
        assert [await anext(items) for _ in range(3)] == [1, 2, 3]
        assert made == [2]
        assert await anext(items) == 4
        assert made == [2, 3]  # after the slow item one at a time again


async def test_with_a_batch_of_one_no_item_waits_for_the_next():
    source = Source(range(5))
    async with closing(still(source, batch=1)) as items:
        async for item in items:
            assert source.made == item + 1


@pytest.mark.parametrize("nth", range(6))
async def test_an_error_comes_after_the_items_before_it_and_as_it_was_raised(nth):
    error = LookupError("step")
    source = Source(range(nth), error)
    items = still(source)
    assert [await anext(items) for _ in range(nth)] == list(range(nth))
    with pytest.raises(LookupError) as caught:
        await anext(items)
    assert caught.value is error


async def test_after_an_error_there_are_no_more_items():
    items = still(Source([], LookupError("first")))
    with pytest.raises(LookupError):
        await anext(items)
    with pytest.raises(StopAsyncIteration):
        await anext(items)


async def test_after_the_end_there_are_no_more_items():
    items = still([])
    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await anext(items)


async def test_an_iterator_is_closed_once_at_its_end():
    source = Source([1])
    await collect(still(source))
    assert source.closed == 1


async def test_an_iterator_that_failed_is_closed():
    source = Source([], LookupError("first"))
    with pytest.raises(LookupError):
        await collect(still(source))
    assert source.closed == 1


async def test_an_error_of_the_closing_comes_after_the_last_item():
    class Broken(Source):
        def close(self):
            raise OSError("close")

    items = still(Broken([1, 2]))
    assert [await anext(items) for _ in range(2)] == [1, 2]
    with pytest.raises(OSError, match="close"):
        await anext(items)


async def test_an_iterator_left_early_is_closed_in_a_thread_of_the_cleanup_pool():
    source = Source(range(5))
    busy = Pool("test", 1)
    items = iterate(source, busy, cleanup=pool())
    await anext(items)
    async with occupied(busy), closing(items):
        pass
    assert source.closed == 1
    assert get_ident() not in source.threads


async def test_an_iterator_of_which_nothing_was_asked_is_closed():
    source = Source(range(5))
    async with closing(still(source)):
        pass
    assert (source.made, source.closed) == (0, 1)


async def test_an_iterable_of_which_nothing_was_asked_is_left_alone():
    async with closing(still([1, 2, 3])):
        pass


async def test_after_the_closing_there_are_no_more_items():
    items = still(Source(range(100)))
    for _ in range(4):
        await anext(items)
    await items.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(items)


async def test_closing_twice_closes_once():
    source = Source(range(5))
    items = still(source)
    await items.aclose()
    await items.aclose()
    assert source.closed == 1


async def test_an_iterator_is_closed_when_its_consumer_is_cancelled():
    source = Source(range(5))
    with CancelScope() as scope:
        async with closing(still(source)) as items:
            await anext(items)
            scope.cancel()
            await sleep_forever()
    assert scope.cancelled_caught
    assert source.closed == 1


async def test_a_step_that_runs_when_its_consumer_is_cancelled_ends_before_the_iterator_is_closed():
    entered, release = Event(), Event()
    order = []

    def slow():
        try:
            entered.set()
            release.wait(60)
            order.append("step")
            yield 1
        finally:
            order.append("closed")

    async def consume():
        await collect(still(slow()))

    async with create_task_group() as group:
        group.start_soon(consume)
        await to_thread.run_sync(entered.wait)
        group.cancel_scope.cancel()
        release.set()
    assert order == ["step", "closed"]


async def test_an_iterator_for_which_no_thread_gets_free_is_given_up_and_logged(caplog, monkeypatch):
    monkeypatch.setattr("hawkapi.runtime.generators.shielded", lambda: anyio.move_on_after(0, shield=True))
    source = Source(range(5))
    busy = pool()
    async with occupied(busy):
        await iterate(source, busy).aclose()
    assert source.closed == 0
    assert "was not closed: no thread was free" in caplog.text


@NATIVE
def test_a_step_left_running_by_a_native_cancellation_closes_the_iterator_when_it_ends(use_uvloop):
    entered, release, closed = Event(), Event(), Event()

    def slow():
        try:
            entered.set()
            release.wait(60)
            yield 1
        finally:
            closed.set()

    async def main():
        task = asyncio.create_task(collect(still(slow(), cleanup=pool())))
        await to_thread.run_sync(entered.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not closed.is_set()
        release.set()
        assert await to_thread.run_sync(closed.wait, 60)

    anyio.run(main, backend="asyncio", backend_options={"use_uvloop": use_uvloop})


# closing


class Unclosable:
    """An async iterator without `aclose`."""

    def __aiter__(self):
        return self

    async def __anext__(self):
        raise StopAsyncIteration


async def test_an_iterator_that_cannot_be_closed_is_taken_too():
    assert await collect(Unclosable()) == []


async def test_an_async_generator_is_closed_at_the_end_of_the_block():
    closed = []

    async def numbers():
        try:
            yield 1
        finally:
            await checkpoint()
            closed.append(True)

    async with closing(numbers()) as items:
        assert await anext(items) == 1
    assert closed == [True]


async def test_the_cleanup_of_an_async_generator_may_wait_when_the_block_is_cancelled():
    closed = []

    async def numbers():
        try:
            yield 1
        finally:
            await checkpoint()
            closed.append(True)

    with CancelScope() as scope:
        async with closing(numbers()) as items:
            await anext(items)
            scope.cancel()
            await sleep_forever()
    assert scope.cancelled_caught
    assert closed == [True]


@pytest.mark.parametrize("cancelled", [False, True])
async def test_an_async_generator_may_hold_a_task_group_across_its_yields(cancelled):
    closed = []

    async def numbers():
        try:
            async with create_task_group() as group:
                group.start_soon(sleep_forever)
                yield 1
        finally:
            await checkpoint()
            closed.append(True)

    with CancelScope() as scope:
        async with closing(numbers()) as items:
            await anext(items)
            if cancelled:
                scope.cancel()
                await sleep_forever()
    assert closed == [True]


def stubborn(started):
    async def numbers():
        try:
            yield 1
        finally:
            started.append(True)
            await sleep_forever()

    return numbers()


async def test_a_cleanup_that_does_not_end_is_given_up_and_logged(caplog):
    started = []
    async with closing(stubborn(started), seconds=0) as items:
        await anext(items)
    assert started == [True]
    assert "was given up after 0 s" in caplog.text


async def test_what_the_block_raised_leaves_it_though_the_cleanup_was_given_up():
    error = ValueError("body")

    async def fail():
        async with closing(stubborn([]), seconds=0) as items:
            await anext(items)
            raise error

    with pytest.raises(ValueError, match="body") as caught:
        await fail()
    assert caught.value is error


async def test_a_cancellation_passes_though_the_cleanup_was_given_up():
    reached = []
    with CancelScope() as scope:
        async with closing(stubborn([]), seconds=0) as items:
            await anext(items)
            scope.cancel()
            await sleep_forever()
        reached.append(True)
    assert scope.cancelled_caught
    assert reached == []


async def test_an_error_of_the_cleanup_leaves_the_block(caplog):
    async def numbers():
        try:
            yield 1
        finally:
            raise OSError("cleanup")

    async def fail():
        async with closing(numbers()) as items:
            await anext(items)

    with pytest.raises(OSError, match="cleanup"):
        await fail()
    with caplog.at_level(logging.ERROR):
        assert caplog.text == ""


@NATIVE
def test_a_native_cancellation_passes_a_closing(use_uvloop):
    async def main():
        started = []
        inside = anyio.Event()

        async def consume():
            async with closing(stubborn(started), seconds=0) as items:
                await anext(items)
                inside.set()
                await sleep_forever()

        task = asyncio.create_task(consume())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert started == [True]

    anyio.run(main, backend="asyncio", backend_options={"use_uvloop": use_uvloop})


async def test_no_thread_is_held_between_the_items():
    limiter = pool()
    async with closing(iterate(Source(range(5)), limiter)) as items:
        await anext(items)
        assert limiter.borrowed_tokens == 0


async def test_several_iterations_share_a_pool():
    limiter = pool()
    results = []

    async def consume(start):
        results.append(await collect(iterate(range(start, start + 40), limiter)))

    async with create_task_group() as group:
        for start in range(3):
            group.start_soon(partial(consume, start))
    assert sorted(results) == [list(range(start, start + 40)) for start in range(3)]

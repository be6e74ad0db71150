from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import partial
from threading import Event, get_ident

import pytest
from anyio import (
    CancelScope,
    create_task_group,
    from_thread,
    get_cancelled_exc_class,
    move_on_after,
    run,
    sleep_forever,
    to_thread,
    wait_all_tasks_blocked,
)

from hawkapi.runtime import threads
from hawkapi.runtime.threads import Pool
from tests.runtime.pools import occupied

VAR = ContextVar("VAR", default="unset")


async def test_a_call_runs_in_another_thread_and_gives_its_result():
    def work(a, b=1):
        return a + b, get_ident()

    result, thread = await threads.run(work, 1, 2, limiter=Pool("test", 1))
    assert result == 3
    assert thread != get_ident()


async def test_context_variables_are_visible_in_the_thread_and_what_it_sets_stays_there():
    def work():
        seen = VAR.get()
        VAR.set("thread")
        return seen

    VAR.set("caller")
    assert await threads.run(work, limiter=Pool("test", 1)) == "caller"
    assert VAR.get() == "caller"


async def test_an_error_leaves_as_it_was_raised():
    error = LookupError("as raised")

    def work():
        raise error

    with pytest.raises(LookupError) as caught:
        await threads.run(work, limiter=Pool("test", 1))
    assert caught.value is error


async def test_a_stop_iteration_becomes_a_runtime_error_that_names_the_function():
    def empty():
        return next(iter(()))

    with pytest.raises(RuntimeError, match="empty raised StopIteration") as caught:
        await threads.run(empty, limiter=Pool("test", 1))
    assert isinstance(caught.value.__cause__, StopIteration)


async def test_a_stop_iteration_of_a_callable_without_a_name_shows_the_callable():
    with pytest.raises(RuntimeError, match=r"functools.partial\(.*next.* raised StopIteration"):
        await threads.run(partial(next, iter(())), limiter=Pool("test", 1))


async def test_a_result_may_be_a_coroutine():
    async def two():
        return 2

    assert await (await threads.run(two, limiter=Pool("test", 1))) == 2


async def test_a_full_pool_makes_the_next_call_wait_and_the_wait_can_be_cancelled():
    limiter = Pool("test", 1)
    release = Event()
    called = []

    async with create_task_group() as group:
        group.start_soon(partial(threads.run, release.wait, limiter=limiter))
        await wait_all_tasks_blocked()
        with move_on_after(0) as scope:
            await threads.run(called.append, 1, limiter=limiter)
        assert scope.cancelled_caught
        release.set()
    assert called == []
    assert limiter.borrowed_tokens == 0


async def test_a_running_call_is_not_abandoned_when_its_caller_is_cancelled():
    limiter = Pool("test", 1)
    entered, release = Event(), Event()
    finished = []

    def work():
        entered.set()
        release.wait(60)
        finished.append(True)

    async with create_task_group() as group:
        group.start_soon(partial(threads.run, work, limiter=limiter))
        await to_thread.run_sync(entered.wait)
        group.cancel_scope.cancel()
        release.set()
    assert finished == [True]
    assert limiter.borrowed_tokens == 0


async def test_a_pool_without_a_thread_is_refused():
    with pytest.raises(ValueError, match="'reports' needs at least 1 thread, not 0"):
        Pool("reports", 0)


async def test_a_call_that_may_be_abandoned_keeps_its_place_until_it_returns():
    pool, release = Pool("test", 2), Event()
    async with abandoned(release, pool):
        assert (pool.abandoned, pool.borrowed_tokens) == (1, 1)
        release.set()
        await threads.run(int, limiter=pool)
    async with occupied(pool):  # both places are free again
        assert pool.abandoned == 0


async def test_an_abandoned_call_counts_among_those_at_once():
    pool, release = Pool("test", 2), Event()
    async with abandoned(release, pool), create_task_group() as group:
        blocked = Event()
        group.start_soon(partial(threads.run, blocked.wait, limiter=pool))
        await wait_all_tasks_blocked()
        with move_on_after(0) as scope:
            await threads.run(int, limiter=pool)
        assert scope.cancelled_caught
        blocked.set()
        release.set()


async def test_a_pool_of_abandoned_threads_refuses_what_a_client_waits_for_and_lets_others_wait():
    pool, release = Pool("test", 1), Event()
    async with abandoned(release, pool):
        with pytest.raises(threads.PoolExhausted, match="all 1 threads of the pool 'test'"):
            await threads.serve(int, limiter=pool, abandon=False)
        async with create_task_group() as group:
            group.start_soon(partial(threads.run, int, limiter=pool))
            await wait_all_tasks_blocked()
            assert pool.statistics().waiting == 1
            release.set()
    assert await threads.serve(int, limiter=pool, abandon=False) == 0


async def test_the_function_may_ask_whether_it_was_abandoned():
    pool, entered, go, cancelled = Pool("test", 1), Event(), Event(), []

    def work():
        entered.set()
        go.wait(60)
        try:
            from_thread.check_cancelled()
        except BaseException as exc:
            cancelled.append(type(exc))
            raise

    async with create_task_group() as group:
        group.start_soon(partial(threads.serve, work, limiter=pool, abandon=True))
        await to_thread.run_sync(entered.wait)
        group.cancel_scope.cancel()
    go.set()
    await threads.run(int, limiter=pool)
    assert cancelled == [get_cancelled_exc_class()]


async def test_the_error_of_an_abandoned_call_is_logged(caplog):
    pool, release = Pool("test", 1), Event()

    def fail():
        release.wait(60)
        raise LookupError("too late")

    async with abandoned(release, pool, fail):
        release.set()
        await threads.run(int, limiter=pool)
    assert "a call that was given up has failed" in caplog.text
    assert "too late" in caplog.text


async def test_a_call_withdrawn_before_its_thread_began_is_not_made(monkeypatch):
    pool, called = Pool("test", 1), []
    work = []

    async def later(fn, *args, **options):
        work.append(partial(fn, *args))
        await sleep_forever()

    monkeypatch.setattr(threads.to_thread, "run_sync", later)
    with move_on_after(0):
        await threads.serve(partial(called.append, 1), limiter=pool, abandon=True)
    with pytest.raises(RuntimeError, match="the caller of this call is gone"):
        work[0]()
    assert (called, pool.abandoned, pool.borrowed_tokens) == ([], 0, 0)


def test_a_thread_that_outlives_its_loop_ends_in_peace(hawk_backend):
    release, ended = Event(), Event()

    def work():
        release.wait(60)
        return Last(ended)

    async def main():
        pool = Pool("test", 1)
        await abandon(pool, work)
        return pool

    backend, options = hawk_backend
    pool = run(main, backend=backend, backend_options=options)
    assert pool.abandoned == 1
    release.set()
    ended.wait(60)
    assert pool.abandoned == 0


async def test_the_time_until_a_thread_begins_is_counted_and_a_long_one_is_logged(caplog):
    now = 0.0

    def later():
        nonlocal now
        now += 0.2
        return now

    pool = Pool("test", 3, clock=later)
    for _ in range(2):
        await threads.run(int, limiter=pool)
    assert pool.statistics().wait_seconds == pytest.approx(0.4)
    assert caplog.text.count("waited 200 ms for a thread of the pool 'test', which has 3") == 1
    now += threads.WARN_EVERY
    await threads.run(int, limiter=pool)
    assert caplog.text.count("waited 200 ms") == 2


async def test_a_wait_that_was_given_up_is_counted_as_well():
    now = 0.0
    pool = Pool("test", 1, clock=lambda: now)
    async with occupied(pool), create_task_group() as group:
        group.start_soon(partial(threads.run, int, limiter=pool))
        await wait_all_tasks_blocked()
        now = 5.0
        group.cancel_scope.cancel()
    assert pool.statistics().wait_seconds == 5.0


async def test_the_statistics_of_a_pool_say_what_it_does():
    pool = Pool("test", 2)
    async with occupied(pool), create_task_group() as group:
        group.start_soon(partial(threads.run, int, limiter=pool))
        await wait_all_tasks_blocked()
        statistics = pool.statistics()
        group.cancel_scope.cancel()
    assert (statistics.name, statistics.limit, statistics.in_use, statistics.waiting) == ("test", 2, 2, 1)
    assert statistics.abandoned == 0


async def abandon(pool, work):
    """Call `work` and leave it behind when it has begun."""
    entered = Event()

    def enter():
        entered.set()
        return work()

    async with create_task_group() as group:
        group.start_soon(partial(threads.serve, enter, limiter=pool, abandon=True))
        await to_thread.run_sync(entered.wait)
        group.cancel_scope.cancel()


@asynccontextmanager
async def abandoned(release, pool, work=None):
    """Have a call abandoned that waits for `release`, which is set in the end."""
    await abandon(pool, work or release.wait)
    try:
        yield
    finally:
        release.set()


class Last:
    """A result that tells when it is dropped: the thread has nothing more to do then."""

    def __init__(self, ended):
        self.ended = ended

    def __del__(self):
        self.ended.set()


async def test_a_thread_that_was_left_behind_is_told_so_whatever_is_shielded_meanwhile():
    pool, ended = Pool("test", 2), Event()

    def work(outer):
        from_thread.run_sync(outer.cancel)
        try:
            while True:
                from_thread.check_cancelled()
        finally:
            ended.set()

    with CancelScope() as outer, CancelScope() as cleanup:
        try:
            await threads.serve(work, outer, limiter=pool, abandon=True)
        finally:
            cleanup.shield = True
            assert await threads.run(ended.wait, 10, limiter=pool)
    assert outer.cancelled_caught

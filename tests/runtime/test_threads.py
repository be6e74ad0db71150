from contextvars import ContextVar
from functools import partial
from threading import Event, get_ident

import pytest
from anyio import CapacityLimiter, create_task_group, move_on_after, to_thread, wait_all_tasks_blocked

from hawkapi.runtime import threads

VAR = ContextVar("VAR", default="unset")


async def test_a_call_runs_in_another_thread_and_gives_its_result():
    def work(a, b=1):
        return a + b, get_ident()

    result, thread = await threads.run(work, 1, 2, limiter=CapacityLimiter(1))
    assert result == 3
    assert thread != get_ident()


async def test_context_variables_are_visible_in_the_thread_and_what_it_sets_stays_there():
    def work():
        seen = VAR.get()
        VAR.set("thread")
        return seen

    VAR.set("caller")
    assert await threads.run(work, limiter=CapacityLimiter(1)) == "caller"
    assert VAR.get() == "caller"


async def test_an_error_leaves_as_it_was_raised():
    error = LookupError("as raised")

    def work():
        raise error

    with pytest.raises(LookupError) as caught:
        await threads.run(work, limiter=CapacityLimiter(1))
    assert caught.value is error


async def test_a_stop_iteration_becomes_a_runtime_error_that_names_the_function():
    def empty():
        return next(iter(()))

    with pytest.raises(RuntimeError, match="empty raised StopIteration") as caught:
        await threads.run(empty, limiter=CapacityLimiter(1))
    assert isinstance(caught.value.__cause__, StopIteration)


async def test_a_stop_iteration_of_a_callable_without_a_name_shows_the_callable():
    with pytest.raises(RuntimeError, match=r"functools.partial\(.*next.* raised StopIteration"):
        await threads.run(partial(next, iter(())), limiter=CapacityLimiter(1))


async def test_a_result_may_be_a_coroutine():
    async def two():
        return 2

    assert await (await threads.run(two, limiter=CapacityLimiter(1))) == 2


async def test_a_full_pool_makes_the_next_call_wait_and_the_wait_can_be_cancelled():
    limiter = CapacityLimiter(1)
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
    limiter = CapacityLimiter(1)
    entered, release = Event(), Event()
    finished = []

    def work():
        entered.set()
        release.wait()
        finished.append(True)

    async with create_task_group() as group:
        group.start_soon(partial(threads.run, work, limiter=limiter))
        await to_thread.run_sync(entered.wait)
        group.cancel_scope.cancel()
        release.set()
    assert finished == [True]
    assert limiter.borrowed_tokens == 0

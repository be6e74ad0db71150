import asyncio
import logging
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import partial
from threading import get_ident

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi import background
from hawkapi.background import BackgroundTasks, settle
from hawkapi.runtime.runtime import Runtime, current
from hawkapi.runtime.tasks import Supervisor


async def test_tasks_run_in_the_order_in_which_they_were_added():
    done = []

    async def later(item):
        await checkpoint()
        done.append(item)

    tasks = BackgroundTasks()
    tasks.add_task(later, 1)
    tasks.add_task(done.append, 2)
    tasks.add_task(later, item=3)
    await tasks.run()
    assert done == [1, 2, 3]


async def test_a_task_gets_its_arguments():
    seen = []

    def task(*args, **kwargs):
        seen.append((args, kwargs))

    tasks = BackgroundTasks()
    tasks.add_task(task, 1, 2, to="user@example.com")
    await tasks.run()
    assert seen == [((1, 2), {"to": "user@example.com"})]


async def test_nothing_runs_before_run():
    done = []
    tasks = BackgroundTasks()
    tasks.add_task(done.append, 1)
    await checkpoint()
    assert done == []


async def test_after_a_run_the_queue_is_empty():
    done = []
    tasks = BackgroundTasks()
    tasks.add_task(done.append, 1)
    await tasks.run()
    await tasks.run()
    assert done == [1]


async def test_a_run_without_tasks_does_nothing():
    await BackgroundTasks().run()


async def test_a_task_that_a_task_adds_runs_too():
    done = []
    tasks = BackgroundTasks()
    tasks.add_task(tasks.add_task, done.append, 1)
    await tasks.run()
    assert done == [1]


class Notifier:
    """Async by its `__call__`."""

    def __init__(self, threads):
        self.threads = threads

    async def __call__(self):
        self.threads.append(get_ident())

    async def method(self):
        self.threads.append(get_ident())


@pytest.mark.parametrize(
    "make",
    [
        lambda n: n,
        lambda n: n.method,
        lambda n: partial(n.method),
        lambda n: partial(partial(n)),
        lambda n: lambda: n(),
    ],
    ids=["object", "method", "partial", "partial of a partial of an object", "sync round async"],
)
async def test_an_async_task_runs_in_the_loop(make):
    threads = []
    tasks = BackgroundTasks()
    tasks.add_task(make(Notifier(threads)))
    await tasks.run()
    assert threads == [get_ident()]


async def test_a_sync_task_runs_in_a_worker_thread_with_the_context_of_the_run():
    var = ContextVar("var", default=None)
    seen = []
    tasks = BackgroundTasks()
    tasks.add_task(lambda: seen.append((get_ident(), var.get())))
    var.set("request")
    await tasks.run()
    [(thread, value)] = seen
    assert thread != get_ident()
    assert value == "request"


async def test_a_sync_task_uses_the_handler_threads_of_the_given_runtime():
    runtime = Runtime()
    borrowed = []
    tasks = BackgroundTasks()
    tasks.add_task(lambda: borrowed.append(runtime.handlers.borrowed_tokens))
    await tasks.run(runtime)
    assert borrowed == [1]


async def test_a_sync_task_uses_the_handler_threads_of_the_loop_by_default():
    limiter = current().handlers
    borrowed = []
    tasks = BackgroundTasks()
    tasks.add_task(lambda: borrowed.append(limiter.borrowed_tokens))
    await tasks.run()
    assert borrowed == [1]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
async def test_an_error_is_logged_with_its_task_and_the_others_still_run(is_async, caplog):
    def fail():
        raise OSError("no mail server")

    async def async_fail():
        fail()

    done = []
    tasks = BackgroundTasks()
    tasks.add_task(async_fail if is_async else fail)
    tasks.add_task(done.append, 1)
    await tasks.run()
    assert done == [1]
    [record] = caplog.records
    assert (record.name, record.levelname) == ("hawkapi", "ERROR")
    assert "fail" in record.getMessage()
    assert isinstance(record.exc_info[1], OSError)


async def test_a_cancellation_passes_and_the_tasks_that_had_not_begun_stay_queued():
    done = []
    tasks = BackgroundTasks()
    tasks.add_task(sleep_forever)
    tasks.add_task(done.append, 1)
    with CancelScope() as scope:
        scope.cancel()
        await tasks.run()
    assert scope.cancelled_caught
    assert done == []
    await tasks.run()
    assert done == [1]


@pytest.mark.parametrize("use_uvloop", [False, True], ids=["asyncio", "uvloop"])
def test_a_native_cancellation_passes(use_uvloop):
    async def main():
        tasks = BackgroundTasks()
        tasks.add_task(sleep_forever)
        task = asyncio.create_task(tasks.run())
        await checkpoint()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    anyio.run(main, backend="asyncio", backend_options={"use_uvloop": use_uvloop})


# settle


@asynccontextmanager
async def alive(grace=60.0):
    """A runtime whose app is alive."""
    runtime = Runtime()
    runtime.supervisor = Supervisor(grace=grace)
    async with runtime.supervisor.run():
        yield runtime


def tasks_of(*functions):
    tasks = BackgroundTasks()
    for fn in functions:
        tasks.add_task(fn)
    return tasks


async def fail():
    raise OSError("no mail server")


async def test_settling_nothing_does_nothing():
    async with alive() as runtime:
        await settle(BackgroundTasks(), {}, runtime)
        assert runtime.supervisor.live == 0


async def test_the_supervisor_takes_the_tasks_and_the_request_ends():
    gate, done = Event(), []

    async with alive() as runtime:
        await settle(tasks_of(gate.wait, partial(done.append, 1)), {}, runtime)
        assert runtime.supervisor.live == 1
        gate.set()
    assert done == [1]


async def test_tasks_outlive_a_cancelled_request():
    done = []

    async def task():
        await checkpoint()
        done.append(1)

    async with alive() as runtime:
        with CancelScope() as request:
            request.cancel()
            await settle(tasks_of(task), {}, runtime)
            await checkpoint()
    assert request.cancelled_caught
    assert done == [1]


async def test_supervised_tasks_have_the_context_of_the_request():
    var = ContextVar("var", default=None)
    seen = []

    async def task():
        seen.append(var.get())

    async with alive() as runtime:
        var.set("request")
        await settle(tasks_of(task), {}, runtime)
        var.set("later")
    assert seen == ["request"]


async def test_a_caller_that_asks_for_it_waits_for_the_tasks():
    done = []

    async def task():
        await checkpoint()
        done.append(1)

    async with alive() as runtime:
        await settle(tasks_of(task), {"extensions": {background.INLINE: {}}}, runtime)
        assert done == [1]


async def test_the_tasks_outlive_a_cancelled_caller_that_waits_too():
    gate, done = Event(), []

    async with alive() as runtime:
        async with create_task_group() as group:
            scope = {"extensions": {background.INLINE: {}}}
            group.start_soon(settle, tasks_of(gate.wait, partial(done.append, 1)), scope, runtime)
            await wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        gate.set()
    assert done == [1]


async def test_a_failure_is_counted_and_logged_with_the_id_of_the_request(caplog):
    async with alive() as runtime:
        await settle(tasks_of(fail), {"request_id": "r-1\n"}, runtime)
    assert runtime.supervisor.errors == 1
    assert caplog.records[0].getMessage().endswith("(request id 'r-1\\n')")


@pytest.fixture(params=["no lifespan", "ended"])
async def dead(request):
    """A runtime whose app is not alive."""
    runtime = Runtime()
    if request.param == "ended":
        runtime.supervisor = Supervisor(grace=0)
    return runtime


async def test_without_a_lifespan_the_tasks_run_before_the_request_ends(dead, caplog):
    done = []
    await settle(tasks_of(fail, partial(done.append, 1)), {}, dead)
    assert done == [1]
    assert "no mail server" in caplog.text


async def test_without_a_lifespan_that_is_said_once(caplog):
    background._say_that_tasks_run_here.cache_clear()
    caplog.set_level(logging.INFO, "hawkapi")
    for _ in range(2):
        await settle(tasks_of(list), {}, Runtime())
    assert [record.levelname for record in caplog.records] == ["INFO"]


async def test_without_a_lifespan_a_cancelled_request_still_runs_its_tasks():
    gate, done = Event(), []

    async with create_task_group() as group:
        group.start_soon(settle, tasks_of(gate.wait, partial(done.append, 1)), {}, Runtime())
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()
        gate.set()
    assert done == [1]


async def test_but_not_for_ever(monkeypatch):
    begin_cleanup = background.begin_cleanup
    monkeypatch.setattr(background, "begin_cleanup", lambda scope: begin_cleanup(scope, 0))
    async with create_task_group() as group:
        group.start_soon(settle, tasks_of(sleep_forever), {}, Runtime())
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()


async def test_what_is_no_exception_leaves_as_it_was_raised():
    class Fatal(BaseException):
        """Like SystemExit."""

    async def task():
        raise Fatal

    with pytest.raises(Fatal):
        await settle(tasks_of(task), {}, Runtime())


@pytest.mark.parametrize("is_alive", [True, False], ids=["lifespan", "no lifespan"])
@pytest.mark.parametrize("nth", range(5))
async def test_a_request_cancelled_at_any_checkpoint_loses_no_task(nth, is_alive):
    """Fault loop: whatever the request was doing when it was cancelled, its tasks are done."""
    done = []

    async def task():
        for _ in range(3):
            await checkpoint()
        done.append(1)

    begun = Event()

    async def request(runtime):
        begun.set()
        await settle(tasks_of(task), {"extensions": {background.INLINE: {}}}, runtime)

    async with alive() as runtime, create_task_group() as group:
        group.start_soon(request, runtime if is_alive else Runtime())
        await begun.wait()
        for _ in range(nth):
            await checkpoint()
        group.cancel_scope.cancel()
    assert done == [1]

import asyncio
from contextvars import ContextVar
from functools import partial
from threading import get_ident

import anyio
import pytest
from anyio import CancelScope, sleep_forever
from anyio.lowlevel import checkpoint

from hawkapi.background import BackgroundTasks
from hawkapi.runtime.runtime import Runtime, current


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

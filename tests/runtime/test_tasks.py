"""The supervisor (runtime.md 3)."""

import asyncio
from contextvars import Context, ContextVar
from functools import partial

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.runtime.tasks import Supervisor

var = ContextVar("var", default="unset")


def supervisor(grace=60.0):
    return Supervisor(grace=grace)


async def test_a_task_runs_with_its_arguments():
    done = []

    async def task(*args):
        done.append(args)

    async with supervisor().run() as tasks:
        tasks.spawn(task, 1, 2)
    assert done == [(1, 2)]


async def test_a_task_outlives_a_cancelled_caller():
    done = []

    async def task():
        await checkpoint()
        done.append(1)

    async with supervisor().run() as tasks:
        with CancelScope() as request:
            request.cancel()
            tasks.spawn(task)
            await checkpoint()
    assert request.cancelled_caught
    assert done == [1]


async def test_an_error_is_logged_counted_and_harms_no_other(caplog):
    gate, done = Event(), []

    async def fail():
        raise OSError("no mail server")

    async def wait():
        await gate.wait()
        done.append(1)

    async with supervisor().run() as tasks:
        tasks.spawn(wait)
        tasks.spawn(fail, name="the mailer")
        await wait_all_tasks_blocked()
        assert (tasks.live, tasks.errors, tasks.cancelled) == (1, 1, 0)
        gate.set()
    assert done == [1]
    [record] = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == ("hawkapi", "ERROR", "the task the mailer failed")
    assert str(record.exc_info[1]) == "no mail server"


@pytest.mark.parametrize("make", [lambda fail: fail, partial], ids=["function", "partial"])
async def test_a_task_without_a_name_is_logged_by_that_of_its_function(make, caplog):
    async def fail():
        raise OSError

    async with supervisor().run() as tasks:
        tasks.spawn(make(fail))
    assert "fail" in caplog.records[0].getMessage()


async def test_a_task_has_the_context_variables_of_its_caller():
    seen = []

    async def task():
        seen.append(var.get())
        var.set("of the task")

    async with supervisor().run() as tasks:
        var.set("of the request")
        tasks.spawn(task)
        await wait_all_tasks_blocked()
    assert seen == ["of the request"]
    assert var.get() == "of the request"


async def test_a_task_may_have_a_context_of_its_own():
    seen = []

    async def task():
        await checkpoint()
        seen.append(var.get())

    async with supervisor().run() as tasks:
        var.set("of the request")
        tasks.spawn(task, context=Context())
    assert seen == ["unset"]


async def test_nothing_can_be_spawned_before_the_run():
    with pytest.raises(RuntimeError, match="the task mail cannot start"):
        supervisor().spawn(checkpoint, name="mail")


async def test_nothing_can_be_spawned_once_it_is_closed():
    async with supervisor().run() as tasks:
        assert tasks.running
        await tasks.close()
        assert not tasks.running
        with pytest.raises(RuntimeError, match="ending"):
            tasks.spawn(checkpoint)


async def test_a_task_cannot_spawn_during_the_grace():
    refused = []
    tasks = supervisor()

    async def task():
        await closing.wait()
        await checkpoint()
        try:
            tasks.spawn(checkpoint)
        except RuntimeError:
            refused.append(1)

    closing = Event()
    async with tasks.run():
        tasks.spawn(task)
        closing.set()
        await tasks.close()
    assert refused == [1]


async def test_closing_waits_for_tasks():
    gate, done = Event(), []

    async def task():
        await gate.wait()
        done.append(1)

    async with create_task_group() as group, supervisor().run() as tasks:
        tasks.spawn(task)
        group.start_soon(tasks.close)
        await wait_all_tasks_blocked()
        assert done == []
        gate.set()
        await wait_all_tasks_blocked()
        assert done == [1]
    assert tasks.cancelled == 0


async def test_after_the_grace_tasks_are_cancelled_counted_and_cleaned_up(caplog):
    cleaned = []

    async def task():
        try:
            await sleep_forever()
        finally:
            cleaned.append(1)

    async with supervisor(grace=0).run() as tasks:
        tasks.spawn(task)
        tasks.spawn(task)
        await wait_all_tasks_blocked()
        await tasks.close()
        assert cleaned == [1, 1]
        assert (tasks.live, tasks.errors, tasks.cancelled) == (0, 0, 2)
    assert "2 background tasks were cancelled after 0 s" in caplog.text


async def test_what_serves_is_not_waited_for_and_not_counted():
    async with supervisor().run() as tasks:
        tasks.spawn(sleep_forever, serves=True)
        await wait_all_tasks_blocked()
        assert tasks.live == 0
    assert tasks.cancelled == 0


async def test_what_serves_goes_on_while_tasks_are_waited_for():
    request, answer, done = Event(), Event(), []

    async def serve():
        await request.wait()
        answer.set()
        await sleep_forever()

    async def task():
        await wait_all_tasks_blocked()
        request.set()
        await answer.wait()
        done.append(1)

    async with supervisor().run() as tasks:
        tasks.spawn(serve, serves=True)
        tasks.spawn(task)
    assert done == [1]


async def test_tasks_get_the_grace_when_the_supervisor_is_being_cancelled():
    done, gate = [], Event()

    async def task():
        await gate.wait()
        await checkpoint()
        done.append(1)

    with CancelScope() as scope:
        async with supervisor().run() as tasks:
            tasks.spawn(task)
            scope.cancel()
            gate.set()
            await sleep_forever()
    assert done == [1]
    assert scope.cancelled_caught


async def test_an_error_in_the_block_leaves_it_as_it_was_raised():
    with pytest.raises(LookupError, match="mine"):
        async with supervisor().run() as tasks:
            tasks.spawn(sleep_forever, serves=True)
            raise LookupError("mine")


async def test_what_is_no_exception_ends_the_supervisor():
    class Fatal(BaseException):
        """Like SystemExit."""

    async def task():
        raise Fatal

    with pytest.raises(Fatal):
        async with supervisor().run() as tasks:
            tasks.spawn(task)
            await sleep_forever()


async def test_it_may_run_again():
    tasks, done = supervisor(), []

    async def task():
        done.append(1)

    for _ in range(2):
        async with tasks.run():
            tasks.spawn(task)
    assert done == [1, 1]


@pytest.mark.parametrize("use_uvloop", [False, True], ids=["asyncio", "uvloop"])
def test_a_native_cancellation_in_the_grace_cancels_the_tasks(use_uvloop):
    cleaned = []

    async def task():
        try:
            await sleep_forever()
        finally:
            cleaned.append(1)

    async def main():
        async def host():
            async with supervisor().run() as tasks:
                tasks.spawn(task)
                await wait_all_tasks_blocked()

        running = asyncio.create_task(host())
        await wait_all_tasks_blocked()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert cleaned == [1]

    anyio.run(main, backend="asyncio", backend_options={"use_uvloop": use_uvloop})


@pytest.mark.parametrize("nth", range(1, 6))
async def test_a_task_that_fails_at_any_checkpoint_leaves_nothing_behind(nth, caplog):
    """Fault loop: the next task is run, whatever became of this one."""
    done = []

    async def task():
        for place in range(5):
            await checkpoint()
            if place + 1 == nth:
                raise OSError(str(nth))

    async def next_task():
        done.append(1)

    async with supervisor().run() as tasks:
        tasks.spawn(task)
        await wait_all_tasks_blocked()
        assert (tasks.live, tasks.errors) == (0, 1)
        tasks.spawn(next_task)
    assert done == [1]

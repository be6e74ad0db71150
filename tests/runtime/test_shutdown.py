"""The steps of a shutdown (runtime.md 6)."""

import asyncio

import anyio
import pytest
from anyio import CancelScope, create_task_group, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.runtime.shutdown import Steps


def raiser(error):
    async def fail():
        await checkpoint()
        raise error

    return fail


class Done(list):
    """Steps that leave a trace."""

    def step(self, name):
        async def run():
            await checkpoint()
            self.append(name)

        return run


async def test_steps_run_one_after_the_other():
    done, steps = Done(), Steps()
    with steps.scope:
        await steps.run("first", done.step(1), 60)
        await steps.run("second", done.step(2), 60)
    steps.end()
    assert done == [1, 2]


async def test_an_error_is_logged_and_the_next_step_runs(caplog):
    done, steps = Done(), Steps()
    with steps.scope:
        await steps.run("the hook", raiser(OSError("x")), 60)
        await steps.run("second", done.step(2), 60)
    steps.end()
    assert done == [2]
    assert caplog.records[0].getMessage() == "the hook failed"


async def test_each_step_that_overruns_is_given_up_and_the_next_one_has_its_whole_time(caplog):
    done, steps = Done(), Steps()
    with steps.scope:
        await steps.run("slow", sleep_forever, 0)
        await steps.run("quick", done.step(2), 60)
        await steps.run("slow too", sleep_forever, 0)
        await steps.run("last", done.step(4), 60)
    assert done == [2, 4]
    assert [record.getMessage() for record in caplog.records] == [
        "slow was given up after 0 s",
        "slow too was given up after 0 s",
    ]
    assert not steps.scope.cancelled_caught


async def test_a_step_may_leave_a_task_group_that_the_start_entered():
    done, steps = Done(), Steps()
    with steps.scope:
        group = create_task_group()
        await group.__aenter__()
        group.start_soon(sleep_forever)

        async def leave():
            group.cancel_scope.cancel()
            await group.__aexit__(None, None, None)

        await steps.run("leave", leave, 60)
        await steps.run("next", done.step(2), 60)
    assert done == [2]


async def test_a_task_group_that_overruns_is_left_with_its_tasks(caplog):
    steps = Steps()
    with steps.scope:
        group = create_task_group()
        await group.__aenter__()
        group.start_soon(sleep_forever)
        await steps.run("leave", lambda: group.__aexit__(None, None, None), 0)
    assert "leave was given up" in caplog.text


async def test_an_error_beside_the_cancellation_is_logged(caplog):
    steps = Steps()

    async def fail_when_cancelled():
        try:
            await sleep_forever()
        finally:
            raise OSError("in the cleanup")

    async def step():
        async with create_task_group() as group:
            group.start_soon(fail_when_cancelled)
            await sleep_forever()

    with steps.scope:
        await steps.run("the hook", step, 0)
    assert "in the cleanup" in caplog.text
    assert "the hook failed" in caplog.text


async def test_a_cancelled_scope_that_the_app_holds_ends_a_step_and_not_the_shutdown():
    done, steps = Done(), Steps()
    with steps.scope:
        theirs = CancelScope()
        theirs.__enter__()
        theirs.cancel()

        async def leave():
            theirs.__exit__(None, None, None)

        await steps.run("cut off", sleep_forever, 60)
        await steps.run("leave", leave, 60)
        await steps.run("last", done.step(3), 60)
    steps.end()
    assert done == [3]


async def test_what_is_no_exception_is_raised_at_the_end():
    class Fatal(BaseException):
        """Like SystemExit."""

    done, steps = Done(), Steps()
    with steps.scope:
        await steps.run("fatal", raiser(Fatal()), 60)
        await steps.run("second", done.step(2), 60)
    assert done == [2]
    with pytest.raises(Fatal):
        steps.end()


@pytest.mark.parametrize("use_uvloop", [False, True], ids=["asyncio", "uvloop"])
def test_a_native_cancellation_ends_a_step_and_is_raised_at_the_end(use_uvloop):
    async def main():
        done, steps = Done(), Steps()

        async def stop():
            with steps.scope:
                await steps.run("first", sleep_forever, 60)
                await steps.run("second", done.step(2), 60)
            steps.end()

        task = asyncio.create_task(stop())
        await wait_all_tasks_blocked()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done == [2]

    anyio.run(main, backend="asyncio", backend_options={"use_uvloop": use_uvloop})

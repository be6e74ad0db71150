import sys
from math import inf
from pdb import Pdb
from types import SimpleNamespace

import pytest
from anyio import CancelScope, create_task_group, get_cancelled_exc_class, sleep_forever
from anyio.lowlevel import checkpoint

from hawkapi.runtime import deadlines
from hawkapi.runtime.deadlines import TimeExceeded, TimeLimit, begin_cleanup, shielded, under_debugger


async def test_a_cancellation_from_outside_does_not_reach_a_shielded_block():
    done = []
    with CancelScope() as scope:
        scope.cancel()
        with shielded():
            await checkpoint()
            done.append(True)
    assert done == [True]


async def test_a_shielded_block_ends_at_its_deadline():
    with shielded(0) as scope:
        await sleep_forever()
    assert scope.cancelled_caught


async def test_an_open_scope_becomes_a_shield_for_the_cleanup_of_scopes_inside_it():
    done = []
    with CancelScope() as outer:
        with CancelScope() as scope:
            inner = CancelScope()
            inner.__enter__()
            outer.cancel()
            with pytest.raises(get_cancelled_exc_class()):
                await checkpoint()
            begin_cleanup(scope)
            await checkpoint()
            inner.__exit__(None, None, None)
            await checkpoint()
            done.append(True)
    assert done == [True]


async def test_an_open_scope_that_cleans_up_ends_at_its_deadline():
    with CancelScope() as scope:
        begin_cleanup(scope, 0)
        await sleep_forever()
    assert scope.cancelled_caught


async def test_a_block_is_cut_off_when_its_time_is_over():
    cleaned = []

    async def work():
        try:
            await sleep_forever()
        finally:
            cleaned.append(True)

    with pytest.raises(TimeExceeded, match=r"exceeded its time limit of 0.001s") as caught, TimeLimit(0.001):
        await work()
    assert (caught.value.seconds, caught.value.__cause__, cleaned) == (0.001, None, [True])


async def test_a_block_within_its_time_passes_with_its_error_as_raised():
    with TimeLimit(60):
        await checkpoint()
    error = TimeoutError("of the user")
    with pytest.raises(TimeoutError) as caught, TimeLimit(60):
        raise error
    assert caught.value is error


async def test_the_deadline_is_told_in_monotonic_seconds(clock):
    assert TimeLimit(60).deadline == clock.now + 60


async def test_a_block_that_did_not_await_has_exceeded_its_time_as_well(clock):
    with pytest.raises(TimeExceeded) as caught, TimeLimit(60):
        clock.now += 60
    assert caught.value.__cause__ is None


async def test_an_error_after_the_time_was_over_is_the_cause(clock):
    error = LookupError("late")

    def work():
        clock.now += 60
        raise error

    with pytest.raises(TimeExceeded) as caught, TimeLimit(60):
        work()
    assert caught.value.__cause__ is error


async def test_what_else_was_in_a_group_that_was_cut_off_is_the_cause():
    async def fail_when_cancelled():
        try:
            await sleep_forever()
        finally:
            raise LookupError("late")

    async def work():
        async with create_task_group() as group:
            group.start_soon(fail_when_cancelled)
            await sleep_forever()

    with pytest.raises(TimeExceeded) as caught, TimeLimit(0.001):
        await work()
    assert isinstance(caught.value.__cause__, ExceptionGroup)


async def test_a_cancellation_from_outside_passes_even_after_the_time(clock):
    with CancelScope() as scope:
        with TimeLimit(60):
            clock.now += 60
            scope.cancel()
            await sleep_forever()
    assert scope.cancelled_caught


def test_nobody_steps_through_the_tests(monkeypatch):
    monkeypatch.setattr(sys, "gettrace", lambda: None)
    assert not under_debugger()


def test_a_debugger_of_an_editor_is_known_by_its_module(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydevd", sys)
    assert under_debugger()


def test_pdb_is_known_by_its_tracer(monkeypatch):
    monkeypatch.setattr(sys, "gettrace", lambda: Pdb().trace_dispatch)
    assert under_debugger()


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(deadlines, "monotonic", lambda: clock.now)
    return clock


async def test_a_limit_that_was_kept_can_be_lifted():
    with TimeLimit(60) as limit:
        limit.lift()
    assert limit.deadline == inf


async def test_a_limit_that_was_not_kept_cannot_be_lifted(monkeypatch):
    with pytest.raises(TimeExceeded), TimeLimit(60) as limit:
        limit.deadline = 0.0
        limit.lift()

import gc
import weakref

import pytest
from anyio import CancelScope, create_task_group, get_cancelled_exc_class, sleep_forever

from hawkapi.runtime.groups import unwrap


async def fail(error):
    raise error


def test_a_block_without_an_error_ends_quietly():
    with unwrap():
        pass


def test_an_error_that_is_no_group_leaves_as_it_is():
    error = ValueError("plain")
    with pytest.raises(ValueError, match="plain") as caught, unwrap():
        raise error
    assert caught.value is error


async def test_the_error_of_a_child_leaves_a_task_group_as_it_was_raised():
    error = ValueError("child")
    with pytest.raises(ValueError, match="child") as caught, unwrap():
        async with create_task_group() as group:
            group.start_soon(fail, error)
    assert caught.value is error


async def test_the_error_of_the_body_leaves_nested_task_groups_as_it_was_raised():
    error = ValueError("body")
    with pytest.raises(ValueError, match="body") as caught, unwrap():
        async with create_task_group(), create_task_group():
            raise error
    assert caught.value is error


def test_a_group_with_two_members_stays_a_group():
    group = ExceptionGroup("two", [ValueError(), KeyError()])
    with pytest.raises(ExceptionGroup) as caught, unwrap():
        raise group
    assert caught.value is group


async def test_a_users_group_with_two_members_loses_only_what_we_wrapped_round_it():
    group = ExceptionGroup("two", [ValueError(), KeyError()])
    with pytest.raises(ExceptionGroup) as caught, unwrap():
        async with create_task_group():
            raise group
    assert (caught.value.message, caught.value.exceptions) == ("two", group.exceptions)


async def test_a_base_exception_is_unwrapped_too():
    with pytest.raises(SystemExit), unwrap():
        raise BaseExceptionGroup("one", [SystemExit(3)])


def test_cause_and_context_are_kept():
    cause, context = KeyError("cause"), KeyError("context")
    error = ValueError("leaf")
    error.__cause__, error.__context__, error.__suppress_context__ = cause, context, False
    with pytest.raises(ValueError, match="leaf"), unwrap():
        raise ExceptionGroup("one", [error])
    assert error.__cause__ is cause
    assert error.__context__ is context
    assert error.__suppress_context__ is False


async def test_an_error_beside_a_cancellation_leaves_alone():
    async def wait():
        await sleep_forever()

    with CancelScope() as scope, pytest.raises(ValueError, match="leaf"), unwrap():
        async with create_task_group() as group:
            group.start_soon(wait)
            scope.cancel()
            raise ValueError("leaf")


async def test_of_a_group_the_cancellation_is_left_out():
    with CancelScope() as scope:
        scope.cancel()
        try:
            await sleep_forever()
        except get_cancelled_exc_class() as exc:
            cancelled = exc
        with pytest.raises(ValueError, match="leaf"), unwrap():
            raise BaseExceptionGroup("two", [cancelled, ExceptionGroup("one", [ValueError("leaf")])])


class Leaf(ValueError):
    pass


def test_unwrapping_makes_no_reference_cycle():
    alive = []

    def leaf():
        error = Leaf()
        alive.append(weakref.ref(error))
        return error

    gc.disable()  # what it would collect must be gone by itself
    try:
        try:
            with unwrap():
                raise ExceptionGroup("one", [leaf()])
        except Leaf:
            pass
        assert alive[0]() is None
    finally:
        gc.enable()

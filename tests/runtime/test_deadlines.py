import pytest
from anyio import CancelScope, get_cancelled_exc_class, sleep_forever
from anyio.lowlevel import checkpoint

from hawkapi.runtime.deadlines import begin_cleanup, shielded


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

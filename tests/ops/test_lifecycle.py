"""Where an app is between its start and its end (ops.md 2)."""

import anyio
import pytest
from anyio import create_task_group, wait_all_tasks_blocked

from hawkapi.ops.lifecycle import Lifecycle, LifecycleState

FORWARD = {
    "ready": Lifecycle.ready,
    "draining": Lifecycle.begin_drain,
    "stopping": Lifecycle.begin_stop,
    "stopped": Lifecycle.stopped,
}


def in_state(state):
    lifecycle = Lifecycle()
    for name, advance in FORWARD.items():
        if lifecycle.state == state:
            break
        advance(lifecycle)
        assert lifecycle.state == name
    return lifecycle


def test_the_states_are_named_in_lower_case():
    assert [str(state) for state in LifecycleState] == [
        "starting",
        "ready",
        "draining",
        "stopping",
        "stopped",
        "failed",
    ]


def test_a_life_begins_with_starting():
    assert Lifecycle().state is LifecycleState.STARTING


@pytest.mark.parametrize("now", ["starting", *FORWARD])
@pytest.mark.parametrize("name", FORWARD)
def test_a_life_goes_forward_only(now, name):
    lifecycle = in_state(now)
    FORWARD[name](lifecycle)
    order = ["starting", *FORWARD]
    assert lifecycle.state == max(now, name, key=order.index)


@pytest.mark.parametrize("now", ["starting", *FORWARD])
def test_a_failure_ends_a_life_in_any_state(now):
    lifecycle = in_state(now)
    lifecycle.fail("no database")
    for advance in FORWARD.values():
        advance(lifecycle)
    assert (lifecycle.state, lifecycle.reason) == ("failed", "no database")


def test_the_first_reason_stays():
    lifecycle = Lifecycle()
    lifecycle.fail("first")
    lifecycle.fail("second")
    assert lifecycle.reason == "first"


def test_since_is_when_the_state_began():
    now = 1.0
    lifecycle = Lifecycle(clock=lambda: now)
    assert lifecycle.since == 1.0
    now = 2.0
    lifecycle.ready()
    now = 3.0
    lifecycle.ready()
    assert lifecycle.since == 2.0


@pytest.mark.parametrize("state", [*FORWARD, "failed"])
def test_a_further_life_begins_anew(state):
    lifecycle = in_state(state)
    if state == "failed":
        lifecycle.fail("x")
    lifecycle.restart()
    assert lifecycle.state == "starting"
    assert not lifecycle.draining
    assert lifecycle.reason is None
    lifecycle.ready()
    assert lifecycle.state == "ready"


@pytest.mark.parametrize("state", ["draining", "stopping", "stopped"])
def test_draining_is_true_from_the_drain_on(state):
    assert in_state(state).draining


@pytest.mark.parametrize("state", ["starting", "ready"])
def test_draining_is_false_before(state):
    assert not in_state(state).draining


def test_a_failed_app_may_still_drain():
    lifecycle = Lifecycle()
    lifecycle.fail("x")
    assert not lifecycle.draining
    lifecycle.begin_drain()
    assert lifecycle.draining


def test_callbacks_run_in_the_moment_of_the_first_beginning_in_every_life():
    lifecycle, states = Lifecycle(), []
    lifecycle.on_begin(lambda: states.append(lifecycle.state))
    lifecycle.begin_drain()
    lifecycle.begin_drain()
    lifecycle.restart()
    lifecycle.begin_stop()
    assert states == ["draining", "draining"]


def test_the_delay_is_what_the_first_beginning_said():
    lifecycle = Lifecycle()
    lifecycle.begin_drain(5.0)
    lifecycle.begin_drain()
    assert lifecycle.delay == 5.0
    lifecycle.restart()
    assert lifecycle.delay == 0.0


async def test_waiting_for_the_drain_ends_when_it_is_published():
    lifecycle, woken = Lifecycle(), []

    async def wait():
        await lifecycle.draining
        woken.append(1)

    async with create_task_group() as group:
        group.start_soon(wait)
        group.start_soon(wait)
        await wait_all_tasks_blocked()
        lifecycle.publish()
        await wait_all_tasks_blocked()
        lifecycle.begin_drain()
        await wait_all_tasks_blocked()
        assert woken == []
        lifecycle.publish()
    assert woken == [1, 1]


async def test_who_waits_after_the_beginning_goes_on_at_once():
    lifecycle = in_state("draining")
    await lifecycle.draining
    lifecycle.publish()


async def test_who_waits_across_a_life_is_told_of_the_drain_of_the_next():
    lifecycle = Lifecycle()

    async with create_task_group() as group:

        async def wait():
            await lifecycle.draining

        group.start_soon(wait)
        await wait_all_tasks_blocked()
        lifecycle.begin_drain()
        lifecycle.restart()
        lifecycle.begin_drain()
        lifecycle.publish()


def test_one_lifecycle_serves_several_loops_in_turn():
    lifecycle = Lifecycle()

    async def once():
        lifecycle.restart()
        async with create_task_group() as group:

            async def wait():
                await lifecycle.draining

            group.start_soon(wait)
            await wait_all_tasks_blocked()
            lifecycle.begin_drain()
            lifecycle.publish()

    for backend in ("asyncio", "trio", "asyncio"):
        anyio.run(once, backend=backend)

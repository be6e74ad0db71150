"""Background workers: restarts, back-off, and what they see (demands: supervised long-running tasks)."""

from contextvars import ContextVar

import pytest
from anyio import Event, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.runtime.tasks import Supervisor
from hawkapi.runtime.workers import Background, Backoff

var = ContextVar("var", default="unset")


class Clock:
    """Time that passes while somebody sleeps, or when a worker says so."""

    def __init__(self):
        self.now = 0.0
        self.sleeps = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        await checkpoint()
        self.sleeps.append(seconds)
        self.now += seconds


class Life:
    """An app's background in a running supervisor."""

    def __init__(self, grace=60.0):
        self.clock = Clock()
        self.supervisor = Supervisor(grace=grace)
        self.background = Background(
            lambda: self.supervisor, clock=self.clock, sleep=self.clock.sleep, jitter=lambda: 1.0
        )

    async def run(self, fn, **options):
        """Run a worker until it does nothing any more."""
        async with self.supervisor.run():
            worker = self.background.start(fn, **options)
            await wait_all_tasks_blocked()
        return worker


class Script:
    """A worker whose runs end as scripted; then it stays."""

    def __init__(self, *ends, clock=None, seconds=0.0):
        self.ends = list(ends)
        self.clock, self.seconds = clock, seconds
        self.runs = 0

    async def __call__(self):
        self.runs += 1
        await checkpoint()
        if self.clock is not None:
            self.clock.now += self.seconds
        if not self.ends:
            await sleep_forever()
        end = self.ends.pop(0)
        if end is not None:
            raise end


async def test_a_worker_runs_with_its_arguments_and_is_cancelled_at_the_stop():
    seen = []

    async def work(*args):
        seen.append(args)
        try:
            await sleep_forever()
        finally:
            seen.append("cancelled")

    life = Life()
    async with life.supervisor.run():
        worker = life.background.start(work, 1, 2)
        await wait_all_tasks_blocked()
        assert worker.running
    assert seen == [(1, 2), "cancelled"]
    assert not worker.running
    assert life.supervisor.cancelled == 0


async def test_a_worker_that_finishes_gets_the_grace():
    draining, done = Event(), []

    async def work():
        await draining.wait()
        await checkpoint()
        done.append(1)

    life = Life()
    async with life.supervisor.run():
        life.background.start(work, finishes=True)
        await wait_all_tasks_blocked()
        draining.set()
    assert done == [1]


async def test_a_worker_that_fails_is_run_again(caplog):
    script, life = Script(OSError("one"), OSError("two")), Life()
    worker = await life.run(script, name="mail")
    assert script.runs == 3
    assert worker.restarts == 2
    assert str(worker.error) == "two"
    assert life.supervisor.errors == 2
    assert [record.getMessage() for record in caplog.records] == ["the worker mail failed"] * 2


async def test_a_worker_that_returns_is_done():
    script = Script(None, None)
    assert (await Life().run(script)).restarts == 0
    assert script.runs == 1


@pytest.mark.parametrize("end", [None, OSError()], ids=["returned", "failed"])
async def test_always_runs_it_again_in_any_case(end, caplog):
    script = Script(end)
    await Life().run(script, restart="always")
    assert script.runs == 2


@pytest.mark.parametrize("end", [None, OSError()], ids=["returned", "failed"])
async def test_never_runs_it_once(end, caplog):
    script = Script(end, None)
    await Life().run(script, restart="never")
    assert script.runs == 1


async def test_each_wait_is_longer_up_to_a_cap(caplog):
    life = Life()
    await life.run(Script(*[OSError()] * 5), backoff=Backoff(first=1, factor=3, most=10))
    assert life.clock.sleeps == [1, 3, 9, 10, 10]


async def test_the_jitter_shortens_a_wait(caplog):
    life = Life()
    life.background._jitter = lambda: 0.5
    await life.run(Script(OSError()), backoff=Backoff(first=2))
    assert life.clock.sleeps == [1.0]


def test_by_default_the_jitter_lies_between_a_half_and_one():
    jitter = Background(lambda: None)._jitter
    assert all(0.5 <= jitter() <= 1.0 for _ in range(100))


async def test_a_healthy_run_begins_the_waits_anew(caplog):
    life = Life()
    script = Script(*[OSError()] * 3, clock=life.clock, seconds=5)
    await life.run(script, backoff=Backoff(first=1, healthy=5))
    assert life.clock.sleeps == [1, 1, 1]


async def test_a_worker_is_given_up_after_so_many_restarts_in_a_row(caplog):
    script = Script(*[OSError()] * 5)
    worker = await Life().run(script, name="mail", max_restarts=2)
    assert script.runs == 3
    assert worker.restarts == 2
    assert "the worker mail is given up after 2 restarts in a row" in caplog.text


async def test_a_healthy_run_is_no_restart_in_a_row(caplog):
    life = Life()
    script = Script(*[OSError()] * 3, clock=life.clock, seconds=60)
    await life.run(script, max_restarts=1)
    assert script.runs == 4


async def test_no_restarts_at_all(caplog):
    script = Script(OSError())
    await Life().run(script, max_restarts=0)
    assert script.runs == 1


async def test_a_failing_worker_harms_no_other(caplog):
    life, done = Life(), []
    gate = Event()

    async def healthy():
        await gate.wait()
        done.append(1)

    async with life.supervisor.run():
        life.background.start(healthy)
        life.background.start(Script(OSError()), max_restarts=0)
        await wait_all_tasks_blocked()
        gate.set()
        await wait_all_tasks_blocked()
    assert done == [1]


async def test_a_worker_that_ends_during_the_grace_is_not_run_again(caplog):
    runs = []
    draining = Event()

    async def work():
        runs.append(1)
        await draining.wait()
        await checkpoint()
        raise OSError

    life = Life()
    async with life.supervisor.run():
        life.background.start(work, finishes=True, restart="always")
        await wait_all_tasks_blocked()
        draining.set()
    assert runs == [1]
    assert life.clock.sleeps == []


async def test_a_worker_has_none_of_the_callers_context_variables():
    seen = []

    async def work():
        seen.append(var.get())

    var.set("of the request")
    await Life().run(work)
    assert seen == ["unset"]


async def test_what_is_asked_for_before_a_life_is_started_in_each():
    supervisor, runs = None, []

    async def work(what):
        runs.append(what)

    background = Background(lambda: supervisor)
    background.start(work, "early")
    for _ in range(2):
        current = Supervisor(grace=60)
        async with current.run():
            background.start_remembered(current)
            await wait_all_tasks_blocked()
    assert runs == ["early", "early"]


def test_a_sync_function_is_refused_with_the_way_out():
    with pytest.raises(TypeError, match=r"print .*anyio\.to_thread\.run_sync"):
        Background(lambda: None).start(print)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"restart": "sometimes"}, "restart must be one of on-failure, always, never, not 'sometimes'"),
        ({"max_restarts": -1}, "max_restarts must be 0 or more, not -1"),
    ],
    ids=["restart", "max_restarts"],
)
def test_a_policy_that_is_none_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Background(lambda: None).start(checkpoint, **options)


@pytest.mark.parametrize("options", [{"first": -1}, {"first": 2, "most": 1}, {"factor": 0.5}, {"healthy": -1}], ids=str)
def test_a_backoff_that_makes_no_sense_is_refused(options):
    with pytest.raises(ValueError, match="a back-off needs"):
        Backoff(**options)


def test_a_backoff_after_very_many_restarts_is_its_cap():
    assert Backoff(most=7).wait(100_000) == 7

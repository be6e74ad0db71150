"""Made once, whatever is asked at the same time, and in whatever loop."""

from contextvars import ContextVar
from functools import partial
from itertools import product
from threading import Event as ThreadEvent
from threading import Thread

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, to_thread, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.di import Container
from hawkapi.di.once import Once

TIMEOUT = 20


class Database: ...


class SlowFactory:
    """Makes one database when told to, and counts."""

    def __init__(self, made=Database):
        self.begun, self._made = 0, made
        self.gate = Event()

    async def __call__(self):
        self.begun += 1
        await self.gate.wait()
        return self._made()


async def ask(resolve, times, factory):
    """Ask concurrently, before anything is made; gives all answers."""
    answers = []

    async def asker():
        answers.append(await resolve())

    async with create_task_group() as group:
        for _ in range(times):
            group.start_soon(asker)
        await wait_all_tasks_blocked()
        factory.gate.set()
    return answers


@pytest.mark.parametrize("made", [Database, lambda: None])
async def test_a_singleton_is_made_once_for_50_who_ask_first(made):
    factory = SlowFactory(made)
    container = Container()
    container.singleton(Database, factory=factory)
    answers = await ask(lambda: container.resolve(Database), 50, factory)
    assert factory.begun == 1
    assert len(answers) == 50
    assert all(answer is answers[0] for answer in answers)


async def test_a_scoped_service_is_made_once_for_the_tasks_of_a_scope():
    factory = SlowFactory()
    container = Container()
    container.scoped(Database, factory=factory)
    async with container.scope() as scope:
        answers = await ask(lambda: scope.resolve(Database), 2, factory)
    assert factory.begun == 1
    assert answers[0] is answers[1]


def test_a_container_serves_event_loops_in_turn(hawk_backend):
    async def serve(name):
        factory = SlowFactory()
        container.singleton(Database, name=name, factory=factory)
        answers = await ask(partial(container.resolve, Database, name), 50, factory)
        assert factory.begun == 1
        assert len(set(answers)) == 1
        return answers[0]

    async def both():
        return await container.resolve(Database, "first"), await container.resolve(Database, "second")

    container = Container()
    backend, options = hawk_backend
    first = anyio.run(serve, "first", backend=backend, backend_options=options)
    second = anyio.run(serve, "second", backend="trio")
    assert anyio.run(both, backend="asyncio") == (first, second)


def test_a_singleton_that_failed_in_one_loop_is_made_in_another(hawk_backend):
    async def fail():
        await checkpoint()
        raise OSError("not in this loop")

    async def both_fail():
        async with create_task_group() as group:
            group.start_soon(expect_failure)
            group.start_soon(expect_failure)

    async def expect_failure():
        with pytest.raises(OSError, match="not in this loop"):
            await container.resolve(Database)

    container, attempts = Container(), [fail, fail, Database]
    container.singleton(Database, factory=lambda: attempts.pop(0)())
    backend, options = hawk_backend
    anyio.run(both_fail, backend=backend, backend_options=options)
    assert isinstance(anyio.run(container.resolve, Database, backend=backend, backend_options=options), Database)


@pytest.mark.parametrize("other", ["asyncio", "trio"])
@pytest.mark.parametrize("fails", [False, True])
def test_two_loops_that_ask_at_once_make_one(hawk_backend, other, fails):
    begun, go = ThreadEvent(), ThreadEvent()
    made = []

    async def factory():
        made.append(object())
        if len(made) == 1:
            begun.set()
            await to_thread.run_sync(go.wait, TIMEOUT)
            if fails:
                raise OSError("in the first loop")
        return made[-1]

    async def first():
        try:
            answers.append(await container.resolve(Database))
        except OSError:
            answers.append(None)

    async def second():
        async with create_task_group() as group:
            group.start_soon(ask_in_second)
            await wait_all_tasks_blocked()
            go.set()

    async def ask_in_second():
        answers.append(await container.resolve(Database))

    container, answers = Container(), []
    container.singleton(Database, factory=factory)
    backend, options = hawk_backend
    threads = [
        Thread(target=partial(anyio.run, first, backend=backend, backend_options=options)),
        Thread(target=partial(anyio.run, second, backend=other)),
    ]
    threads[0].start()
    assert begun.wait(TIMEOUT)
    threads[1].start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert len(made) == (2 if fails else 1)
    assert set(answers) == ({None, made[1]} if fails else {made[0]})


def test_a_loop_that_is_gone_is_not_waited_for(hawk_backend):
    async def abandon():
        async def never(_):
            await Event().wait()

        async def wait_unseen():
            await once.get(never, None)

        async with create_task_group() as group:
            group.start_soon(wait_unseen)
            await wait_all_tasks_blocked()
            group.start_soon(wait_unseen)
            await wait_all_tasks_blocked()
            forgotten.update(once._waiting)
            group.cancel_scope.cancel()

    async def make():
        once._waiting.update(forgotten)  # as if that loop had been stopped in the middle
        return await once.get(give, "made")

    async def give(given):
        return given

    once, forgotten = Once(), {}
    backend, options = hawk_backend
    anyio.run(abandon, backend=backend, backend_options=options)
    assert len(forgotten) == 1
    assert anyio.run(make, backend=backend, backend_options=options) == "made"


async def test_those_who_give_up_waiting_leave_nothing_behind():
    async def make(_):
        await gate.wait()
        return "made"

    once, gate = Once(), Event()
    async with create_task_group() as group:
        group.start_soon(once.get, make, None)
        await wait_all_tasks_blocked()
        async with create_task_group() as impatient:
            impatient.start_soon(once.get, make, None)
            await wait_all_tasks_blocked()
            assert len(once._waiting) == 1
            impatient.cancel_scope.cancel()
        assert once._waiting == {}
        gate.set()
    assert once.value == "made"


asker: ContextVar[int] = ContextVar("asker")


@pytest.mark.parametrize("outcomes", list(product(["fails", "is cancelled"], repeat=3)), ids=" then ".join)
async def test_whatever_becomes_of_those_who_make_it_one_of_those_who_wait_does(outcomes):
    """Each one who makes the value fails in its way, until the last of them makes it."""

    async def make(_):
        nonlocal at_work
        at_work += 1
        assert at_work == 1
        who, attempt = asker.get(), len(makers)
        makers.append(who)
        try:
            if attempt < len(outcomes):
                if outcomes[attempt] == "fails":
                    await checkpoint()
                    raise OSError(who)
                scopes[who].cancel()
            await checkpoint()
            return f"by {who}"
        finally:
            at_work -= 1

    async def ask_for_it(who):
        asker.set(who)
        with CancelScope() as scopes[who]:
            try:
                answers[who] = await once.get(make, None)
            except OSError as exc:
                answers[who] = exc.args
        if scopes[who].cancelled_caught:
            answers[who] = "cancelled"

    at_work, makers, scopes, answers, once = 0, [], {}, {}, Once()
    async with create_task_group() as group:
        for who in range(6):
            group.start_soon(ask_for_it, who)
    assert len(makers) == len(set(makers)) == 4
    for who, outcome in zip(makers, outcomes, strict=False):
        assert answers.pop(who) == ((who,) if outcome == "fails" else "cancelled")
    assert set(answers.values()) == {once.value} == {f"by {makers[-1]}"}
    assert once._waiting == {}


async def test_a_value_that_is_known_is_given_at_once():
    assert await Once(None).get(None, None) is None


async def test_who_comes_to_wait_when_it_is_over_does_not_wait():
    once = Once()
    with anyio.fail_after(TIMEOUT):
        await once._wait()
    assert once._waiting == {}


async def test_what_another_thread_makes_in_the_last_moment_is_not_made_again():
    class LateTurn(list):
        def pop(self):
            once.value = "made in another thread"
            return super().pop()

    once = Once()
    once._turn = LateTurn([None])
    assert await once.get(None, None) == "made in another thread"

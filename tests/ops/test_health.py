"""Health checks (ops.md 1, the plain form)."""

from threading import Event, get_ident

import anyio
import pytest
from anyio.lowlevel import checkpoint

from hawkapi.ops.health import Check, Finding, run_checks
from hawkapi.runtime.threads import Pool

OK, FAILED = Finding(ok=True, detail="ok"), Finding(ok=False, detail="failed")


def pool(size=4):
    return Pool("internal", size)


async def run(fn, **options):
    return await Check("x", fn).run(pool(), **options)


def asynchronous(result):
    async def check():
        return result

    return check


@pytest.mark.parametrize("make", [asynchronous, lambda result: lambda: result], ids=["async", "sync"])
@pytest.mark.parametrize(
    ("result", "finding"),
    [
        (True, OK),
        ("yes", OK),
        (False, FAILED),
        (None, FAILED),
        ((), FAILED),
        ((1, 2, 3), OK),
        ((True, "12 ms"), Finding(ok=True, detail="12 ms")),
        ((0, "read-only"), Finding(ok=False, detail="read-only")),
        ((1, 5), Finding(ok=True, detail="5")),
    ],
)
async def test_a_result_is_true_or_false_or_a_pair_with_a_text(make, result, finding):
    assert await run(make(result)) == finding


async def test_a_sync_check_runs_in_a_worker_thread():
    threads = []
    await run(lambda: threads.append(get_ident()))
    assert threads != [get_ident()]


async def test_what_a_sync_check_returns_may_be_awaitable():
    assert await run(lambda: asynchronous((True, "late"))()) == Finding(ok=True, detail="late")


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
async def test_an_exception_has_failed_and_shows_its_class_alone(is_async):
    def fail():
        raise ConnectionError("postgres://user:secret@db")

    async def async_fail():
        fail()

    assert await run(async_fail if is_async else fail) == Finding(ok=False, detail="ConnectionError")


async def test_a_timeout_of_the_check_s_own_is_an_exception_like_others():
    async def fail():
        raise TimeoutError

    assert await run(fail) == Finding(ok=False, detail="TimeoutError")


async def test_an_async_check_that_hangs_is_cancelled():
    assert await run(anyio.sleep_forever, seconds=0) == Finding(ok=False, detail="timeout after 0 s")


async def test_a_sync_check_that_hangs_is_neither_waited_for_nor_called_again_until_it_is_back():
    calls, begun, back = [], Event(), Event()

    def hang():
        calls.append(1)
        begun.set()
        back.wait(60)
        return True

    check, threads = Check("x", hang), pool()
    try:
        while not begun.is_set():
            assert not (await check.run(threads, 0.01)).ok
        assert await check.run(threads, 60) == Finding(ok=False, detail="timeout after 60 s")
        assert calls == [1]
    finally:
        back.set()
    while threads.abandoned:
        await checkpoint()
    assert await check.run(threads) == OK
    assert calls == [1, 1]


async def test_a_check_that_overran_once_is_asked_again():
    slow = True

    async def check():
        if slow:
            await anyio.sleep_forever()
        return True

    asked = Check("x", check)
    assert not (await asked.run(pool(), 0)).ok
    slow = False
    assert await asked.run(pool()) == OK


@pytest.mark.parametrize("name", ["", "A", "a b", "a" * 65, "ä", "a\n"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match="needs a name"):
        Check(name, lambda: True)


@pytest.mark.parametrize("name", ["a", "a_b-1", "a" * 64])
def test_names(name):
    assert Check(name, lambda: True).name == name


async def test_checks_run_side_by_side_and_stand_in_order():
    gates = {name: anyio.Event() for name in "ab"}

    async def first():
        gates["a"].set()
        await gates["b"].wait()
        return True

    async def second():
        await gates["a"].wait()
        gates["b"].set()
        return False

    checks = [Check("first", first), Check("second", second), Check("third", lambda: (True, "3"))]
    findings = await run_checks(checks, pool(), 60)
    assert list(findings.items()) == [("first", OK), ("second", FAILED), ("third", Finding(ok=True, detail="3"))]


async def test_no_checks_find_nothing():
    assert await run_checks([], pool()) == {}


async def test_a_cancelled_probe_is_cancelled():
    with anyio.CancelScope() as scope:
        scope.cancel()
        await run_checks([Check("x", anyio.sleep_forever)], pool(), 60)
    assert scope.cancelled_caught

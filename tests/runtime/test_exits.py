"""What a request has opened is closed in reverse order, whatever happens."""

from threading import Event

import anyio
import pytest
from anyio import CancelScope, create_task_group, get_cancelled_exc_class

from hawkapi.runtime import threads
from hawkapi.runtime.cleanup import CleanupFailed, nothing_yielded
from hawkapi.runtime.exits import ShieldedGenerator, abort, close, enter, recover
from hawkapi.runtime.sync_exits import Abandoned, Hop, begin
from hawkapi.runtime.threads import Pool


class Seen:
    """Makes generators, and notes what becomes of them."""

    def __init__(self):
        self.events = []

    def sync(self, name, *, fails=None, swallows=False, twice=False):
        try:
            yield name
            self.events.append(f"{name} succeeded")
            if twice:
                yield name
        except Exception as exc:
            self.events.append(f"{name} saw {type(exc).__name__}")
            if not swallows:
                raise
        finally:
            self.events.append(f"{name} closed")
            if fails is not None:
                raise fails

    async def plain(self, name, **options):
        generator = self.sync(name, **options)
        value = next(generator)
        try:
            yield value
        except BaseException as exc:  # noqa: BLE001  # all that is thrown in is passed on
            try:
                generator.throw(exc)
            except StopIteration:
                return
            yield "again"
        else:
            for value in generator:
                yield value


async def opened(*generators):
    found = []
    for generator in generators:
        await enter(found, generator)
    return found


async def raw(*generators):
    found = []
    for generator in generators:
        await anext(generator)
        found.append(generator)
    return found


@pytest.fixture(params=[opened, raw], ids=["shielded", "raw"])
def start(request):
    """Start async generators in both ways in which they are kept."""
    return request.param


async def test_what_was_opened_last_is_closed_first(start):
    seen = Seen()
    await close(await start(seen.plain("a"), seen.plain("b")))
    assert seen.events == ["b succeeded", "b closed", "a succeeded", "a closed"]


async def test_a_failure_is_shown_to_all(start):
    seen = Seen()
    await abort(await start(seen.plain("a"), seen.plain("b")), ValueError())
    assert seen.events == ["b saw ValueError", "b closed", "a saw ValueError", "a closed"]


async def test_an_error_in_a_cleanup_is_seen_by_no_other(start, caplog):
    seen = Seen()
    with pytest.raises(CleanupFailed, match="broken"):
        await close(await start(seen.plain("a"), seen.plain("b", fails=KeyError("broken"))))
    assert seen.events[-2:] == ["a succeeded", "a closed"]


async def test_an_error_in_a_cleanup_is_logged_with_the_place_of_the_dependency(start, caplog):
    with pytest.raises(CleanupFailed):
        await close(await start(Seen().plain("a", fails=KeyError("broken"))))
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == ["The cleanup of Seen.plain"]
    assert "test_exits.py:" in caplog.text


async def test_the_first_of_several_errors_is_told(start):
    with pytest.raises(CleanupFailed, match="second") as found:
        seen = Seen()
        await close(await start(seen.plain("a", fails=KeyError("first")), seen.plain("b", fails=KeyError("second"))))
    assert isinstance(found.value.__cause__, KeyError)


async def test_an_error_without_a_text_is_told_by_its_class(start):
    with pytest.raises(CleanupFailed, match=r"^KeyError$"):
        await close(await start(Seen().plain("a", fails=KeyError())))


async def test_after_a_failure_an_error_in_a_cleanup_is_logged_and_changes_nothing(start, caplog):
    seen = Seen()
    await abort(await start(seen.plain("a"), seen.plain("b", fails=KeyError())), ValueError())
    assert seen.events[-2:] == ["a saw ValueError", "a closed"]
    assert len(caplog.records) == 1


async def test_who_swallows_the_failure_makes_no_success_of_it_for_the_others(start):
    seen = Seen()
    await abort(await start(seen.plain("a"), seen.plain("b", swallows=True)), ValueError())
    assert seen.events == ["b saw ValueError", "b closed", "a saw ValueError", "a closed"]


async def test_a_second_yield_after_a_success_is_an_error(start, caplog):
    with pytest.raises(CleanupFailed, match="yields more than once"):
        await close(await start(Seen().plain("a", twice=True)))


async def yields_when_it_sees_a_failure():
    try:
        yield
    except ValueError:
        yield


async def test_a_second_yield_after_a_failure_is_logged(start, caplog):
    await abort(await start(yields_when_it_sees_a_failure()), ValueError())
    assert "yields more than once" in caplog.text


@pytest.mark.parametrize("error", [StopIteration(), StopAsyncIteration()])
async def test_what_python_wraps_when_it_leaves_a_generator_is_no_error_of_the_cleanup(start, error, caplog):
    await abort(await start(Seen().plain("a")), error)
    assert not caplog.records


async def empty():
    return
    yield


async def test_a_dependency_without_a_yield_is_an_error():
    with pytest.raises(RuntimeError, match=r"empty \(.*test_exits.py:\d+\) ended without a yield"):
        await opened(empty())


async def fails_at_once():
    raise KeyError
    yield


async def test_a_failure_before_the_yield_leaves_nothing_open():
    found = []
    with pytest.raises(KeyError):
        await enter(found, fails_at_once())
    assert found == []


async def waits(seen):
    try:
        yield
    finally:
        await anyio.lowlevel.checkpoint()
        seen.append("closed")


async def test_a_cancellation_does_not_reach_a_cleanup():
    seen = []
    with CancelScope() as scope:
        found = await opened(waits(seen))
        scope.cancel()
        await close(found)
    assert seen == ["closed"]


async def test_a_cancelled_request_shows_its_cancellation_and_goes_on_with_it():
    seen = []
    with CancelScope() as scope:
        found = await opened(waits(seen))
        scope.cancel()
        try:
            await anyio.lowlevel.checkpoint()
        except get_cancelled_exc_class() as exc:
            await abort(found, exc)
            raise
    assert scope.cancelled_caught
    assert seen == ["closed"]


async def test_an_error_while_a_request_is_cancelled_is_logged_and_the_cancellation_goes_on(caplog):
    with CancelScope() as scope:
        found = await opened(Seen().plain("a", fails=KeyError()))
        scope.cancel()
        try:
            await anyio.lowlevel.checkpoint()
        except get_cancelled_exc_class() as exc:
            await abort(found, exc)
            raise
    assert scope.cancelled_caught
    assert len(caplog.records) == 1


async def never_ends():
    try:
        yield
    finally:
        await anyio.sleep_forever()


async def test_a_cleanup_that_takes_too_long_is_given_up():
    entry = ShieldedGenerator(never_ends(), seconds=0)
    await entry.enter()
    with pytest.raises(CleanupFailed, match="given up after 0 s"):
        await close([entry])


async def with_failing_task():
    async def fail():
        raise KeyError("task")

    async with create_task_group() as group:
        group.start_soon(fail)
        yield


async def test_a_task_group_that_a_dependency_holds_tells_what_went_wrong_in_it():
    found = await opened(with_failing_task())
    with pytest.raises(ExceptionGroup) as raised:
        try:
            await anyio.sleep_forever()
        except BaseException as exc:
            await abort(found, exc)
            raise
    assert isinstance(raised.value.exceptions[0], KeyError)


async def with_time_limit():
    with CancelScope() as scope:
        yield scope


async def test_a_dependency_that_cuts_its_handler_off_is_named():
    found = []
    scope = await enter(found, with_time_limit())
    scope.cancel()
    with pytest.raises(RuntimeError, match=r"with_time_limit .* cut off what depends on it"):
        try:
            await anyio.sleep_forever()
        except BaseException as exc:
            await abort(found, exc)
            raise


class Ends:
    def __init__(self, error):
        self.error = error

    async def leave(self, exc):
        raise self.error


async def test_what_ends_the_process_passes_when_all_is_closed():
    seen = Seen()
    found = [*await raw(seen.plain("a")), Ends(KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        await close(found)
    assert seen.events == ["a closed"]


async def test_what_ends_the_process_takes_the_place_of_a_failure():
    with pytest.raises(KeyboardInterrupt):
        await abort([Ends(KeyboardInterrupt())], ValueError())


async def test_a_sync_generator_in_the_loop_is_closed_like_others():
    seen, found = Seen(), []
    assert begin(found, seen.sync("a")) == "a"
    await close(found)
    assert seen.events == ["a succeeded", "a closed"]


async def test_a_sync_generator_in_the_loop_sees_a_failure(caplog):
    seen, found = Seen(), []
    begin(found, seen.sync("a", fails=KeyError()))
    await abort(found, ValueError())
    assert seen.events == ["a saw ValueError", "a closed"]
    assert "Seen.sync" in caplog.text


def empty_sync():
    return
    yield


async def test_a_sync_generator_without_a_yield_is_an_error():
    with pytest.raises(RuntimeError, match="ended without a yield"):
        begin([], empty_sync())


def test_the_error_for_a_missing_yield_names_the_place():
    assert "test_exits.py:" in str(nothing_yielded(empty_sync()))


def prepare(hop, *generators):
    return [hop.start(generator) for generator in generators]


async def test_what_a_hop_prepares_stays_open_until_it_is_left():
    seen, pool = Seen(), Pool("test", 1)
    hop = Hop(pool)
    assert await threads.run(hop.prepare, prepare, seen.sync("a"), seen.sync("b"), limiter=pool) == ["a", "b"]
    assert seen.events == []
    await close([hop])
    assert seen.events == ["b succeeded", "b closed", "a succeeded", "a closed"]


async def test_a_hop_shows_a_failure(caplog):
    seen, pool = Seen(), Pool("test", 1)
    hop = Hop(pool)
    await threads.run(hop.prepare, prepare, seen.sync("a"), seen.sync("b", fails=KeyError()), limiter=pool)
    await abort([hop], ValueError())
    assert seen.events == ["b saw ValueError", "b closed", "a saw ValueError", "a closed"]
    assert len(caplog.records) == 1


async def test_a_hop_that_fails_closes_what_it_has_started():
    seen, pool = Seen(), Pool("test", 1)
    hop = Hop(pool)

    def work(hop):
        hop.start(seen.sync("a"))
        raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        await threads.run(hop.prepare, work, limiter=pool)
    assert seen.events == ["a saw ValueError", "a closed"]


async def test_a_hop_that_serves_closes_before_it_returns():
    seen, pool = Seen(), Pool("test", 1)
    hop = Hop(pool)
    await threads.run(hop.serve, lambda hop: (hop.start(seen.sync("a")) and None,), limiter=pool)
    assert seen.events == ["a succeeded", "a closed"]
    await close([hop])


class Stream:
    is_stream = True


async def test_a_hop_that_serves_a_stream_leaves_it_open():
    seen, pool = Seen(), Pool("test", 1)
    hop = Hop(pool)
    await threads.run(hop.serve, lambda hop: (hop.start(seen.sync("a")) and Stream(),), limiter=pool)
    assert seen.events == []
    await close([hop])
    assert seen.events == ["a succeeded", "a closed"]


async def test_a_failing_cleanup_in_a_hop_is_told_after_the_others(caplog):
    seen, pool = Seen(), Pool("test", 1)
    hop = Hop(pool)
    generators = (seen.sync("a"), seen.sync("b", fails=KeyError("broken")), seen.sync("c", fails=KeyError()))
    with pytest.raises(CleanupFailed, match="KeyError"):
        await threads.run(hop.serve, lambda hop: (prepare(hop, *generators) and None,), limiter=pool)
    assert seen.events[-1] == "a closed"
    assert len(caplog.records) == 2


async def test_what_a_thread_has_opened_for_nobody_it_closes_itself():
    seen, pool = Seen(), Pool("test", 2)
    hop, opened_it, go_on, ended = Hop(pool), anyio.Event(), Event(), Event()

    def work(hop):
        hop.start(seen.sync("a"))
        anyio.from_thread.run_sync(opened_it.set)
        assert go_on.wait(10)
        return (None,)

    def visit():
        try:
            return hop.serve(work)
        finally:
            ended.set()

    async with create_task_group() as group:

        async def ask():
            with pytest.raises(get_cancelled_exc_class()):
                try:
                    await threads.serve(visit, limiter=pool, abandon=True)
                except BaseException as exc:
                    await abort([hop], exc)
                    raise
            await anyio.lowlevel.checkpoint_if_cancelled()

        group.start_soon(ask)
        await opened_it.wait()
        group.cancel_scope.cancel()
    go_on.set()
    assert await threads.run(ended.wait, 10, limiter=pool)
    assert seen.events == ["a saw Abandoned", "a closed"]


async def test_a_hop_without_a_free_thread_is_given_up(monkeypatch, caplog):
    monkeypatch.setattr("hawkapi.runtime.sync_exits.shielded", lambda: CancelScope(deadline=-1, shield=True))
    seen, pool = Seen(), Pool("test", 1)
    hop = Hop(pool)
    await threads.run(hop.prepare, prepare, seen.sync("a"), limiter=pool)
    with pytest.raises(CleanupFailed, match="no thread was free"):
        await close([hop])
    hop._close()  # for nothing is left open here


def test_an_abandoned_thread_says_so():
    assert str(Abandoned()) == "the request was over before its worker thread came back"


async def test_a_second_yield_of_a_sync_generator_is_an_error(caplog):
    found = []
    begin(found, Seen().sync("a", twice=True))
    with pytest.raises(CleanupFailed, match="yields more than once"):
        await close(found)


def yields_again_when_it_sees_a_failure():
    try:
        yield "value"
    except ValueError:
        yield "another"


async def test_a_second_yield_of_a_sync_generator_after_a_failure_is_logged(caplog):
    found = []
    begin(found, yields_again_when_it_sees_a_failure())
    await abort(found, ValueError())
    assert "yields more than once" in caplog.text


async def test_a_sync_generator_may_swallow_a_failure():
    found, seen = [], Seen()
    begin(found, seen.sync("a", swallows=True))
    await abort(found, ValueError())
    assert seen.events == ["a saw ValueError", "a closed"]


async def ends_with(error):
    yield
    raise error


async def test_what_ends_the_process_passes_from_a_bare_generator_too():
    seen = Seen()
    first, last = seen.plain("a"), ends_with(KeyboardInterrupt())
    for generator in (first, last):
        await anext(generator)
    with pytest.raises(KeyboardInterrupt) as raised:
        await anext(last)
    with pytest.raises(KeyboardInterrupt):
        await recover([first, last], raised.value)
    assert seen.events == ["a closed"]

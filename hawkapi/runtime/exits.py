"""What a request has opened and what must be closed again: in reverse order, each once, whatever happens.

What is open stands in a plain list, the last one at its end. An async generator that cannot wait stands there as it is;
all others are an `Exit`. `close` goes through the list after a success, `abort` after a failure.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import suppress
from logging import getLogger
from threading import Lock
from types import AsyncGeneratorType
from typing import Any, NoReturn, Protocol, TypeAlias, TypeVar, TypeVarTuple, cast

from anyio import CancelScope

from hawkapi._errors import HawkAPIError
from hawkapi.runtime import threads
from hawkapi.runtime.deadlines import CLEANUP_SECONDS, begin_cleanup, shielded
from hawkapi.runtime.shutdown import is_cancelled
from hawkapi.runtime.threads import Pool

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_log = getLogger("hawkapi")
_NOTHING: Any = object()


class Exit(Protocol):
    """Something that is open."""

    async def leave(self, exc: BaseException | None) -> None:
        """Close it.

        Args:
            exc: What the request failed with, `None` after a success.

        Raises:
            BaseException: `exc` itself, where it is thrown into what is open and comes out again, or an error of the
                closing.
        """
        ...


Bare: TypeAlias = AsyncGeneratorType[Any, None]
"""An async generator that cannot wait between its yields."""

Opened: TypeAlias = list[Bare | Exit]


class CleanupFailed(HawkAPIError):  # noqa: N818 - it says what happened
    """What follows a `yield` has failed after the handler had succeeded; the cause was logged."""


def cleanup_failed(failure: Exception) -> CleanupFailed:
    """Make the error for a failed cleanup; its text is that of the failure."""
    if isinstance(failure, CleanupFailed):
        return failure
    error = CleanupFailed(str(failure) or type(failure).__name__)
    error.__cause__ = failure
    return error


class Abandoned(HawkAPIError):  # noqa: N818 - it says what happened
    """Thrown into what a worker thread has opened when nobody waits for its answer any more."""

    def __init__(self) -> None:
        super().__init__("the request was over before its worker thread came back")


async def close(opened: Opened) -> None:
    """Close all after a success.

    Raises:
        CleanupFailed: If any of them failed; each failure was logged, none is seen by the others.
    """
    failure: Exception | None = None
    while opened:
        entry = opened.pop()
        try:
            if not isinstance(entry, AsyncGeneratorType):
                await entry.leave(None)
            elif await anext(entry, _NOTHING) is not _NOTHING:
                await _refuse_more(entry)
        except Exception as exc:  # noqa: BLE001 - whatever it is: the others are closed all the same
            _report(entry, exc)
            failure = failure or exc
        except BaseException as exc:
            await abort(opened, exc)
            raise
    if failure is not None:
        raise cleanup_failed(failure)


def running(*generators: Bare | None) -> Opened:
    """Give those that have begun and not ended, to be closed."""
    return [generator for generator in generators if generator is not None and generator.ag_frame is not None]


async def recover(generators: Sequence[Bare], exc: BaseException | None) -> NoReturn:
    """Close the others after one has not ended as it should, when all were ended after a success.

    Args:
        generators: All of them, in the order in which they were started.
        exc: What it raised; `None` if it has yielded again.

    Raises:
        CleanupFailed: In any case, unless the request is cancelled.
    """
    opened = running(*generators)
    failed = generators[len(opened) - (exc is None)]
    if exc is None:
        exc = _yielded_again(failed)
        await failed.aclose()
        opened.pop()
    if not isinstance(exc, Exception):
        await abort(opened, exc)
        raise exc
    _report(failed, exc)
    with suppress(CleanupFailed):  # the first failure is the one that is told
        await close(opened)
    raise cleanup_failed(exc)


async def abort(opened: Opened, exc: BaseException) -> None:
    """Close all after a failure, which each of them is shown; one that swallows it makes no success of it.

    The caller raises `exc` on.

    Raises:
        BaseException: Where something else takes the place of `exc`: a cancellation, or what a cancellation was about.
    """
    failure = exc
    while opened:
        entry = opened.pop()
        traceback = failure.__traceback__
        try:
            await (_throw(entry, failure) if isinstance(entry, AsyncGeneratorType) else entry.leave(failure))
        except BaseException as raised:  # noqa: BLE001 - whatever it is: the others are closed all the same
            if _is_same(raised, failure):
                failure.__traceback__ = traceback  # the frames of the cleanup point at it: a reference cycle
            else:
                failure = _next(entry, raised, failure)
        else:
            if not isinstance(failure, Exception) and not is_cancelled():
                failure = RuntimeError(f"{_name(entry)} cut off what depends on it, and raised nothing")
    if failure is not exc:
        raise failure


def _next(entry: Any, raised: BaseException, failure: BaseException) -> BaseException:
    """Decide what the request has failed with once the closing of something has raised another exception.

    An error stands. A cancellation gives way to an error if it came from what was closed: a task group that a
    dependency holds cancels the handler, and raises what went wrong, when one of its tasks fails.
    """
    if not isinstance(raised, Exception):
        return raised
    if isinstance(failure, Exception) or is_cancelled():
        _report(entry, raised)
        return failure
    return raised


def _is_same(raised: BaseException, failure: BaseException) -> bool:
    """Tell whether what was thrown into a generator came out again; of a StopIteration Python makes a RuntimeError."""
    if isinstance(failure, StopIteration | StopAsyncIteration):
        return raised.__cause__ is failure
    while isinstance(raised, BaseExceptionGroup):  # a task group that a dependency holds wraps what passes through it
        members = [*cast("BaseExceptionGroup[BaseException]", raised).exceptions]
        if len(members) > 1:
            return False
        raised = members[0]
    return raised is failure


def _report(entry: Any, exc: BaseException) -> None:
    if not isinstance(exc, CleanupFailed):  # that was logged where it happened
        _log.error("The cleanup of %s failed", _name(entry), exc_info=exc)


def _name(entry: Any) -> str:
    code = getattr(entry, "ag_code", None) or getattr(entry, "gi_code", None)
    if code is None:
        return str(entry)
    return f"{entry.__qualname__} ({code.co_filename}:{code.co_firstlineno})"


def nothing_yielded(generator: Any) -> RuntimeError:
    """Make the error for a dependency that ended before its `yield`."""
    return RuntimeError(f"{_name(generator)} ended without a yield: nothing was provided")


def unyielded(generators: Sequence[Bare | None], exc: StopAsyncIteration) -> Exception:
    """Tell whether a StopAsyncIteration is the end of one of some generators before its yield, or somebody's own."""
    ended = (generator for generator in generators if generator is not None and generator.ag_frame is None)
    return next((nothing_yielded(generator) for generator in ended), exc)


def _yielded_again(generator: Any) -> RuntimeError:
    return RuntimeError(
        f"{_name(generator)} yields more than once: a dependency yields what it provides, and cleans up"
    )


async def _finish(generator: AsyncGenerator[Any, None]) -> None:
    if await anext(generator, _NOTHING) is not _NOTHING:
        await _refuse_more(generator)


async def _throw(generator: AsyncGenerator[Any, None], exc: BaseException) -> None:
    try:
        await generator.athrow(exc)
    except StopAsyncIteration:
        return
    await _refuse_more(generator)


async def _refuse_more(generator: AsyncGenerator[Any, None]) -> None:
    await generator.aclose()
    raise _yielded_again(generator)


async def enter(opened: Opened, generator: AsyncGenerator[T, None]) -> T:
    """Start an async generator that may wait, and give what it provides; anything else is what is provided."""
    if not isinstance(generator, AsyncGenerator):  # pyright: ignore[reportUnnecessaryIsInstance]  # a wrapper gave it
        return generator
    entry = ShieldedGenerator(generator)
    value = await entry.enter()
    opened.append(entry)
    return value


class ShieldedGenerator:
    """An async generator whose cleanup no cancellation reaches, and that takes so long at most.

    The scope is entered before the generator runs, since it may hold scopes of its own across its yield.

    Args:
        generator: What provides a value and cleans up.
        seconds: How long its cleanup may take.
    """

    __slots__ = ("_generator", "_scope", "_seconds")

    def __init__(self, generator: AsyncGenerator[Any, None], seconds: float = CLEANUP_SECONDS) -> None:
        self._generator = generator
        self._seconds = seconds
        self._scope = CancelScope()

    def __str__(self) -> str:
        return _name(self._generator)

    async def enter(self) -> Any:
        """Run it up to its yield.

        Raises:
            RuntimeError: If there is none.
        """
        self._scope.__enter__()
        try:
            value = await anext(self._generator, _NOTHING)
            if value is _NOTHING:
                raise nothing_yielded(self._generator)
        except BaseException as exc:
            self._scope.__exit__(type(exc), exc, exc.__traceback__)
            raise
        return value

    async def leave(self, exc: BaseException | None) -> None:
        """Run it to its end, or throw what the request failed with into it."""
        begin_cleanup(self._scope, self._seconds)
        try:
            await (_finish(self._generator) if exc is None else _throw(self._generator, exc))
        except BaseException as raised:
            caught = self._scope.__exit__(type(raised), raised, raised.__traceback__)
            # asyncio leaves it to whoever is cancelled besides: that goes on with `exc` anyway.
            if not caught and (exc is None or isinstance(exc, Exception) or not self._scope.cancel_called):
                raise
            raise RuntimeError(f"given up after {self._seconds:g} s") from None
        self._scope.__exit__(None, None, None)


def begin(opened: Opened, generator: Generator[T, None, None]) -> T:
    """Start a sync generator in the event loop, and give what it provides; anything else is what is provided."""
    if not isinstance(generator, Generator):  # pyright: ignore[reportUnnecessaryIsInstance]  # a wrapper gave it
        return generator
    value = _start(generator)
    opened.append(_InlineGenerator(generator))
    return value


class _InlineGenerator:
    """A sync generator that runs in the event loop: nothing in it waits."""

    __slots__ = ("_generator",)

    def __init__(self, generator: Generator[Any, None, None]) -> None:
        self._generator = generator

    def __str__(self) -> str:
        return _name(self._generator)

    async def leave(self, exc: BaseException | None) -> None:
        _leave_sync(self._generator, exc)


class Hop:
    """One visit to a worker thread, in which sync generators are started.

    They are closed in that thread if the handler ran in it too, or if it fails, or if nobody waits for it any more;
    otherwise in a thread of the pool for cleanup.

    Args:
        cleanup: The pool for closing later.
    """

    __slots__ = ("_cleanup", "_gone", "_lock", "_opened", "_over")

    def __init__(self, cleanup: Pool) -> None:
        self._cleanup = cleanup
        self._lock = Lock()
        self._opened: list[Generator[Any, None, None]] = []
        self._over = self._gone = False

    def __str__(self) -> str:
        return ", ".join(map(_name, self._opened))

    def start(self, generator: Generator[T, None, None]) -> T:
        """Start a generator, in the thread, and give what it provides; anything else is what is provided."""
        if not isinstance(generator, Generator):  # pyright: ignore[reportUnnecessaryIsInstance]  # a wrapper gave it
            return generator
        value = _start(generator)
        self._opened.append(generator)
        return value

    def prepare(self, work: Callable[["Hop", *Ts], T], *args: *Ts) -> T:
        """Run `work(hop, *args)` in the thread; what it starts stays open."""
        return self._run(work, args, closes=False)

    def serve(self, work: Callable[["Hop", *Ts], T], *args: *Ts) -> T:
        """Run `work(hop, *args)` in the thread, the handler in it; what it starts is closed, unless a stream needs it.

        Raises:
            CleanupFailed: If that failed.
        """
        return self._run(work, args, closes=True)

    def _run(self, work: Callable[..., Any], args: tuple[Any, ...], *, closes: bool) -> Any:
        try:
            result = work(self, *args)
            if closes and not self._gone and not getattr(result[0], "is_stream", False):
                self._close()
        except BaseException as exc:
            self._abort(exc)
            raise
        finally:
            with self._lock:
                self._over = True
                gone = self._gone
        if gone:
            self._abort(Abandoned())
        return result

    async def leave(self, exc: BaseException | None) -> None:
        """Close what is still open; if the thread still runs, it will do that itself."""
        with self._lock:
            self._gone = not self._over
        if self._over and self._opened:
            with shielded() as scope:
                if exc is None:
                    await threads.run(self._close, limiter=self._cleanup)
                else:
                    await threads.run(self._abort, exc, limiter=self._cleanup)
            if scope.cancelled_caught:
                raise RuntimeError(f"no thread was free for {CLEANUP_SECONDS:g} s")
        if exc is not None:
            raise exc

    def _close(self) -> None:
        failure: Exception | None = None
        while self._opened:
            generator = self._opened.pop()
            try:
                _leave_sync(generator, None)
            except Exception as exc:  # noqa: BLE001 - whatever it is: the others are closed all the same
                _report(generator, exc)
                failure = failure or exc
        if failure is not None:
            raise cleanup_failed(failure)

    def _abort(self, exc: BaseException) -> None:
        while self._opened:
            generator = self._opened.pop()
            traceback = exc.__traceback__
            try:
                _leave_sync(generator, exc)
            except BaseException as raised:  # noqa: BLE001 - whatever it is: the others are closed all the same
                if _is_same(raised, exc):
                    exc.__traceback__ = traceback  # see abort()
                else:
                    _report(generator, raised)


def _start(generator: Generator[T, None, None]) -> T:
    value = next(generator, _NOTHING)
    if value is _NOTHING:
        raise nothing_yielded(generator)
    return value


def _leave_sync(generator: Generator[Any, None, None], exc: BaseException | None) -> None:
    if exc is None:
        if next(generator, _NOTHING) is _NOTHING:
            return
    else:
        try:
            generator.throw(exc)
        except StopIteration:
            return
    generator.close()
    raise _yielded_again(generator)

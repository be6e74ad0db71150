"""Sync generators that a request has opened, in the event loop or in a worker thread."""

from collections.abc import Callable, Generator
from threading import Lock
from typing import Any, TypeVar, TypeVarTuple

from hawkapi._errors import HawkAPIError
from hawkapi.runtime import threads
from hawkapi.runtime.cleanup import cleanup_failed, is_same, name_of, nothing_yielded, report, yielded_again
from hawkapi.runtime.deadlines import CLEANUP_SECONDS, shielded
from hawkapi.runtime.exits import Opened
from hawkapi.runtime.threads import Pool

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_NOTHING: Any = object()


class Abandoned(HawkAPIError):  # noqa: N818 - it says what happened
    """Thrown into what a worker thread has opened when nobody waits for its answer any more."""

    def __init__(self) -> None:
        super().__init__("the request was over before its worker thread came back")


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
        return name_of(self._generator)

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
        return ", ".join(map(name_of, self._opened))

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
                report(generator, exc)
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
                if is_same(raised, exc):
                    exc.__traceback__ = traceback  # see abort()
                else:
                    report(generator, raised)


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
    raise yielded_again(generator)

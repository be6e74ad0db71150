"""Worker threads: named pools of them, and the one seam between the event loop and a thread."""

from collections.abc import Awaitable, Callable
from functools import partial
from logging import Logger, getLogger
from math import inf
from threading import Lock
from time import monotonic
from types import CoroutineType, TracebackType
from typing import Any, Generic, Self, TypeVar, TypeVarTuple, cast

import msgspec
from anyio import CancelScope, CapacityLimiter, WouldBlock, from_thread, get_cancelled_exc_class, to_thread
from anyio.lowlevel import current_token

from hawkapi._errors import HawkAPIError

SLOW_WAIT = 0.1
"""Seconds for a thread after which a warning is logged."""

WARN_EVERY = 10.0
"""Seconds between two such warnings of a pool."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

logger: Logger = getLogger("hawkapi")


class PoolExhausted(HawkAPIError):  # noqa: N818 - it says what was found
    """Every thread of a pool is held by a call that was given up and has not returned yet.

    Args:
        name: The pool's name.
        size: How many threads it has.
    """

    def __init__(self, name: str, size: int) -> None:
        super().__init__(f"all {size} threads of the pool {name!r} are held by calls that were given up")


class PoolStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """A pool at one moment.

    Attributes:
        name: The pool's name.
        limit: How many threads it may use at once.
        in_use: Threads in use, the abandoned ones too.
        waiting: Calls that wait for a thread.
        abandoned: Threads whose caller gave up.
        wait_seconds: For how long all calls together have waited for a thread.
    """

    name: str
    limit: int
    in_use: int
    waiting: int
    abandoned: int
    wait_seconds: float


class Pool:
    """Worker threads for one kind of work, at most so many at once, whatever becomes of those who called them.

    It has its own tokens, since a backend may give a thread's token back while the thread still runs.

    Args:
        name: Its name.
        size: How many threads it may use at once.
        clock: Monotonic seconds; tests pass their own.

    Attributes:
        name: Its name.
        total_tokens: How many threads it may use at once.
        abandoned: Threads whose caller gave up.

    Raises:
        ValueError: If it would have no thread.
    """

    __slots__ = ("_clock", "_lock", "_tokens", "_wait_seconds", "_warned_at", "abandoned", "name", "total_tokens")

    def __init__(self, name: str, size: int, *, clock: Callable[[], float] = monotonic) -> None:
        if size < 1:
            raise ValueError(f"the thread pool {name!r} needs at least 1 thread, not {size}")
        self.name: str = name
        self.total_tokens: int = size
        self.abandoned: int = 0
        self._tokens = CapacityLimiter(size)
        self._lock = Lock()
        self._clock = clock
        self._wait_seconds = 0.0
        self._warned_at = -inf

    @property
    def borrowed_tokens(self) -> int:
        """Threads in use, the abandoned ones too."""
        return self._tokens.borrowed_tokens

    def statistics(self) -> PoolStatistics:
        """Give the figures of this moment; for a scrape, not for every request."""
        tokens = self._tokens.statistics()
        return PoolStatistics(
            name=self.name,
            limit=self.total_tokens,
            in_use=tokens.borrowed_tokens,
            waiting=tokens.tasks_waiting,
            abandoned=self.abandoned,
            wait_seconds=self._wait_seconds,
        )

    async def call(self, fn: Callable[[*Ts], T], args: tuple[*Ts], *, abandon: bool = False) -> T:
        """Call `fn(*args)` in a thread of the pool; see `run` and `serve`."""
        call = _Call(fn, args, self._clock())
        try:
            try:
                self._tokens.acquire_on_behalf_of_nowait(call)
            except WouldBlock:
                await self._tokens.acquire_on_behalf_of(call)
            call.admitted = True
            (result,) = await to_thread.run_sync(self._work, call, abandon_on_cancel=abandon, limiter=_UNLIMITED)
            return result
        finally:
            self._leave(call)

    def _leave(self, call: "_Call[Any]") -> None:
        """See the caller off: the token goes back now, or when the thread that is left behind ends."""
        with self._lock:
            if not call.begun:
                call.withdrawn = True
                self._wait_seconds += self._clock() - call.asked
            elif not call.ended:
                call.release = partial(_call_soon(), self._tokens.release_on_behalf_of, call)
                self.abandoned += 1
        if call.admitted and call.release is None:
            self._tokens.release_on_behalf_of(call)

    def _work(self, call: "_Call[T]") -> tuple[T]:
        """Do the call, in its thread; in a tuple, since trio refuses a bare coroutine as a thread's result."""
        self._begin(call)
        try:
            return (call.fn(*call.args),)
        except StopIteration as stop:
            name = getattr(call.fn, "__qualname__", repr(call.fn))
            raise RuntimeError(f"{name} raised StopIteration, which cannot leave a worker thread") from stop
        except Exception as error:
            if call.release is not None:
                logger.error("a call that was given up has failed: %r", call.fn, exc_info=error)
            raise
        finally:
            self._end(call)

    def _begin(self, call: "_Call[Any]") -> None:
        with self._lock:
            if call.withdrawn:  # after the token, before the thread's first line
                raise RuntimeError("the caller of this call is gone")
            call.begun = True
            now = self._clock()
            waited = now - call.asked
            self._wait_seconds += waited
            warns = waited > SLOW_WAIT and now - self._warned_at >= WARN_EVERY
            if warns:
                self._warned_at = now
        if warns:
            logger.warning(
                "a call waited %.0f ms for a thread of the pool %r, which has %d",
                waited * 1000,
                self.name,
                self.total_tokens,
            )

    def _end(self, call: "_Call[Any]") -> None:
        with self._lock:
            call.ended = True
            if call.release is None:
                return
            self.abandoned -= 1
        try:
            call.release()
        except RuntimeError:  # the loop has ended before the thread, and the pool with it
            pass


class _Call(Generic[T]):
    """One call: what the loop and the thread know of each other, agreed on under the pool's lock."""

    __slots__ = ("admitted", "args", "asked", "begun", "ended", "fn", "release", "withdrawn")

    def __init__(self, fn: Callable[..., T], args: tuple[Any, ...], asked: float) -> None:
        self.fn = fn
        self.args = args
        self.asked = asked
        self.admitted = self.begun = self.ended = self.withdrawn = False
        self.release: Callable[[], object] | None = None


class _Unlimited(CapacityLimiter):
    """What AnyIO is given to count threads with: it lets everything pass, for the pool has counted already."""

    def __new__(cls) -> Self:
        return object.__new__(cls)

    async def __aenter__(self) -> None:  # asked on asyncio
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        return None

    async def acquire_on_behalf_of(self, borrower: object) -> None:  # noqa: ARG002 - AnyIO's signature; asked on trio
        return None

    def release_on_behalf_of(self, borrower: object) -> None:  # noqa: ARG002 - AnyIO gives it
        return None


_UNLIMITED = _Unlimited()


def _call_soon() -> Callable[..., object]:
    """Give what calls a function in the running loop, asked from any thread, without waiting for it.

    AnyIO's own way from a thread waits, and would do so for ever if the loop ended meanwhile.
    """
    loop = cast("Any", current_token().native_token)
    return loop.call_soon_threadsafe if hasattr(loop, "call_soon_threadsafe") else loop.run_sync_soon


async def run(fn: Callable[[*Ts], T], *args: *Ts, limiter: Pool) -> T:
    """Call `fn(*args)` in a worker thread and return its result.

    The caller's context variables are visible in the thread; what is set there is lost. Waiting for a thread can be
    cancelled. The call itself cannot: a deadline that passes meanwhile shows only afterwards, as the scope's
    `cancel_called`.

    Args:
        fn: A blocking function.
        args: Its arguments.
        limiter: The pool. A thread must not come back through the loop for a second thread of the pool it was
            started from: with all of them in use, that never ends.

    Raises:
        RuntimeError: If `fn` raises StopIteration, which no coroutine can raise.
    """
    return await limiter.call(fn, args)


async def serve(fn: Callable[[*Ts], T], *args: *Ts, limiter: Pool, abandon: bool) -> T:
    """Call `fn(*args)` in a worker thread as `run` does, for a client that waits and may be told to come back.

    Args:
        fn: A blocking function.
        args: Its arguments.
        limiter: The pool.
        abandon: A caller that is cancelled goes on at once. The thread keeps its place in the pool until the function
            returns; it may ask `anyio.from_thread.check_cancelled()`.

    Raises:
        PoolExhausted: If every thread of the pool is abandoned: nobody knows when one gets free.
        RuntimeError: If `fn` raises StopIteration, which no coroutine can raise.
    """
    if limiter.abandoned >= limiter.total_tokens:
        raise PoolExhausted(limiter.name, limiter.total_tokens)
    if not abandon:
        return await limiter.call(fn, args)
    # A thread that asks looks at the scopes round this call. Ours says that it is cancelled also when one of
    # those has become a shield meanwhile, for the cleanup that begins as soon as the caller goes on.
    scope = CancelScope()
    scope.__enter__()
    try:
        return await limiter.call(fn, args, abandon=True)
    except get_cancelled_exc_class():
        scope.cancel()
        raise
    finally:
        scope.__exit__(None, None, None)  # the cancellation is not its own: it goes on


def awaited(value: Any) -> Any:
    """Give a value as it is, in a worker thread; a coroutine that a plain function gave is run in the event loop."""
    if type(value) is not CoroutineType:
        return value
    return from_thread.run(_wait_for, cast("Awaitable[Any]", value))


async def _wait_for(coroutine: Awaitable[Any]) -> Any:
    return await coroutine

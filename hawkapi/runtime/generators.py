"""Iterating what a handler returned: sync iterators in worker threads, and closing in all cases."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from logging import Logger, getLogger
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

from anyio import CancelScope

from hawkapi.runtime import threads
from hawkapi.runtime.deadlines import CLEANUP_SECONDS, begin_cleanup, shielded
from hawkapi.runtime.threads import Pool

BATCH = 16
"""How many items one thread call brings at most: they are all in memory at once."""

FAST_SECONDS = 0.002
"""A batch that took longer was slow. A thread call itself costs about 0.05 ms."""

T = TypeVar("T")

logger: Logger = getLogger("hawkapi")


class closing(AbstractAsyncContextManager[AsyncIterator[T]]):  # noqa: N801 - named after contextlib.aclosing
    """Close an async iterator at the end of the block, also when the block is being cancelled.

    Unlike `contextlib.aclosing` it takes iterators that cannot be closed, and the closing is shielded and
    bounded. The shield is entered before the first item, since a generator may hold scopes of its own
    across its yields. What the block raised leaves it even if the closing is cut off.

    Args:
        iterator: What is iterated in the block, and nowhere else.
        seconds: How long the closing may take.
    """

    def __init__(self, iterator: AsyncIterator[T], seconds: float = CLEANUP_SECONDS) -> None:
        self._iterator = iterator
        self._seconds = seconds
        self._scope = CancelScope()

    async def __aenter__(self) -> AsyncIterator[T]:
        self._scope.__enter__()
        return self._iterator

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        begin_cleanup(self._scope, self._seconds)
        try:
            await self._close()
        except BaseException as error:
            if not self._scope.__exit__(type(error), error, error.__traceback__):
                raise
            logger.error("closing %r was given up after %g s", self._iterator, self._seconds)
        else:
            self._scope.__exit__(None, None, None)

    async def _close(self) -> None:
        aclose = getattr(self._iterator, "aclose", None)
        if aclose is not None:
            try:
                await aclose()
            except* GeneratorExit:  # a task group held across a yield wraps what closes the generator
                pass


class iterate(AsyncIterator[T]):  # noqa: N801 - used like map and zip
    """Iterate a sync iterable from the event loop, its steps in worker threads.

    The first item comes alone. While items are made fast, each thread call brings twice as many as the
    one before; a slow item ends its batch, so that what a slow generator makes goes out when it is made.
    Items that came before an error are delivered before it. Use it under `closing`.

    Args:
        iterable: The iterable. Its iterator is closed in a worker thread, if it can be closed.
        limiter: The pool for the steps.
        cleanup: The pool for closing before the end; `limiter` if there is no other.
        batch: Most items of one thread call. With 1 no item ever waits until the next one is made.
        clock: Monotonic seconds; tests pass their own.
    """

    def __init__(
        self,
        iterable: Iterable[T],
        limiter: Pool,
        *,
        cleanup: Pool | None = None,
        batch: int = BATCH,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._iterable = iterable
        self._iterator: Iterator[T] | None = iterable if isinstance(iterable, Iterator) else None
        self._limiter, self._cleanup = limiter, cleanup or limiter
        self._batch, self._clock = batch, clock
        self._size = 1
        self._ready: deque[T] = deque()
        self._error: Exception | None = None
        self._over = self._closed = self._left = False
        self._running = Lock()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if not self._ready and not self._over:
            await threads.run(self._step, limiter=self._limiter)
        if self._ready:
            return self._ready.popleft()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the iterator in a worker thread, shielded; only the wait for a free thread is bounded."""
        self._over = self._left = True
        self._ready.clear()
        self._error = None
        if self._closed or not hasattr(self._iterator, "close"):
            return
        with shielded() as scope:
            await threads.run(self._leave, limiter=self._cleanup)
        if scope.cancelled_caught:
            logger.error("%r was not closed: no thread was free for %g s", self._iterator, CLEANUP_SECONDS)

    def _step(self) -> None:
        with self._running:
            try:
                if not self._fill():
                    self._over = True
                    self._close()
            except Exception as error:  # noqa: BLE001 - raised again where it belongs, after the items before it
                self._over, self._error = True, error
        if self._left:
            self._leave()

    def _fill(self) -> bool:
        """Make the next batch; return whether there may be more."""
        began = self._clock()
        if self._iterator is None:
            self._iterator = iter(self._iterable)  # here, since it may already do the work, as ORM queries do
        for item in self._iterator:
            self._ready.append(item)
            if self._clock() - began > FAST_SECONDS:
                self._size = 1
                return True
            if len(self._ready) == self._size:
                self._size = min(self._size * 2, self._batch)
                return True
        return False

    def _leave(self) -> None:
        # A native task.cancel() may have left a step running: then that closes when it comes back.
        if self._running.acquire(blocking=False):
            try:
                self._close()
            finally:
                self._running.release()

    def _close(self) -> None:
        self._closed = True
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()

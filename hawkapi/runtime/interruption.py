"""Interrupting what iterates a generator, in such a way that the generator can clean up."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Generic, TypeVar

from anyio import CancelScope, get_cancelled_exc_class

from hawkapi._types import Message, Receive
from hawkapi.runtime.deadlines import begin_cleanup
from hawkapi.runtime.disconnect import DisconnectWatch
from hawkapi.runtime.shutdown import is_cancelled

T = TypeVar("T")


class Interruption:
    """Cancels a block that iterates, such that its iterator is cancelled once and what it awaits then is shielded.

    A generator that stands at an await gets the cancellation there; its `finally` may await, within bounds. A cancel
    scope alone would cancel each of its awaits. A shield raised together with the cancellation would lose it where the
    task was just about to go on: so the shield is down while an interrupted iterator waits, until the cancellation has
    arrived, and up while its code runs, which on trio decides where a cancellation goes.
    """

    __slots__ = ("_block", "_cleanup", "_pending", "interrupted")

    def __init__(self) -> None:
        self._block, self._cleanup = CancelScope(), CancelScope()
        self._pending = False
        self.interrupted: bool = False

    @contextmanager
    def block(self) -> Generator[None, None, None]:
        """Be interruptible during the block; the iterator must not have begun before it."""
        with self._block, self._cleanup:
            yield

    def interrupt(self) -> None:
        """Cancel the block; where that is already cancelled with everything round it, nothing is shielded."""
        if not self.interrupted:
            self.interrupted = True
            self._pending = not is_cancelled()
            self._block.cancel()

    def next(self, iterator: AsyncIterator[T]) -> Awaitable[T]:
        """Give the next item, for the block to await; raises StopAsyncIteration at the end."""
        return _Step(_next(iterator), self)

    def hold(self) -> None:
        """Before the iterator's code runs: it does not see a cancellation that has not arrived."""
        if self._pending:
            self._cleanup.shield = True

    def release(self) -> None:
        """Before it waits: now the cancellation may arrive."""
        if self._pending:
            self._cleanup.shield = False

    def notice(self, error: BaseException | None) -> None:
        """After it waited: if that was the cancellation, the cleanup begins."""
        if self._pending and isinstance(error, get_cancelled_exc_class()):
            self._pending = False
            begin_cleanup(self._cleanup)


class _Step(Awaitable[T], Generic[T]):
    """A coroutine between whose steps the interruption is asked."""

    __slots__ = ("_coroutine", "_interruption")

    def __init__(self, coroutine: Awaitable[T], interruption: Interruption) -> None:
        self._coroutine, self._interruption = coroutine, interruption

    def __await__(self) -> Generator[Any, Any, T]:
        interruption, steps = self._interruption, self._coroutine.__await__()
        resume: Callable[[], Any] = partial(next, steps)
        while True:
            interruption.hold()
            try:
                waits_for = resume()
            except StopIteration as end:
                return end.value
            finally:
                interruption.release()
            try:
                message = yield waits_for
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as exc:  # noqa: BLE001 - asyncio throws in what it has to say
                interruption.notice(exc)
                resume = partial(steps.throw, exc)
            else:
                interruption.notice(getattr(message, "error", None))  # trio sends an outcome
                resume = partial(steps.send, message)


async def _next(iterator: AsyncIterator[T]) -> T:
    return await anext(iterator)


@asynccontextmanager
async def until_gone(receive: Receive, on_gone: Callable[[], None] | None = None) -> AsyncGenerator[Interruption, None]:
    """Run a block that is interrupted when the client leaves.

    Args:
        receive: The connection's `receive`.
        on_gone: Called in that moment, too.
    """
    interruption = Interruption()

    def end() -> None:
        """Say that the client has left."""
        interruption.interrupt()
        if on_gone is not None:
            on_gone()

    async def receive_or_end() -> Message:
        """Receive, and end with the client."""
        try:
            message = await receive()
        except Exception:
            end()
            raise
        if message["type"] == "http.disconnect":
            end()
        return message

    async with DisconnectWatch(receive_or_end):
        with interruption.block():
            yield interruption

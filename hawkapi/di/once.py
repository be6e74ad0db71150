"""Made once, whoever asks at the same time, in whatever event loops."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar, cast

from anyio import Event
from anyio.lowlevel import current_token

from hawkapi.di.provider import UNMADE

T = TypeVar("T")


class Once:
    """A value that is made when it is first asked for, by one of those who ask; the others wait.

    Where making it fails or is cancelled nothing is kept, and one of those who wait makes it instead.

    Args:
        value: The value, where it is known beforehand.

    Attributes:
        value: The value, or `UNMADE`.
    """

    # Event loops of several threads may ask. It takes no lock for that: lists and dicts pop and append atomically, a
    # lock costs as much as making something simple, and one that is held when the garbage collector ends a forgotten
    # task, in the middle of making, is never released.
    __slots__ = ("_turn", "_waiting", "value")

    def __init__(self, value: Any = UNMADE) -> None:
        self.value: Any = value
        self._turn: list[None] = [None]  # empty while somebody is at it
        self._waiting: dict[Event, Callable[[], object]] = {}

    async def get(self, make: Callable[[T], Awaitable[Any]], given: T) -> Any:
        """Give the value, made by `make(given)` if need be."""
        while self.value is UNMADE:
            try:
                self._turn.pop()
            except IndexError:
                await self._wait()
                continue
            try:
                if self.value is UNMADE:  # else it was made just before
                    self.value = await make(given)
            finally:
                self._turn.append(None)
                if self._waiting:
                    self._wake()
        return self.value

    async def _wait(self) -> None:
        """Wait until whoever is at it has done, or failed."""
        done = Event()
        self._waiting[done] = _setter(done)
        try:
            if not self._turn:  # only now: whoever ended before may not have seen us
                await done.wait()
        finally:
            del self._waiting[done]

    def _wake(self) -> None:
        for set_done in list(self._waiting.values()):
            try:
                set_done()
            except RuntimeError:  # that loop has ended, and with it whoever waited there
                pass


def _setter(event: Event) -> Callable[[], object]:
    """Make what sets an event of the running loop, and may be called from any thread."""
    loop = cast("Any", current_token().native_token)
    call_soon = loop.call_soon_threadsafe if hasattr(loop, "call_soon_threadsafe") else loop.run_sync_soon
    return partial(call_soon, event.set)

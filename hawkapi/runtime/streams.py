"""The responses that stay open for long: who they are, and how they end when the app goes away."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, MutableSequence
from contextlib import contextmanager
from logging import Logger, getLogger
from typing import Any

from anyio import sleep

logger: Logger = getLogger("hawkapi")


class _Stream:
    """One open response."""

    __slots__ = ("end", "kind")

    def __init__(self, kind: str, end: Callable[[], None]) -> None:
        self.kind, self.end = kind, end


class Streams:
    """The open long-lived responses of one event loop: server-sent events, WebSockets.

    Who opens one asks `releasing` first and refuses if it is true; there is no await between the two.

    Args:
        sleep: Waits for seconds; tests pass their own.
        shuffle: Puts a list into random order; tests pass their own.

    Attributes:
        releasing: True from the moment on at which the open ones are asked to end.
        released: How many were asked, by kind.
    """

    __slots__ = ("_open", "_shuffle", "_sleep", "released", "releasing")

    def __init__(
        self,
        *,
        sleep: Callable[[float], Awaitable[None]] = sleep,
        shuffle: Callable[[MutableSequence[Any]], None] = random.shuffle,
    ) -> None:
        self._sleep, self._shuffle = sleep, shuffle
        self._open: dict[int, _Stream] = {}
        self.releasing: bool = False
        self.released: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def count(self, kind: str) -> int:
        """Tell how many of a kind are open."""
        return sum(stream.kind == kind for stream in self._open.values())

    @contextmanager
    def open(self, kind: str, end: Callable[[], None]) -> Generator[None, None, None]:
        """Know of a stream during the block.

        Args:
            kind: `"sse"` or `"websocket"`.
            end: Called in the event loop, once at most: asks the stream to end politely, and does not wait.
        """
        stream = _Stream(kind, end)
        self._open[id(stream)] = stream
        try:
            yield
        finally:
            del self._open[id(stream)]

    async def release(self, window: float) -> None:
        """Ask each open stream to end, the first at once, the others evenly over the window in random order.

        The order is random and they end apart so that their clients do not come back as one crowd. A second call
        asks those that were not asked yet; streams that end meanwhile are not asked.

        Args:
            window: Seconds.
        """
        self.releasing = True
        waiting = list(self._open.values())
        self._shuffle(waiting)
        pause = window / len(waiting) if waiting else 0.0
        for place, stream in enumerate(waiting):
            if place and pause:
                await self._sleep(pause)
            self._ask(stream)

    def _ask(self, stream: _Stream) -> None:
        end = stream.end
        if end is _asked or id(stream) not in self._open:
            return
        stream.end = _asked
        self.released[stream.kind] += 1
        try:
            end()
        except Exception:
            logger.exception("asking a stream (%s) to end failed", stream.kind)


def _asked() -> None:
    """Stand for the `end` of a stream that was asked."""

"""Where a server keeps sessions, if their visitors do not."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from hawkapi.middleware.arguments import whole_number

MOST_DATA = 64 * 1024
"""Bytes of one session that a store is given at most."""

_OVERHEAD = 512
"""Bytes that an entry takes besides its data: key, time, places in tables."""


class SessionStore(Protocol):
    """Keeps the data of sessions under keys.

    A key is a text of 64 hexadecimal digits, made of a session's id: who reads the store cannot take over a session.
    Each operation is atomic where several processes share the store. What one raises is answered as a 500.
    """

    async def load(self, key: str) -> bytes | None:
        """Give what was saved under a key, `None` if it is not there or its time is over."""
        ...

    async def save(self, key: str, data: bytes, max_age: int, *, new: bool) -> bool:
        """Save data for `max_age` seconds from now.

        Args:
            key: Its key.
            data: At most 64 KiB.
            max_age: Seconds.
            new: Whether the key is new. If it is not, but there is nothing under it any more, nothing is saved: a
                session that was ended meanwhile stays so.

        Returns:
            Whether the data was saved.
        """
        ...

    async def delete(self, key: str) -> bool:
        """Forget a key; tell whether there was anything under it."""
        ...


class MemorySessionStore:
    """Keeps sessions in the memory of this process: they end with it, and no other process knows them.

    Args:
        max_size: Bytes that all sessions together may take; those unused for longest are forgotten for new ones.
        clock: Monotonic seconds.

    Raises:
        TypeError: If `max_size` is no whole number.
        ValueError: If it is below 128 KiB.
    """

    def __init__(self, *, max_size: int = 16 * 1024 * 1024, clock: Callable[[], float] = monotonic) -> None:
        self._max_size = whole_number("max_size", max_size, minimum=2 * MOST_DATA)
        self._clock = clock
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()  # a dict would be slow to name its first
        self._size = 0

    async def load(self, key: str) -> bytes | None:
        """Give what was saved under a key, `None` if it is not there or its time is over."""
        data = self._live(key)
        if data is not None:
            self._entries.move_to_end(key)
        return data

    async def save(self, key: str, data: bytes, max_age: int, *, new: bool) -> bool:
        """Save data for `max_age` seconds from now, if the key is new or still there."""
        if self._live(key) is not None:
            self._forget(key)
        elif not new:
            return False
        self._entries[key] = data, self._clock() + max_age
        self._size += len(data) + _OVERHEAD
        while self._size > self._max_size:
            self._forget(next(iter(self._entries)))
        return True

    async def delete(self, key: str) -> bool:
        """Forget a key; tell whether there was anything under it."""
        there = self._live(key) is not None
        if there:
            self._forget(key)
        return there

    def __len__(self) -> int:
        return len(self._entries)

    def _live(self, key: str) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        data, ends = entry
        if ends < self._clock():
            self._forget(key)
            return None
        return data

    def _forget(self, key: str) -> None:
        data, _ = self._entries.pop(key)
        self._size -= len(data) + _OVERHEAD

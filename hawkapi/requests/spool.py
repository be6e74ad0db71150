"""Temporary files for what is too large to be held in memory."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import IO

from anyio import move_on_after

from hawkapi.runtime import threads
from hawkapi.runtime.threads import Pool

CLOSE_DEADLINE = 1.0
"""Seconds that closing may wait for a worker thread before it is done in the loop."""


class SpooledFile:
    """A temporary file. Its methods block: they are called in worker threads.

    Args:
        create: Makes the file, when the first bytes are written.
        limiter: Of the threads that work on it.
    """

    __slots__ = ("_create", "_file", "_lock", "closed", "limiter", "size")

    def __init__(self, create: Callable[[], IO[bytes]], limiter: Pool) -> None:
        self._create = create
        self.limiter: Pool = limiter
        self.size: int = 0
        self.closed: bool = False
        self._file: IO[bytes] | None = None
        self._lock = Lock()  # one file position, and several threads may read

    def append(self, data: bytes | bytearray) -> None:
        """Write at the end."""
        with self._lock:
            if self._file is None:
                self._file = self._create()
            self._file.write(data)
            self.size += len(data)

    def read_at(self, offset: int, size: int = -1) -> bytes:
        """Read from `offset` on, to the end if `size` is negative.

        Raises:
            ValueError: If the file is closed.
        """
        with self._lock:
            if self._file is None:
                raise ValueError("This upload is closed: its file ends with the request")
            self._file.seek(offset)
            return self._file.read(size)

    def close(self) -> None:
        """Give the disk space back; a second call does nothing."""
        with self._lock:
            self.closed = True
            if self._file is not None:
                self._file.close()
                self._file = None


async def close_files(files: Sequence[SpooledFile]) -> None:
    """Close what is still open of `files`, also in a task that is being cancelled."""
    remaining = [file for file in files if not file.closed]
    if not remaining:
        return
    try:
        with move_on_after(CLOSE_DEADLINE, shield=True):
            await threads.run(_close, remaining, limiter=remaining[0].limiter)
    finally:
        _close(remaining)  # no thread was free in time


def _close(files: Sequence[SpooledFile]) -> None:
    for file in files:
        file.close()

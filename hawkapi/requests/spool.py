"""Temporary files for what is too large to be held in memory."""

from collections.abc import Sequence
from tempfile import TemporaryFile
from threading import Lock
from typing import IO

from anyio import CapacityLimiter, move_on_after

from hawkapi.runtime import threads

CLOSE_DEADLINE = 1.0
"""Seconds that closing may wait for a worker thread before it is done in the loop."""


class SpooledFile:
    """A nameless temporary file. Its methods block: they are called in worker threads.

    Args:
        limiter: Of the threads that work on it.
    """

    __slots__ = ("_file", "_lock", "closed", "limiter", "size")

    def __init__(self, limiter: CapacityLimiter) -> None:
        self.limiter = limiter
        self.size = 0
        self.closed = False
        self._file: IO[bytes] | None = None
        self._lock = Lock()  # one file position, and several threads may read

    def append(self, data: bytes | bytearray) -> None:
        """Write at the end."""
        with self._lock:
            if self._file is None:
                self._file = TemporaryFile()  # noqa: SIM115  # closed by close()
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

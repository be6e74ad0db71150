"""Signals: whose they are, and how an app hears of them under a server that is not ours."""

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

_claims: list[bool] = []


def claim_process() -> None:
    """Say that our runner handles this process's signals and begins the drain itself; apps then leave them alone."""
    _claims.append(True)


def claimed() -> bool:
    """Tell whether our runner handles this process's signals."""
    return bool(_claims)


@contextmanager
def chain(begin: Callable[[], None]) -> Generator[bool, None, None]:
    """Have `begin` called on SIGTERM and SIGINT, in front of what the server does about them.

    Handlers that are no functions (the system's default, or none) stay, as does everything in a process that was
    claimed and outside the main thread, where handlers cannot be set. At the end the server's own are back, unless
    somebody has put others over ours.

    Args:
        begin: Runs in signal context: plain stores only.

    Yields:
        Whether a handler was chained.
    """
    chained: dict[int, tuple[Any, Any]] = {}
    if not claimed() and threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            former = signal.getsignal(number)
            if callable(former):
                ours = partial(_handle, begin, former)
                signal.signal(number, ours)
                chained[number] = (former, ours)
    try:
        yield bool(chained)
    finally:
        for number, (former, ours) in chained.items():
            if signal.getsignal(number) is ours:
                signal.signal(number, former)


def _handle(
    begin: Callable[[], None], former: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None
) -> None:
    begin()
    former(number, frame)

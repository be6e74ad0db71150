"""The process that serves: its listening socket, its signals, and an end that nothing can put off."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Timer
from types import FrameType

from hawkapi._errors import HawkAPIError

BACKLOG = 2048
"""Connections that may wait to be accepted: while an app reloads, they queue here."""

USER_TIMEOUT = 20_000
"""Milliseconds after which a peer that acknowledges nothing is given up (TCP_USER_TIMEOUT)."""


class BindError(HawkAPIError):
    """The address cannot be listened on.

    Args:
        host: The host as given.
        port: The port as given.
        reason: The system's own words.
    """

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {reason}")
        self.host, self.port, self.reason = host, port, reason


def bind(host: str, port: int) -> socket.socket:
    """Open the listening TCP socket of `host` and `port`; port 0 takes a free one.

    Connections queue from now on, so servers may come and go behind it. What is set here, they inherit.

    Raises:
        BindError: If the address is taken, unknown or not of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(address, family=family, backlog=BACKLOG)
    except (socket.gaierror, UnicodeError) as error:
        raise BindError(host, port, f"unknown host ({error})") from error
    except OSError as error:
        raise BindError(host, port, os.strerror(error.errno or 0)) from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux. Writes on trio are shielded: only the kernel ends a silent peer's
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT)
    return listener


@contextmanager
def stop_signals(act: Callable[[], None]) -> Generator[None]:
    """Have `act` called on SIGINT and SIGTERM; afterwards what stood there before is back. Main thread only."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        act()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def end_after(seconds: float | None) -> None:
    """End this process in `seconds`, with code 1, whatever still runs in it; `None` never does."""
    if seconds is not None:
        timer = Timer(seconds, _end, (seconds,))
        timer.daemon = True  # else it would itself keep alive a process that is done
        timer.start()


def _end(seconds: float) -> None:
    sys.stderr.write(f"Still running {seconds:g} s after it was told to stop: ended.\n")
    sys.stderr.flush()
    os._exit(1)

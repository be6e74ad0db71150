"""A process that serves for a parent: what the parent holds of it, and what runs in it."""

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from socket import socket
from threading import Thread
from time import monotonic
from types import FrameType
from typing import NoReturn, cast

from hawkapi._errors import HawkAPIError
from hawkapi._types import ASGIApp
from hawkapi.app.config import Drain
from hawkapi.server.base import ServerOptions
from hawkapi.server.failure import FailurePage
from hawkapi.server.life import serve
from hawkapi.server.stop import MARGIN, SIGNALS

_context = get_context("spawn")  # a fresh interpreter: nothing of the parent's state, and the same on every system


class Worker:
    """The parent's end of a process that serves; it starts at once.

    Args:
        load: Makes the app in the process, so it must be picklable; it raises a `HawkAPIError` if it cannot.
        options: How the app is served.
        listener: Where the process accepts.
        show_failure: Serve a page that shows why the app cannot be loaded, instead of ending.
        restarts: How many workers in its place have died one after the other.

    Attributes:
        began: When it started, in seconds of `time.monotonic`.
        limit: Seconds that its stop may take at most.
        report: Where it tells how loading the app went: an error's text, then its limit; closed when it told all.
        ended: Becomes ready, for `multiprocessing.connection.wait`, when the process has ended.
    """

    def __init__(
        self,
        load: Callable[[], ASGIApp],
        options: ServerOptions,
        listener: socket,
        *,
        show_failure: bool = False,
        restarts: int = 0,
    ) -> None:
        self.restarts = restarts
        self.limit: float = (options.drain or Drain()).total + MARGIN
        self.began: float = monotonic()
        told, report = _context.Pipe(duplex=False)
        self.report: Connection = told
        self._process = _context.Process(target=_work, args=(load, options, listener, report, show_failure))
        resource_tracker.ensure_running()  # it starts with the first process, and lets through what is held back here
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # inherited: those that come early are the new process's too
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        report.close()
        self.ended: int = self._process.sentinel

    @property
    def name(self) -> str:
        """For people."""
        return f"Worker {self._process.pid}"

    def hear(self) -> str | float | None:
        """Take the next report, as the process wrote it; `None` when there will be none any more."""
        try:
            return self.report.recv()
        except EOFError:
            self.report.close()
            return None

    def signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self._process.exitcode is None:
            os.kill(cast(int, self._process.pid), number)

    def bury(self) -> int:
        """Wait for its end, and return its exit code; minus the number of the signal that killed it."""
        self._process.join()
        self.report.close()
        code = self._process.exitcode
        self._process.close()
        return code or 0


def _work(
    load: Callable[[], ASGIApp], options: ServerOptions, listener: socket, report: Connection, show_failure: bool
) -> NoReturn:
    """Load, report and serve: the whole life of the process."""
    for number in SIGNALS:  # held back so far; who serves handles them, and afterwards they come too late
        signal.signal(number, _ignore)
    os.setpgrp()  # a Ctrl-C goes to all processes of the terminal's group: this one hears of it from the parent alone
    Thread(target=_follow_parent, daemon=True).start()

    def load_and_report() -> ASGIApp:
        try:
            return load()
        except HawkAPIError as error:
            report.send(str(error))
            if not show_failure:
                sys.exit(1)
            return FailurePage(error)

    def loaded(limit: float) -> None:
        report.send(limit)
        report.close()

    sys.exit(serve(load_and_report, options, listener, loaded))


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing. To ignore a signal in the system's own way would drop one that is held back."""


def _follow_parent() -> None:
    """Stop when the parent has been killed: nobody else would tell."""
    cast(BaseProcess, parent_process()).join()
    os.kill(os.getpid(), signal.SIGTERM)

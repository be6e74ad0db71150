"""The parent of processes that serve: it holds the socket, starts them, replaces them, and sees them end."""

import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from math import inf
from multiprocessing.connection import Connection, wait
from pathlib import Path
from socket import socket
from time import monotonic
from types import FrameType
from typing import Any

from hawkapi._errors import HawkAPIError
from hawkapi._types import ASGIApp
from hawkapi.runtime.workers import Backoff
from hawkapi.server.base import STARTUP_FAILURE, ServerOptions
from hawkapi.server.reload import watching
from hawkapi.server.stop import ENOUGH, SIGNALS
from hawkapi.server.worker import Worker

BACKOFF = Backoff(first=0.25, most=8.0, healthy=10.0)
"""How long the place of a worker that died stays empty."""

_PATIENCE = 1.0
"""Seconds that a worker gets beyond its own limit, before it is killed: it keeps the limit itself, if it still can."""


class LoadError(HawkAPIError):
    """The app could not be loaded, and no change of the sources is waited for."""


def supervise(
    load: Callable[[], ASGIApp],
    options: ServerOptions,
    listener: socket,
    *,
    workers: int = 1,
    directory: Path | None = None,
) -> int:
    """Serve in processes of their own, until SIGINT or SIGTERM; return the exit code of this process, their parent.

    A worker that dies is replaced, after a while if that happens again and again. The port stays open throughout: what
    comes in between two workers waits in the queue of `listener`. At the end that is closed first, the workers are sent
    the signals that the parent gets, and those that do not end in time are killed. Runs in the main thread.

    With a `directory` it reloads: each change of a Python file below it brings a fresh worker. An app that fails to
    load after a change is replaced by a page that shows why, and a worker that died by nothing, until the next change.

    Args:
        load: Makes the app in a worker, so it must be picklable; it raises a `HawkAPIError` if it cannot.
        options: How the app is served.
        listener: Where the workers accept.
        workers: How many there are; 1 with a directory.
        directory: What is watched, with all below it but environments, caches and the like.

    Returns:
        0 after a stop that was asked for, 1 if a worker had to be killed or failed in it, `STARTUP_FAILURE` if the app
        did not start, and 128 and its number after a third signal, which kills at once.

    Raises:
        LoadError: If the app cannot be loaded; with a directory, at the first start only.
        MissingExtraError: If `watchfiles` is needed and not installed.
    """
    with _bell() as bell, watching(directory) if directory is not None else nullcontext() as changes:
        parent = _Parent(load, options, listener, bell, changes)
        try:
            return parent.run(workers)
        finally:
            parent.stop()


class _Parent:
    """See `supervise`.

    Args:
        load: Makes the app.
        options: How it is served.
        listener: Where the workers accept.
        bell: Gives the number of each signal as one byte.
        changes: Gives the names of changed files, if there is reloading.
    """

    def __init__(
        self,
        load: Callable[[], ASGIApp],
        options: ServerOptions,
        listener: socket,
        bell: int,
        changes: Connection | None,
    ) -> None:
        self._load, self._options, self._listener = load, options, listener
        self._bell, self._changes = bell, changes
        self._workers: list[Worker] = []
        self._due: list[tuple[float, int]] = []  # when to start a worker, and after how many restarts in a row
        self._signals: list[int] = []
        self._loaded = False
        self._startup_failed = False

    def run(self, workers: int) -> int:
        """Keep workers running until a signal comes, then stop them; return the exit code."""
        self._due = [(0.0, 0)] * workers
        while not self._startup_failed:
            self._start_due()
            ready = self._wait(self._due[0][0] - monotonic() if self._due else None)
            if self._signals:
                break
            for worker in [*self._workers]:
                if worker.report in ready:
                    self._hear(worker)
                elif worker.ended in ready:
                    self._replace(worker)
            if self._changes is not None and self._changes in ready:
                self._reload(self._changes)
        clean = self.stop()
        if len(self._signals) >= ENOUGH:
            return 128 + self._signals[ENOUGH - 1]
        if self._startup_failed:
            return STARTUP_FAILURE
        return 0 if clean else 1

    def stop(self) -> bool:
        """Accept no more, and end all workers; return whether they ended well."""
        self._listener.close()  # first: whoever comes from now on is refused, and does not wait for nobody
        return self._end_workers()

    def _start_due(self) -> None:
        while self._due and self._due[0][0] <= monotonic():
            _, restarts = self._due.pop(0)
            show_failure = self._changes is not None and self._loaded
            self._workers.append(
                Worker(self._load, self._options, self._listener, show_failure=show_failure, restarts=restarts)
            )

    def _wait(self, seconds: float | None) -> list[Any]:
        """Wait for something to happen, at most that long; signals are taken note of, and sent on."""
        reports = [worker.report for worker in self._workers if not worker.report.closed]
        changes = [] if self._changes is None else [self._changes]
        waited = [self._bell, *changes, *reports, *(worker.ended for worker in self._workers)]
        ready = wait(waited, None if seconds is None else max(seconds, 0.0))
        if self._bell in ready:
            for number in os.read(self._bell, 64):
                if number in SIGNALS:  # the bell rings for every signal that has a handler in Python
                    self._signals.append(number)
                    self._tell(number)
        return ready

    def _tell(self, number: int) -> None:
        for worker in self._workers:
            worker.signal(number)

    def _hear(self, worker: Worker) -> None:
        match worker.hear():
            case float(limit):
                worker.limit = limit
                self._loaded = True
            case str(error):
                self._fail(error)
            case _:
                pass

    def _replace(self, worker: Worker) -> None:
        """Bury a worker that nobody told to end, and see what comes after it."""
        self._workers.remove(worker)
        name = worker.name
        code = worker.bury()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        if self._changes is not None or not self._loaded:
            self._fail(f"the process {how}")
        elif code == STARTUP_FAILURE:
            self._startup_failed = True
        else:
            restarts = 0 if monotonic() - worker.began >= BACKOFF.healthy else worker.restarts
            pause = BACKOFF.wait(restarts)
            _say(f"{name} {how}. Another one starts in {pause:g} s.")
            self._due = sorted([*self._due, (monotonic() + pause, restarts + 1)])

    def _fail(self, error: str) -> None:
        """Say what only a change of the sources will mend.

        Raises:
            LoadError: If none is waited for.
        """
        if self._changes is None or not self._loaded:
            raise LoadError(error)
        _say(f"Error: {error}\nWaiting for a change.")

    def _reload(self, changes: Connection) -> None:
        _say(f"Changed: {', '.join(changes.recv())}. Reloading.")
        self._end_workers()
        while changes.poll():  # what has changed meanwhile is loaded with the rest
            changes.recv()
        self._due = [(0.0, 0)]

    def _end_workers(self) -> bool:
        """Tell the workers to end, if a signal has not done so, and kill those that do not; were they fine?"""
        if not self._signals:
            self._tell(signal.SIGTERM)
        deadline = monotonic() + max((worker.limit for worker in self._workers), default=0.0) + _PATIENCE
        clean = True
        while self._workers:
            ready = self._wait(None if deadline == inf else deadline - monotonic())
            if monotonic() >= deadline or len(self._signals) >= ENOUGH:
                deadline = inf
                self._tell(signal.SIGKILL)
            for worker in [*self._workers]:
                if worker.report in ready:
                    worker.hear()
                elif worker.ended in ready:
                    self._workers.remove(worker)
                    clean = worker.bury() == 0 and clean
        return clean


@contextmanager
def _bell() -> Generator[int, None, None]:
    """Have the number of each SIGINT and SIGTERM written into a pipe during the block; yield where it is read.

    The interpreter writes it at once. A handler in Python would run too late when the signal comes just before a wait.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    waker = signal.set_wakeup_fd(writer)
    before = {number: signal.signal(number, _leave_it_to_the_bell) for number in SIGNALS}
    try:
        yield reader
    finally:
        for number, former in before.items():
            signal.signal(number, former)
        signal.set_wakeup_fd(waker)
        os.close(reader)
        os.close(writer)


def _leave_it_to_the_bell(_number: int, _frame: FrameType | None) -> None:
    """Do nothing more."""


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()

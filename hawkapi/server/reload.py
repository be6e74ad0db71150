"""Reloading: a parent that holds the socket and watches the sources, and one child at a time that serves."""

import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socket
from threading import Event
from typing import NoReturn

from hawkapi._errors import HawkAPIError
from hawkapi._types import ASGIApp
from hawkapi.server.base import ServerOptions, require_libraries, serve
from hawkapi.server.failure import FailurePage
from hawkapi.server.process import stop_signals

_GLANCE = 200
"""Milliseconds between two looks at the child."""

_MARGIN = 1.0
"""Seconds that a child gets beyond its own limit, before it is killed."""

_context = get_context("spawn")  # a fresh interpreter: nothing of the parent's state, and the same on every system


class LoadError(HawkAPIError):
    """The app could not be loaded when it was to be served for the first time."""


def supervise(load: Callable[[], ASGIApp], options: ServerOptions, listener: socket, directory: Path) -> int:
    """Serve in a child process, and in a fresh one after each change of a Python file below `directory`.

    The port stays open throughout: what comes in between two children waits in the queue of `listener`, which is
    closed at the end. An app that fails to load after a change is replaced by a page that shows why, until the next
    change. Ends on SIGINT or SIGTERM; runs in the main thread.

    Args:
        load: Makes the app in the child, so it must be picklable; it raises a `HawkAPIError` if it cannot.
        options: How the app is served.
        listener: Where the children accept.
        directory: What is watched, with all below it but environments, caches and the like.

    Returns:
        The exit code, 0.

    Raises:
        LoadError: If the app cannot be loaded at the first start.
        MissingExtraError: If `watchfiles` is not installed.
    """
    require_libraries("Reloading", ["watchfiles"], "standard")
    from watchfiles import PythonFilter, watch  # noqa: PLC0415 - optional: the `standard` extra

    stop = Event()
    with stop_signals(stop.set):
        child = _Child(load, options, listener)
        try:
            for changes in watch(
                directory, watch_filter=PythonFilter(), stop_event=stop, rust_timeout=_GLANCE, yield_on_timeout=True
            ):
                child.look()
                if changes:
                    names = sorted({Path(path).name for _, path in changes})
                    _say(f"Changed: {', '.join(names)}. Reloading.")
                    child.stop()
                    child.start()
        finally:
            listener.close()  # first: whoever comes from now on is refused, and does not wait for nobody
            child.stop()
    return 0


class _Child:
    """The process that serves at the moment; it starts at once.

    Args:
        load: Makes the app.
        options: How it is served.
        listener: Where it accepts.
    """

    def __init__(self, load: Callable[[], ASGIApp], options: ServerOptions, listener: socket) -> None:
        self._load, self._options, self._listener = load, options, listener
        self._loaded = False
        self.start()

    def start(self) -> None:
        """Start a process; it reports why the app cannot be loaded, or that it can."""
        self._report, report = _context.Pipe(duplex=False)
        self._process = _context.Process(
            target=_run, args=(self._load, self._options, self._listener, report, self._loaded)
        )
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited: a Ctrl-C while it loads is the parent's
        self._process.start()
        signal.signal(signal.SIGINT, handler)
        report.close()

    def look(self) -> None:
        """Hear how it goes, and say what needs a change of the sources.

        Raises:
            LoadError: If no process has loaded the app so far, and this one cannot.
        """
        if self._report.closed or not self._report.poll():
            return
        failure: str | None
        try:
            failure = self._report.recv()
        except EOFError:  # its end of the pipe closes with the process
            self._report.close()
            self._process.join()
            failure = f"the process ended with code {self._process.exitcode}"
        if failure is None:
            self._loaded = True
        elif self._loaded:
            _say(f"Error: {failure}\nWaiting for a change.")
        else:
            raise LoadError(failure)

    def stop(self) -> None:
        """Tell it to stop, and kill it if it does not in time."""
        self._report.close()
        self._process.terminate()
        limit = self._options.kill_after
        self._process.join(None if limit is None else limit + _MARGIN)  # it keeps the limit itself, if it still can
        self._process.kill()
        self._process.join()


def _run(
    load: Callable[[], ASGIApp], options: ServerOptions, listener: socket, report: Connection, loaded: bool
) -> NoReturn:
    """Load, report and serve: the whole life of a child. Was the app `loaded` before, a failure is shown."""
    try:
        app = load()
    except HawkAPIError as error:
        report.send(str(error))
        if not loaded:
            sys.exit(1)
        app = FailurePage(error)
    else:
        report.send(None)
    sys.exit(serve(app, options, listener))


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()

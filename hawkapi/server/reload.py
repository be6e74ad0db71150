"""Reloading: what tells a parent that the sources have changed."""

from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread

from hawkapi.server.base import require


@contextmanager
def watching(directory: Path) -> Generator[Connection, None, None]:
    """Watch the Python files below a directory during the block, environments, caches and the like left out.

    Yields:
        A connection that receives the sorted names of what has changed, one list a change.

    Raises:
        MissingExtraError: If `watchfiles` is not installed.
    """
    require("Reloading", "watchfiles")
    from watchfiles import PythonFilter, watch  # noqa: PLC0415 - optional: the `standard` extra

    changes, out = Pipe(duplex=False)
    stop = Event()

    def tell() -> None:
        for changed in watch(directory, watch_filter=PythonFilter(), stop_event=stop):
            out.send(sorted({Path(path).name for _, path in changed}))

    thread = Thread(target=tell)
    thread.start()
    try:
        yield changes
    finally:
        stop.set()
        thread.join()
        changes.close()
        out.close()

"""What every server is told, and the table that says which one runs a backend."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from socket import socket
from typing import NamedTuple, Protocol, cast

import msgspec

from hawkapi._errors import MissingExtraError
from hawkapi._types import ASGIApp

STARTUP_FAILURE = 3
"""Exit code of a process whose app did not start: starting it again without a change is of no use."""


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How an app is served.

    Args:
        backend: A key of `BACKENDS`.
        grace: Seconds that running requests get once the process is told to stop.
        kill_after: Seconds after that moment at which the process ends whatever still runs (a thread that
            hangs, a peer that stops reading); `None`: it waits.
    """

    backend: str = "auto"
    grace: float = 0.5
    kill_after: float | None = 3.0


class Backend(NamedTuple):
    """One way to run an app.

    Args:
        server: Name of the server, for people.
        module: The module of ours whose `serve` drives it.
        needs: Optional libraries it cannot do without.
        extra: The extra of the distribution that brings them.
    """

    server: str
    module: str
    needs: tuple[str, ...]
    extra: str


BACKENDS: Mapping[str, Backend] = {
    "auto": Backend("uvicorn", "hawkapi.server.uvicorn", ("uvicorn",), "uvicorn"),
    "asyncio": Backend("uvicorn", "hawkapi.server.uvicorn", ("uvicorn",), "uvicorn"),
    "uvloop": Backend("uvicorn", "hawkapi.server.uvicorn", ("uvicorn", "uvloop"), "uvicorn"),
    "trio": Backend("anycorn", "hawkapi.server.anycorn", ("trio", "anycorn"), "trio"),
}
"""Backend to what runs it; `auto` leaves the choice of the asyncio loop to uvicorn."""


class _Server(Protocol):
    """What a module named in `BACKENDS` holds."""

    def serve(self, app: ASGIApp, options: ServerOptions, listener: socket) -> int: ...


def require_libraries(feature: str, libraries: Iterable[str], extra: str) -> None:
    """See that optional libraries are installed, without importing them.

    Raises:
        MissingExtraError: If one is not; it names the feature, and the extra that brings the library.
    """
    if any(find_spec(library) is None for library in libraries):
        raise MissingExtraError(feature, extra)


def require_backend(backend: str) -> None:
    """See that the server of a backend is installed.

    Raises:
        MissingExtraError: If it is not.
    """
    chosen = BACKENDS[backend]
    require_libraries(f"The backend '{backend}' ({chosen.server})", chosen.needs, chosen.extra)


def serve(app: ASGIApp, options: ServerOptions, listener: socket) -> int:
    """Serve `app` on `listener` until SIGINT or SIGTERM; return the exit code of the process.

    Runs in the main thread, which alone receives signals, and closes `listener`. The code is 0 after a stop that
    was asked for and `STARTUP_FAILURE` when the app did not start; why is said on stderr.

    Raises:
        MissingExtraError: If the backend's server is not installed.
    """
    require_backend(options.backend)
    server = cast(_Server, import_module(BACKENDS[options.backend].module))
    return server.serve(app, options, listener)

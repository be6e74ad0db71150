"""What every server is told, and the table that says which one runs which event loop."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import NamedTuple

import msgspec

from hawkapi._errors import HawkAPIError, MissingExtraError
from hawkapi.app.config import Drain

AUTO = "auto"
"""Leaves the choice to `choose`."""

STARTUP_FAILURE = 3
"""Exit code of a process whose app did not start: starting it again without a change is of no use."""


class Server(NamedTuple):
    """A server that can run apps.

    Args:
        module: The module of ours whose `serve` drives it.
        backends: The event loops it runs on, the one it prefers first.
    """

    module: str
    backends: tuple[str, ...]


SERVERS: Mapping[str, Server] = {
    "uvicorn": Server("hawkapi.server.uvicorn", ("uvloop", "asyncio")),
    "anycorn": Server("hawkapi.server.anycorn", ("trio",)),
    "granian": Server("hawkapi.server.granian", ("uvloop", "asyncio")),
}
"""The servers; for a backend the first one that runs it is the default."""

BACKENDS = ("asyncio", "uvloop", "trio")
"""The event loops."""

_EXTRAS = {
    "uvicorn": "uvicorn",
    "uvloop": "uvicorn",
    "anycorn": "trio",
    "trio": "trio",
    "granian": "granian",
    "watchfiles": "standard",
}


class BackendError(HawkAPIError):
    """The server does not run the event loop.

    Args:
        server: A key of `SERVERS`.
        backend: One of `BACKENDS`.
    """

    def __init__(self, server: str, backend: str) -> None:
        able = ", ".join(SERVERS[server].backends)
        super().__init__(f"the server '{server}' does not run the backend '{backend}', but {able}")
        self.server: str = server
        self.backend: str = backend


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How an app is served.

    Args:
        server: A key of `SERVERS`.
        backend: One of its backends.
        drain: How long each phase of the stop may take; `None`: as long as the app says, if it is a HawkAPI.
        access_log: Whether the server writes a line for each request.
        interactive: Somebody sits at the terminal: SIGINT is a Ctrl-C, and nobody waits for a readiness probe.
    """

    server: str = "uvicorn"
    backend: str = "asyncio"
    drain: Drain | None = None
    access_log: bool = True
    interactive: bool = False


def choose(server: str = AUTO, backend: str = AUTO) -> tuple[str, str]:
    """Choose what was left open of server and backend, and see that both are installed.

    uvloop is taken where it is installed.

    Raises:
        BackendError: If the two do not fit together.
        MissingExtraError: If one is not installed.
    """
    if server == AUTO:
        server = next(name for name, able in SERVERS.items() if backend in (AUTO, *able.backends))
    backends = SERVERS[server].backends
    if backend == AUTO:
        backend = next((name for name in backends if _installed(name)), backends[-1])
    if backend not in backends:
        raise BackendError(server, backend)
    feature = f"The backend '{backend}' ({server})"
    require(feature, server)
    if backend != "asyncio":
        require(feature, backend)
    return server, backend


def require(feature: str, library: str) -> None:
    """See that an optional library is installed, without importing it.

    Raises:
        MissingExtraError: If it is not; names the feature, and the extra that brings the library.
    """
    if not _installed(library):
        raise MissingExtraError(feature, _EXTRAS[library])


def _installed(library: str) -> bool:
    return find_spec(library) is not None

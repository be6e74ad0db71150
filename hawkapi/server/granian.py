"""granian, embedded in an event loop of ours: asyncio and uvloop."""

from functools import partial
from socket import AF_UNIX, socket

import anyio
from granian.constants import Interfaces  # this module is loaded by name, where granian is installed
from granian.log import LogLevels
from granian.net import SocketHolder  # pyright: ignore[reportPrivateImportUsage] - what `granian` itself imports there
from granian.server.embed import Server

from hawkapi._types import ASGIApp
from hawkapi.server.base import ServerOptions
from hawkapi.server.life import live
from hawkapi.server.listener import BACKLOG
from hawkapi.server.stop import Stop


def serve(app: ASGIApp, stop: Stop, options: ServerOptions, listener: socket) -> int:
    """Serve `app` on `listener`, as `hawkapi.server.life.serve` says."""
    serve_until_stopped = partial(_serve, stop=stop, options=options, listener=listener)
    use_uvloop = options.backend == "uvloop"
    return anyio.run(live, app, stop, serve_until_stopped, backend_options={"use_uvloop": use_uvloop})


async def _serve(app: ASGIApp, *, stop: Stop, options: ServerOptions, listener: socket) -> None:
    server = _Server(app, options, listener)
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve)
        await stop.accepts_no_more()
        server.stop()
        group.cancel_scope.deadline = anyio.current_time() + stop.drain.request_grace  # it would wait for ever


class _Server(Server):
    """granian's server, on a socket that is there already.

    It warns of itself that it is experimental; its news of starting and stopping would name a wrong address.
    """

    def __init__(self, app: ASGIApp, options: ServerOptions, listener: socket) -> None:
        super().__init__(
            app,
            interface=Interfaces.ASGI,
            backlog=BACKLOG,
            log_access=options.access_log,
            log_level=LogLevels.warning,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        is_unix = self._listener.family == AF_UNIX
        fd = self._listener.detach()
        self._shd = SocketHolder(fd, is_unix, BACKLOG)  # pyright: ignore[reportCallIssue] - its stub has no arguments

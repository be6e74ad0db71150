"""uvicorn: asyncio and uvloop."""

import asyncio
import logging
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from socket import socket
from typing import cast

import anyio
import uvicorn  # this module is loaded by name, where uvicorn is installed

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
    config = uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType] - uvicorn spells the same ASGI types as TypedDicts
        interface="asgi3",
        lifespan="on",
        access_log=options.access_log,
        backlog=BACKLOG,
        proxy_headers=False,  # X-Forwarded-* is the app's business: it knows whom to trust
        timeout_graceful_shutdown=cast(int, stop.drain.request_grace),  # typed int, used as seconds of any kind
    )
    log = logging.getLogger("uvicorn.error")
    log.setLevel(logging.WARNING)  # it would tell of a start and a stop that are not the app's
    log.addFilter(_is_news)
    server = _Server(config)

    async def end() -> None:
        await stop.accepts_no_more()
        server.should_exit = True

    async with anyio.create_task_group() as group:
        group.start_soon(end)
        await server.serve(sockets=[listener])
        group.cancel_scope.cancel()


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves the signals alone."""

    def capture_signals(self) -> AbstractContextManager[None]:  # pyright: ignore[reportIncompatibleMethodOverride]  # typed as a generator there
        """Capture none: `Stop` handles them."""
        return nullcontext()


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out the traceback of each request that the end of the grace cut off: uvicorn says how many there were."""
    return record.exc_info is None or not isinstance(record.exc_info[1], asyncio.CancelledError)

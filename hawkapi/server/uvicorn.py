"""uvicorn: asyncio and uvloop."""

import asyncio
import logging
from contextlib import suppress
from socket import socket
from types import FrameType
from typing import cast

import uvicorn  # this module is loaded by name, where uvicorn is installed
from uvicorn.config import LoopFactoryType

from hawkapi._types import ASGIApp
from hawkapi.server.base import STARTUP_FAILURE, ServerOptions
from hawkapi.server.process import end_after, stop_signals


class _Server(uvicorn.Server):
    """uvicorn's server, whose end has a limit."""

    def __init__(self, config: uvicorn.Config, kill_after: float | None) -> None:
        super().__init__(config)
        self._kill_after = kill_after

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the shutdown, and the time it may take."""
        if not self.should_exit:
            end_after(self._kill_after)
        super().handle_exit(sig, frame)


def serve(app: ASGIApp, options: ServerOptions, listener: socket) -> int:
    """Serve `app` on `listener`, as `hawkapi.server.base.serve` says."""
    config = uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType] - uvicorn spells the same ASGI types as TypedDicts
        loop=cast(LoopFactoryType, options.backend),
        lifespan="on",  # "auto" serves on after a start-up that raised
        proxy_headers=False,  # X-Forwarded-* is the app's business: it knows whom to trust
        timeout_graceful_shutdown=cast(int, options.grace),  # typed int, used as seconds of any kind
    )
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    server = _Server(config, options.kill_after)
    with (
        listener,
        stop_signals(lambda: None),  # it raises each signal once more when it is done, and the exit code is ours
        suppress(SystemExit),  # its way to say that the app did not start, in some versions
    ):
        server.run(sockets=[listener])
    return 0 if server.started else STARTUP_FAILURE


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out the traceback of each request that the end of the grace cut off: uvicorn says how many there were."""
    return record.exc_info is None or not isinstance(record.exc_info[1], asyncio.CancelledError)

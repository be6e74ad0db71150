"""anycorn: trio."""

import os
import signal
import sys
from collections.abc import Awaitable
from socket import socket

import anycorn  # this module is loaded by name, where anycorn and trio are installed
import anyio

from hawkapi._types import ASGIApp, Message, Receive, Scope, Send
from hawkapi.server.base import STARTUP_FAILURE, ServerOptions
from hawkapi.server.process import BACKLOG, end_after


def serve(app: ASGIApp, options: ServerOptions, listener: socket) -> int:
    """Serve `app` on `listener`, as `hawkapi.server.base.serve` says."""
    config = anycorn.Config()
    descriptor = listener.detach()
    config.bind = f"fd://{descriptor}"  # the server's, from the start of the app on
    config.backlog = BACKLOG
    config.accesslog = "-"
    config.graceful_timeout = options.grace
    config.websocket_ping_interval = 20
    failure = anyio.run(_serve, app, config, options.kill_after, backend="trio")
    if failure is None:
        return 0
    os.close(descriptor)
    sys.stderr.write(f"The app did not start: {failure}\n")
    return STARTUP_FAILURE


async def _serve(app: ASGIApp, config: anycorn.Config, kill_after: float | None) -> str | None:
    """Serve until a signal comes; one during start-up counts when the app has started.

    Returns:
        Why the app did not start, `None` if it did.
    """
    failure: str | None = None
    stop = anyio.Event()

    def watched(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "lifespan":
            return app(scope, receive, send)

        async def watching_send(message: Message) -> None:
            nonlocal failure
            if message["type"] == "lifespan.startup.failed":  # anycorn would raise here, and serve if the app lives on
                failure = message.get("message", "")
                group.cancel_scope.cancel()
            else:
                await send(message)

        return app(scope, receive, watching_send)

    async with anyio.create_task_group() as group:
        group.start_soon(_stop_on_signal, stop, kill_after)
        await anycorn.serve(  # pyright: ignore[reportUnknownMemberType] - its WSGI half is not typed
            watched,  # pyright: ignore[reportArgumentType] - it spells the same ASGI types as TypedDicts
            config,
            shutdown_trigger=stop.wait,
            mode="asgi",
        )
        group.cancel_scope.cancel()
    return failure


async def _stop_on_signal(stop: anyio.Event, kill_after: float | None) -> None:
    """Receive the signals while the server runs: the first one begins the shutdown, and the time it may take."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            if not stop.is_set():
                end_after(kill_after)
                stop.set()

"""anycorn: trio."""

from functools import partial
from socket import socket

import anycorn  # this module is loaded by name, where anycorn and trio are installed
import anyio

from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.app.in_flight import InFlight
from hawkapi.server.base import ServerOptions
from hawkapi.server.framing import misframed
from hawkapi.server.life import live
from hawkapi.server.listener import BACKLOG
from hawkapi.server.stop import Stop


def serve(app: ASGIApp, stop: Stop, options: ServerOptions, listener: socket) -> int:
    """Serve `app` on `listener`, as `hawkapi.server.life.serve` says."""
    serve_until_stopped = partial(_serve, stop=stop, options=options, listener=listener)
    return anyio.run(live, app, stop, serve_until_stopped, backend="trio")


async def _serve(app: ASGIApp, *, stop: Stop, options: ServerOptions, listener: socket) -> None:
    config = anycorn.Config()
    config.bind = f"fd://{listener.detach()}"  # the server's from now on
    config.backlog = BACKLOG
    config.accesslog = "-" if options.access_log else None
    config.graceful_timeout = stop.drain.request_grace
    config.websocket_ping_interval = 20
    closes, calls = anyio.Event(), InFlight()

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await app(scope, receive, send)
        refusal = misframed(scope)
        if refusal is not None:
            return await refusal(scope, receive, send)
        calls.count += 1
        try:
            await app(scope, receive, send)
        finally:
            calls.count -= 1
            calls.tell()

    async def run() -> None:
        await anycorn.serve(  # pyright: ignore[reportUnknownMemberType] - its WSGI half is not typed
            counted,  # pyright: ignore[reportArgumentType] - it spells the same ASGI types as TypedDicts
            config,
            shutdown_trigger=closes.wait,
            mode="asgi",
        )

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await stop.accepts_no_more()
        closes.set()
        await calls.wait_until_idle(stop.drain.request_grace)
        group.cancel_scope.cancel()  # a WebSocket that is closed already would hold it until its next ping

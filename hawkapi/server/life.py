"""The life of a process that serves: load the app, start it, serve it, drain, stop it."""

import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from socket import socket
from typing import Any, Protocol, TypeAlias, cast

from anyio import create_task_group

from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.app.dispatch import closing
from hawkapi.runtime.groups import unwrap
from hawkapi.runtime.lifespan import LifespanFailed, conversation, drive
from hawkapi.runtime.signals import claim_process
from hawkapi.server.base import SERVERS, STARTUP_FAILURE, ServerOptions
from hawkapi.server.stop import Stop

Serve: TypeAlias = Callable[[ASGIApp], Awaitable[None]]
"""Serves an app until `Stop.accepts_no_more` returns, and then at most for its request grace."""


class _ServerModule(Protocol):
    """What a module named in `SERVERS` holds."""

    def serve(self, app: ASGIApp, stop: Stop, options: ServerOptions, listener: socket) -> int:
        """Run `live` in an event loop, with a server that accepts on `listener`, which it may close."""
        ...


def serve(
    load: Callable[[], ASGIApp],
    options: ServerOptions,
    listener: socket,
    loaded: Callable[[float], None] | None = None,
) -> int:
    """Serve an app on `listener` until SIGINT or SIGTERM; return the exit code of the process.

    Runs in the main thread, which alone receives signals. The code is 0 after a stop that was asked for, and
    `STARTUP_FAILURE` when the app did not start; why is said on stderr. What still runs after all phases of the stop
    and a margin is ended with the process, with code 1.

    Args:
        load: Makes the app.
        options: How it is served.
        listener: Where connections come in.
        loaded: Called once the app is loaded, with the seconds that its stop may take at most.

    Raises:
        BaseException: What `load` raises.
    """
    claim_process()
    stop = Stop(options)
    with stop.handling():
        app = stop.load(load)
        if app is None:
            return 0
        if loaded is not None:
            loaded(stop.limit)
        server = cast(_ServerModule, import_module(SERVERS[options.server].module))
        return server.serve(app, stop, options, listener)


async def live(app: ASGIApp, stop: Stop, serve_until_stopped: Serve) -> int:
    """Start an app, have it served and stop it; return the exit code.

    The lifespan runs here and not in the server: so every server starts and stops an app alike, a start can be broken
    off, and a failed one is seen.

    Args:
        app: The app.
        stop: Tells when to stop.
        serve_until_stopped: The server.
    """
    state: dict[str, Any] = {}
    started = False

    async def break_off_start() -> None:
        """Cancel a start that is not done when the first signal comes."""
        await stop.begun()
        if not started:
            group.cancel_scope.cancel()

    try:
        with unwrap():
            async with create_task_group() as group:
                group.start_soon(break_off_start)
                async with drive(app, state) as supported:
                    if stop.has_lifecycle and not supported:
                        raise LifespanFailed("what is wrapped round it does not pass its lifespan on")
                    started = True
                    # The app's own entry ends the connections of requests that come after the signal; here it is
                    # those of requests that were there already, too.
                    app = closing(app, lambda: stop.signals)
                    await serve_until_stopped(_started(app, state))
                group.cancel_scope.cancel()
    except LifespanFailed as error:
        sys.stderr.write(f"The app did not start: {error}\n")
        return STARTUP_FAILURE
    return 0


def _started(app: ASGIApp, state: dict[str, Any]) -> ASGIApp:
    """Wrap an app whose lifespan runs already: the server is told so, and given the state for its requests."""

    def front(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "lifespan":
            return app(scope, receive, send)
        scope["state"].update(state)
        return conversation(receive, send, startup=_nothing, shutdown=_nothing)

    return front


async def _nothing() -> None:
    """Start and stop nothing: that is done elsewhere."""

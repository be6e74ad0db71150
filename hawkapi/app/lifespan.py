"""What an app does at its start and at its stop, in this order and back."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from inspect import isawaitable
from typing import Any, Protocol

from hawkapi._signature import describe
from hawkapi._types import Receive, Scope, Send
from hawkapi.app.config import AppOptions
from hawkapi.app.in_flight import InFlight
from hawkapi.app.registration import AppRegistration, Hook
from hawkapi.requests.state import State
from hawkapi.routing.registration import Mount
from hawkapi.runtime.lifespan import conversation, drive

REQUEST_GRACE = 10.0
"""Seconds for which the stop waits for running requests."""

_log = logging.getLogger("hawkapi")


class Living(Protocol):
    """What the life of an app needs of the app."""

    @property
    def options(self) -> AppOptions:
        """What it was constructed with."""
        ...

    @property
    def state(self) -> State:
        """What requests see of it."""
        ...

    def seal(self) -> None:
        """Build what serves it."""
        ...


async def live(
    app: Living,
    declared: AppRegistration,
    mounts: Sequence[Mount],
    in_flight: InFlight,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Live one life of an app: hooks, lifespan context, mounted apps, seal; and back when the server says so.

    Args:
        app: The app.
        declared: Its hooks; those that run may still add to it.
        mounts: Apps mounted on it, likewise.
        in_flight: Its running requests.
        scope: The lifespan scope; `state` in it is filled in place.
        receive: The ASGI callable.
        send: The ASGI callable.
    """
    life = _Life(in_flight)
    state: dict[str, Any] = scope.setdefault("state", {})

    async def start() -> None:
        await life.run_startup(declared.startup, declared.shutdown)
        if app.options.lifespan is not None:
            await life.enter(app.options.lifespan(app), state)
        await life.start_mounts(mounts)
        app.seal()
        state.update(vars(app.state))

    await conversation(receive, send, startup=start, shutdown=life.stop)


class _Life:
    """One life of an app: everything that its start opens, its stop closes, in reverse.

    Args:
        in_flight: The requests to wait for.
    """

    def __init__(self, in_flight: InFlight) -> None:
        self._in_flight = in_flight
        self._stack = AsyncExitStack()

    async def run_startup(self, startup: Sequence[Hook], shutdown: Sequence[Hook]) -> None:
        """Run the start-up hooks in order; from then on the stop ends with the shutdown hooks, in reverse."""
        for hook in startup:
            await _call(hook)
        self._stack.push_async_callback(_run_shutdown, shutdown)

    async def enter(self, context: Any, state: dict[str, Any]) -> None:
        """Enter the user's lifespan context; a mapping that it yields is put into the state.

        Raises:
            TypeError: If it is no async context manager.
        """
        if not hasattr(context, "__aenter__"):
            raise TypeError(f"lifespan must give an async context manager, not {context!r}: use @asynccontextmanager")
        given = await self._stack.enter_async_context(context)
        if isinstance(given, Mapping):
            state.update(given)  # pyright: ignore[reportUnknownArgumentType]  # the user's own names and values

    async def start_mounts(self, mounts: Sequence[Mount]) -> None:
        """Start the lifespans of the mounted apps; each has a state of its own."""
        for mount in mounts:
            await self._stack.enter_async_context(drive(mount.app, {}))

    async def stop(self) -> None:
        """Wait for running requests, then close what was opened. Errors of single steps are raised at the end."""
        left = await self._in_flight.wait_until_idle(REQUEST_GRACE)
        if left:
            _log.error("%d requests still run after %g s of shutdown", left, REQUEST_GRACE)
        await self._stack.aclose()


async def _run_shutdown(hooks: Sequence[Hook]) -> None:
    for hook in reversed(hooks):
        try:
            await _call(hook)
        except Exception:
            _log.exception("Shutdown hook %s failed", describe(hook))


async def _call(hook: Callable[[], Awaitable[None] | None]) -> None:
    result = hook()
    if isawaitable(result):
        await result

"""What an app does at its start and at its stop, in this order and back."""

import logging
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from contextvars import Context
from functools import partial
from inspect import isawaitable
from math import inf
from typing import Any, Protocol, TypeAlias

from anyio import current_time, move_on_after, sleep

from hawkapi._signature import describe
from hawkapi._types import Receive, Scope, Send
from hawkapi.app.config import AppOptions
from hawkapi.app.in_flight import InFlight
from hawkapi.app.registration import AppRegistration, Hook
from hawkapi.ops.lifecycle import Lifecycle, LifecycleState
from hawkapi.requests.state import State
from hawkapi.routing.registration import Mount
from hawkapi.runtime import signals
from hawkapi.runtime.lifespan import conversation, drive
from hawkapi.runtime.runtime import Runtime
from hawkapi.runtime.shutdown import Steps
from hawkapi.runtime.tasks import Supervisor
from hawkapi.runtime.workers import Background

POLL = 0.1
"""Seconds between two looks at what a signal handler may have stored: it can wake nobody."""

ORCHESTRATOR_GRACE = 30.0
"""Seconds that an orchestrator grants a stop unless told otherwise (Kubernetes: terminationGracePeriodSeconds)."""

STREAM_SPREAD = 3.0
"""Seconds over which streams are released when the server has closed its socket already, at most."""

STREAM_PAUSE = 0.1
"""Seconds between two of them, at most."""

_Step: TypeAlias = tuple[str, Callable[[], Awaitable[object]], float]
"""A step of the stop: its name in logs, what it does, and the seconds it may take; `inf` where it limits itself."""

_log = logging.getLogger("hawkapi")


class Living(Protocol):
    """What the life of an app needs of the app."""

    lifecycle: Lifecycle
    background: Background

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

    def runtime(self) -> Runtime:
        """Give what belongs to the running event loop."""
        ...

    def life(self, supervisor: Supervisor) -> AbstractContextManager[None]:
        """Be alive during a block."""
        ...


class Life:
    """One life of an app: everything that its start opens, its stop closes, in reverse.

    Args:
        app: The app.
        declared: Its hooks; those that run may still add to it.
        mounts: Apps mounted on it, likewise.
        in_flight: Its running requests.
    """

    def __init__(self, app: Living, declared: AppRegistration, mounts: Sequence[Mount], in_flight: InFlight) -> None:
        self._app, self._declared, self._mounts, self._in_flight = app, declared, mounts, in_flight
        self._lifecycle = app.lifecycle
        self._drain = app.options.drain
        self._supervisor = Supervisor(grace=self._drain.background_grace)
        self._steps = Steps()
        self._opened: list[_Step] = []
        self._chained = self._hooked = self._serves = self._announced = False

    async def live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Live it: hooks, lifespan context, mounted apps, seal; and back when the server says so.

        Args:
            scope: The lifespan scope; `state` in it is filled in place.
            receive: The ASGI callable.
            send: The ASGI callable.
        """
        state: dict[str, Any] = scope.get("state", {})
        with self._app.life(self._supervisor), signals.chain(self._lifecycle.begin_drain) as self._chained:
            async with self._supervisor.run():
                await conversation(
                    receive,
                    send,
                    startup=partial(self._start, state),
                    shutdown=self._stop,
                    scope=self._steps.scope,
                    died=self._die,
                )

    async def _start(self, state: dict[str, Any]) -> None:
        try:
            await self._open(state)
        except Exception as exc:
            self._lifecycle.fail(str(exc) or type(exc).__name__)
            raise
        self._app.background.start_remembered(self._supervisor)
        self._supervisor.spawn(self._follow, name="of the drain", context=Context(), serves=True)
        self._serves = True
        self._lifecycle.ready()

    async def _open(self, state: dict[str, Any]) -> None:
        if self._drain.total >= ORCHESTRATOR_GRACE:
            _log.warning(
                "A stop may take %g s; Kubernetes kills after %g s unless terminationGracePeriodSeconds grants more",
                self._drain.total,
                ORCHESTRATOR_GRACE,
            )
        for hook in self._declared.startup:
            await _call(hook)
        self._hooked = True
        if self._app.options.lifespan is not None:
            context = _context(self._app.options.lifespan(self._app))
            given = await self._enter("The exit of the lifespan", context, self._drain.hook_grace)
            if isinstance(given, Mapping):
                state.update(given)  # pyright: ignore[reportUnknownArgumentType]  # the user's own names and values
        for mount in self._mounts:
            grace = self._drain.background_grace + self._drain.hook_grace
            await self._enter(f"The stop of the app at {mount.path or '/'}", _mounted(mount, grace), inf)
        self._app.seal()
        state.update(vars(self._app.state))

    async def _enter(self, name: str, context: AbstractAsyncContextManager[Any], seconds: float) -> Any:
        given = await context.__aenter__()
        self._opened.append((name, partial(context.__aexit__, None, None, None), seconds))
        return given

    async def _follow(self) -> None:
        """Wait until the drain begins, maybe by a signal, and see that everybody hears of it."""
        while not self._lifecycle.draining:
            with move_on_after(POLL):
                await self._lifecycle.draining
        if self._chained and self._lifecycle.state is LifecycleState.DRAINING:
            _log.warning(
                "Draining. This server closes its socket at the signal, before anybody has seen /readyz fail: new "
                "connections are refused. `hawkapi run` keeps it open for a while; else have a preStop hook sleep"
            )
        self._announce()

    def _announce(self) -> None:
        """Tell the drain to those who wait for it, to mounted apps, to the hooks and to the open streams."""
        if self._announced:
            return
        self._announced = True
        self._lifecycle.publish()
        for lifecycle in _lifecycles(self._mounts):
            lifecycle.begin_drain(self._lifecycle.delay)
        for hook in self._declared.drain:
            self._supervisor.spawn(self._run_drain_hook, hook, name=describe(hook), context=Context())
        self._supervisor.spawn(self._release, name="of the release of streams", context=Context(), serves=True)

    async def _run_drain_hook(self, hook: Hook) -> None:
        with move_on_after(self._drain.hook_grace) as scope:
            await _call(hook)
        if scope.cancelled_caught:
            _log.error("The on_drain hook %s was given up after %g s", describe(hook), self._drain.hook_grace)

    async def _release(self) -> None:
        """Have the open streams end: in the second half of the delay, or at once if the server accepts no more."""
        streams = self._app.runtime().streams
        half = self._lifecycle.delay / 2
        until = current_time() + half
        while self._lifecycle.state is LifecycleState.DRAINING and current_time() < until:  # noqa: ASYNC110 - see POLL
            await sleep(POLL)
        waits = half and self._lifecycle.state is LifecycleState.DRAINING
        await streams.release(half if waits else min(STREAM_SPREAD, len(streams) * STREAM_PAUSE))

    async def _stop(self) -> None:
        self._lifecycle.begin_stop()
        self._lifecycle.publish()
        if self._serves:
            self._announce()
        for lifecycle in _lifecycles(self._mounts):
            lifecycle.begin_stop()
        hooks = self._declared.shutdown if self._hooked else []
        grace = self._drain.hook_grace
        steps: list[_Step] = [(f"The shutdown hook {describe(hook)}", partial(_call, hook), grace) for hook in hooks]
        steps += self._opened
        steps.append(("The end of background tasks", self._supervisor.close, inf))
        steps.append(("The end of running requests", self._wait_for_requests, inf))
        for name, step, seconds in reversed(steps):
            await self._steps.run(name, step, seconds)
        self._lifecycle.stopped()
        self._steps.end()

    async def _wait_for_requests(self) -> None:
        left = await self._in_flight.wait_until_idle(self._drain.request_grace)
        if left:
            _log.error("%d requests still run after %g s of shutdown", left, self._drain.request_grace)

    def _die(self) -> None:
        """Take note that what the lifespan holds has ended it while the app served; the stop follows at once."""
        self._lifecycle.fail("the lifespan has died")
        _log.critical("The lifespan has died while the app served: a task group or scope of its own was cancelled")
        if signals.claimed():
            os.kill(os.getpid(), signal.SIGTERM)


def _context(given: Any) -> AbstractAsyncContextManager[Any]:
    if not hasattr(given, "__aenter__"):
        raise TypeError(f"lifespan must give an async context manager, not {given!r}: use @asynccontextmanager")
    return given


@asynccontextmanager
async def _mounted(mount: Mount, grace: float) -> AsyncGenerator[None, None]:
    """Run the lifespan of a mounted app; it has a state of its own."""
    try:
        async with drive(mount.app, mount.state, grace):
            yield
    finally:
        mount.state.clear()


def _lifecycles(mounts: Sequence[Mount]) -> Iterator[Lifecycle]:
    """Give those of the mounted apps that are ours: they drain and stop with the app."""
    for mount in mounts:
        lifecycle = getattr(mount.app, "lifecycle", None)
        if isinstance(lifecycle, Lifecycle):
            yield lifecycle


async def _call(hook: Hook) -> None:
    result = hook()
    if isawaitable(result):
        await result

"""The ASGI lifespan protocol (version 2.0), from the app's side and from the server's."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from logging import Logger, getLogger
from typing import Any

from anyio import CancelScope, Event, create_task_group

from hawkapi._errors import HawkAPIError
from hawkapi._types import ASGIApp, Message, Receive, Send
from hawkapi.runtime.deadlines import begin_cleanup, shielded
from hawkapi.runtime.groups import unwrap
from hawkapi.runtime.shutdown import is_cancellation, is_cancelled

SHUTDOWN_SECONDS = 30.0
"""How long the shutdown of one app may take."""

logger: Logger = getLogger("hawkapi")


class LifespanFailed(HawkAPIError, RuntimeError):  # noqa: N818 - named after the message lifespan.startup.failed
    """An app answered that it could not start; the text is the app's."""


async def conversation(
    receive: Receive,
    send: Send,
    *,
    startup: Callable[[], Awaitable[None]],
    shutdown: Callable[[], Awaitable[None]],
    grace: float = SHUTDOWN_SECONDS,
    scope: CancelScope | None = None,
    died: Callable[[], None] | None = None,
) -> None:
    """Hold an app's side of the conversation; errors are logged and answered, never raised.

    A failed start is answered as such, since servers go on serving when a lifespan merely raises. A
    shutdown that fails or overruns is answered as complete. Both run in this task and in one cancel scope,
    so that the shutdown may leave what the start entered, task groups and scopes too. When the
    conversation is cancelled, or its `receive` or `send` fails, the shutdown runs first, shielded.

    Args:
        receive: The lifespan's `receive`.
        send: The lifespan's `send`.
        startup: Starts the app.
        shutdown: Stops what was started; called after a start that failed halfway as well.
        grace: Seconds for the shutdown.
        scope: The cancel scope round start and shutdown, for a shutdown that moves its deadline: see `Steps`.
        died: Called when the lifespan is cut off while the app serves, and nobody outside has cancelled it: a task
            group that the start opened has failed. The shutdown follows.
    """
    try:
        await receive()  # lifespan.startup
        life = _Life(receive, send, scope or CancelScope(), died or _ignore)
        await send(await life.live(startup, shutdown, grace))
    except Exception:
        logger.exception("the server broke off the lifespan")


def _ignore() -> None:
    """Do nothing about a lifespan that died; its error is logged where it is raised."""


class _Life:
    """What lies between the first and the last message of a conversation."""

    __slots__ = ("_died", "_receive", "_scope", "_send", "_started")

    def __init__(self, receive: Receive, send: Send, scope: CancelScope, died: Callable[[], None]) -> None:
        self._receive, self._send, self._scope, self._died = receive, send, scope, died
        self._started = False

    async def live(
        self, startup: Callable[[], Awaitable[None]], shutdown: Callable[[], Awaitable[None]], grace: float
    ) -> Message:
        """Start, wait and stop; return the last message of the conversation."""
        interruption: BaseException | None = None
        dead = False
        try:
            with self._scope:
                interruption = await self._serve(startup)
                outside = is_cancelled()
                begin_cleanup(self._scope, grace)
                dead = is_cancelled()  # by a scope of the lifespan's own: the shield keeps out those round ours
                if self._started and is_cancellation(interruption) and (dead or not outside):
                    self._died()
                await shutdown()
        except Exception:
            logger.exception("the shutdown failed")
        if self._scope.cancelled_caught:
            logger.error("the shutdown was given up after %g s", grace)
        if dead and is_cancellation(interruption):
            interruption = None if self._started else LifespanFailed("a task group of the lifespan's own was cancelled")
            if self._started:
                await self._receive()  # lifespan.shutdown
        if isinstance(interruption, Exception) and not self._started:
            logger.error("the start failed", exc_info=interruption)
            return {"type": "lifespan.startup.failed", "message": str(interruption) or type(interruption).__name__}
        if interruption is not None:
            raise interruption
        return {"type": "lifespan.shutdown.complete"}

    async def _serve(self, startup: Callable[[], Awaitable[None]]) -> BaseException | None:
        """Start, and wait for the end; return what broke it off."""
        try:
            await startup()
            self._started = True
            await self._send({"type": "lifespan.startup.complete"})
            await self._receive()  # lifespan.shutdown
        except BaseException as exc:  # noqa: BLE001 - answered or raised again after the shutdown
            return exc
        return None


@asynccontextmanager
async def drive(app: ASGIApp, state: dict[str, Any], grace: float = SHUTDOWN_SECONDS) -> AsyncGenerator[bool, None]:
    """Run an app's lifespan round the block, as a server does; yield whether the app supports it.

    The lifespan runs in one task from start to stop. Errors after the start are logged and neither reach
    nor cancel the block. An app that raises or returns before it answered has no lifespan, which is fine.

    Args:
        app: The app, called with a lifespan scope.
        state: The scope's `state`; the app fills it in place.
        grace: Seconds for the app's shutdown. It gets them when the block is being cancelled, too.

    Raises:
        LifespanFailed: If the app answers that it could not start.
    """
    talk = _Talk(app, state)
    with unwrap():
        async with create_task_group() as group:
            group.start_soon(talk.run)
            try:
                await talk.answered.wait()
                if talk.failure is not None:
                    raise LifespanFailed(talk.failure)
                yield talk.supported
            finally:
                await talk.end(grace)


class _Talk:
    """The server's side of one lifespan: what the app was told and what it answered."""

    __slots__ = ("_app", "_ended", "_first", "_scope", "_state", "_stop", "answered", "failure", "supported")

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        self._app, self._state = app, state
        self._scope = CancelScope(shield=True)  # `end` alone cancels it: under a cancelled host the app stops in order
        self._stop, self._ended, self.answered = Event(), Event(), Event()
        self._first = True
        self.failure: str | None = None
        self.supported = False

    async def run(self) -> None:
        lifespan = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        try:
            with self._scope:
                await self._app(lifespan, self._receive, self._send)
        except Exception as exc:
            if self.supported:
                logger.critical("the lifespan of %r crashed", self._app, exc_info=exc)
            elif self.failure is None:
                logger.debug("%r has no lifespan", self._app, exc_info=exc)
        finally:
            self._ended.set()
            self.answered.set()

    async def end(self, grace: float) -> None:
        try:
            if self.answered.is_set():
                self._stop.set()
                with shielded(grace) as scope:
                    await self._ended.wait()
                if scope.cancelled_caught:
                    logger.error("the lifespan of %r was given up after %g s", self._app, grace)
        finally:
            self._scope.cancel()

    async def _receive(self) -> Message:
        if self._first:
            self._first = False
            return {"type": "lifespan.startup"}
        await self._stop.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "lifespan.startup.complete":
                self.supported = True
                self.answered.set()
            case "lifespan.startup.failed":
                self.failure = message.get("message", "")
                self.answered.set()
            case "lifespan.shutdown.failed":
                logger.error("the shutdown of %r failed: %s", self._app, message.get("message", ""))
                self._ended.set()
            case _:  # lifespan.shutdown.complete
                self._ended.set()

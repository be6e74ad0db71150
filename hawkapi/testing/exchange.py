"""The app at work on one connection while the client looks on: its task, and the stream of what it says."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

from anyio import BrokenResourceError, EndOfStream, Event, create_memory_object_stream, create_task_group, move_on_after

from hawkapi._errors import HawkAPIError
from hawkapi._types import ASGIApp, Message, Scope
from hawkapi.runtime.groups import unwrap

PATIENCE = 10.0
"""Seconds that an app has to end after the client has left in mid-answer."""


class ProtocolError(HawkAPIError, RuntimeError):
    """The app broke the ASGI protocol: a message out of turn, an end without an answer, or no end at all."""


class Link(Protocol):
    """The rules of one connection: what the app receives, and what it may say when."""

    complete: bool

    async def receive(self) -> Message:
        """Be the app's `receive`."""
        ...

    def check(self, message: Message) -> None:
        """Take note of a message from the app, or raise `ProtocolError` if it is not its turn."""
        ...

    def delivered(self) -> None:
        """Take note that the client has the message checked last."""
        ...

    def leave(self) -> None:
        """Take note that the client is gone."""
        ...


class Exchange:
    """One connection to the app, whose messages are handed over one by one.

    Args:
        app: The app.
        scope: The connection's scope.
        link: The connection's rules.
        buffer: How many messages the app may be ahead of the client; with 0 each `send` waits until the client has
            asked for the message.
    """

    def __init__(self, app: ASGIApp, scope: Scope, link: Link, *, buffer: int) -> None:
        self._app, self._scope, self._link = app, scope, link
        self._to_client, self._from_app = create_memory_object_stream[Message](buffer)
        self._ended = Event()
        self._error: Exception | None = None

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[None, None]:
        """Run the app while the block runs; leaving the block is the client's leaving, and waits for the app's end.

        Raises:
            Exception: What left the app, as it was raised, unless `next_message` raised it before.
            ProtocolError: If the app did not end within `PATIENCE`.
        """
        failure: Exception | None = None
        with unwrap():  # of what is no Exception; exceptions, groups of the app included, never enter our group
            async with create_task_group() as group:
                group.start_soon(self._serve)
                try:
                    yield
                except Exception as exc:  # noqa: BLE001 - raised below
                    failure = exc
                finally:
                    await self._see_off()
                    group.cancel_scope.cancel()
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # a frame in the traceback that points at the exception is a reference cycle
        self._raise_error()

    async def next_message(self) -> Message | None:
        """Wait for the app's next message; `None` is the app's end.

        Raises:
            Exception: What left the app, as it was raised.
        """
        try:
            return await self._from_app.receive()
        except EndOfStream:
            self._raise_error()
            return None

    async def _see_off(self) -> None:
        """Leave, and give the app its time to end: all it needs if the client had its whole answer."""
        self._link.leave()
        self._from_app.close()
        with move_on_after(None if self._link.complete else PATIENCE):
            await self._ended.wait()
        if not self._ended.is_set():
            self._error = ProtocolError(
                f"The app was still running {PATIENCE:g} s after the client had left; "
                "it must end when it receives the disconnect"
            )

    async def _serve(self) -> None:
        with self._to_client:
            try:
                await self._app(self._scope, self._link.receive, self._send)
            except Exception as exc:  # noqa: BLE001 - the client raises it, outside of the task group
                self._error = exc
        self._ended.set()

    async def _send(self, message: Message) -> None:
        self._link.check(message)
        try:
            await self._to_client.send(message)
        except BrokenResourceError:
            return  # the client has left: servers say nothing then, so neither does this
        self._link.delivered()

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

"""Events on their way from the iterator that makes them to the connection, with something to say in between."""

import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import CancelScope, EndOfStream, create_memory_object_stream, create_task_group, move_on_after

from hawkapi.runtime.generators import closing
from hawkapi.runtime.groups import unwrap
from hawkapi.runtime.interruption import Interruption

_RETRY = (1000, 5000)
"""Bounds of the milliseconds after which a client of a draining app shall come back: not all at once."""


class Comment:
    """What the feed itself has to say: lines that no client takes for an event.

    Attributes:
        text: As it goes over the wire.
    """

    __slots__ = ("text",)

    def __init__(self, text: bytes) -> None:
        self.text: bytes = text


HEARTBEAT = Comment(b": heartbeat\n\n")


class Feed(AsyncIterator[Any]):
    """The user's iterator, which runs in a task of its own, as the task that sends iterates it.

    It gives events and comments. The wait for an event ends early for a heartbeat or the drain, which must not cancel
    the iterator in the middle of its work: hence two tasks.

    Args:
        events: The user's iterator; it is iterated and closed in the feed's task.
        heartbeat: Seconds, or `None`.
    """

    def __init__(self, events: AsyncIterator[Any], heartbeat: float | None) -> None:
        self._events, self._heartbeat = events, heartbeat
        self._sender, self._receiver = create_memory_object_stream[Any](0)
        self._work = Interruption()
        self._wait = CancelScope()
        self._failure: Exception | None = None
        self._draining = self._said_so = False

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Run the iterator during the block; at its end it is interrupted and closed."""
        with unwrap(), self._receiver:
            async with create_task_group() as group:
                group.start_soon(self._produce)
                try:
                    yield
                finally:
                    self.stop()

    def end(self) -> None:
        """Let the feed end after a last word to the client."""
        self._draining = True
        self._wait.cancel()

    def stop(self) -> None:
        """Interrupt the iterator."""
        self._work.interrupt()

    async def _produce(self) -> None:
        with self._sender, self._work.block():
            try:
                async with closing(self._events):
                    while True:
                        await self._sender.send(await self._work.next(self._events))
            except StopAsyncIteration:
                pass
            except Exception as exc:  # noqa: BLE001 - raised where the events are sent, after those before it
                self._failure = exc

    async def __anext__(self) -> Any:
        if not self._draining:
            with move_on_after(self._heartbeat) as self._wait:
                return await self._next()
            if not self._draining:
                return HEARTBEAT
        if self._said_so:
            raise StopAsyncIteration
        self._said_so = True
        return Comment(b": the server is going away\nretry: %d\n\n" % random.randint(*_RETRY))  # noqa: S311 - no secret

    async def _next(self) -> Any:
        try:
            return await self._receiver.receive()
        except EndOfStream:
            pass
        if self._failure is not None:
            raise self._failure
        raise StopAsyncIteration

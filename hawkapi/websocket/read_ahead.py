"""Reading a connection before its messages are asked for, so that the client's leaving is known at once."""

from collections import deque
from collections.abc import Callable

from anyio import CancelScope, Event

from hawkapi._types import Message, Receive

MESSAGES = 16
"""How many messages may wait for the handler; then the client has to wait."""

WAITING_SIZE = 1024 * 1024
"""Bytes (characters of text) that may wait, beyond which no further message is read."""


class ReadAhead:
    """The one reader of a connection, in a task of its own.

    Whoever takes messages from it may be cancelled at will: that cancels no `receive` of the server, where it could
    lose a message.

    Args:
        receive: The connection's `receive`; nobody else may call it meanwhile.
        left: Called with the disconnect message when it arrives, be there messages that still wait or not.
    """

    __slots__ = ("_arrived", "_error", "_left", "_over", "_receive", "_room", "_scope", "_size", "_waiting")

    def __init__(self, receive: Receive, left: Callable[[Message], None]) -> None:
        self._receive = receive
        self._left = left
        self._waiting: deque[Message] = deque()
        self._size = 0
        self._over = False
        self._error: Exception | None = None
        self._arrived: Event | None = None
        self._room: Event | None = None
        self._scope = CancelScope()

    async def run(self) -> None:
        """Read until the client leaves, `receive` fails, or `stop` is called."""
        with self._scope:
            try:
                while (message := await self._receive())["type"] != "websocket.disconnect":
                    self._put(message)
                    while len(self._waiting) >= MESSAGES or self._size >= WAITING_SIZE:
                        self._room = Event()
                        await self._room.wait()
            except Exception as exc:  # noqa: BLE001 - it is the handler's, when it asks
                self._error = exc
            else:
                self._left(message)
            self._over = True
            self._wake()

    async def next(self) -> Message | None:
        """Give the next message, `None` if there will be none.

        Raises:
            Exception: What `receive` raised, in place of the message.
        """
        while not self._waiting:
            if self._error is not None:
                raise self._error
            if self._over:
                return None
            if self._arrived is None:
                self._arrived = Event()
            await self._arrived.wait()
        message = self._waiting.popleft()
        self._size -= _size(message)
        if self._room is not None:
            self._room.set()
        return message

    def stop(self) -> None:
        """End the reading; who waits for a message gets `None`, and what came meanwhile is dropped."""
        self._scope.cancel()
        self._waiting.clear()
        self._over = True
        self._wake()

    def _put(self, message: Message) -> None:
        self._waiting.append(message)
        self._size += _size(message)
        self._wake()

    def _wake(self) -> None:
        if self._arrived is not None:
            self._arrived.set()
            self._arrived = None


def _size(message: Message) -> int:
    return len(message.get("text") or message.get("bytes") or ())

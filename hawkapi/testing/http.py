"""One HTTP request to an app: its whole answer, or the answer while it is made."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

from anyio import Event

from hawkapi._types import ASGIApp, Message, Scope
from hawkapi.testing.content import Chunks, request_messages
from hawkapi.testing.exchange import Exchange, ProtocolError
from hawkapi.testing.response import TestResponse
from hawkapi.testing.streaming import AsyncStreamedResponse


async def fetch(app: ASGIApp, scope: Scope, body: bytes | Chunks) -> TestResponse:
    """Send a request and return when the app has answered it and ended, background tasks included.

    Raises:
        Exception: What left the app or the iterable of the body, as it was raised.
        ProtocolError: If the app broke ASGI, or ended without a whole answer.
    """
    link = HTTPLink(scope, body)
    chunks: list[bytes] = []

    async def send(message: Message) -> None:
        """Collect what the app sends."""
        link.check(message)
        chunks.append(link.content(message))
        link.delivered()

    async with aclosing(link):
        # No task, no stream: the app runs in this very call, which makes it as fast as the app
        await app(scope, link.receive, send)
    head = link.head_of_complete()
    return TestResponse(head["status"], b"".join(chunks), list(head.get("headers", ())))


@asynccontextmanager
async def stream(app: ASGIApp, scope: Scope, body: bytes | Chunks) -> AsyncGenerator[AsyncStreamedResponse, None]:
    """Send a request and enter the block when the answer starts; leaving the block early is a disconnect.

    Raises:
        Exception: What left the app or the iterable of the body, as it was raised.
        ProtocolError: If the app broke ASGI, or ended before the answer started.
    """
    link = HTTPLink(scope, body)
    exchange = Exchange(app, scope, link, buffer=0)
    more = True

    async def next_chunk() -> bytes | None:
        """Give the next piece of the body; `None` after the last one."""
        nonlocal more
        message = await exchange.next_message() if more else None
        if message is None:
            link.head_of_complete()
            return None
        more = message.get("more_body", False)
        return link.content(message)

    async with aclosing(link), exchange.run():
        head = await exchange.next_message() or link.head_of_complete()
        yield AsyncStreamedResponse(head["status"], list(head.get("headers", ())), next_chunk)


class HTTPLink:
    """The rules of an HTTP request.

    Args:
        scope: The request's scope.
        body: What the app receives as the body. If its iterable raises, the client has broken off: the app gets
            `http.disconnect`, and the client the error.
    """

    def __init__(self, scope: Scope, body: bytes | Chunks) -> None:
        self.complete: bool = False
        self._no_content = scope["method"] == "HEAD"
        self._head: Message | None = None
        self._upload = request_messages(body)
        self._uploaded = False
        self._over = Event()
        self._error: Exception | None = None

    async def receive(self) -> Message:
        """Give the body, and once the response is complete or the client gone, the disconnect."""
        if not self._uploaded and not self._over.is_set():
            try:
                message = await anext(self._upload)
            except StopAsyncIteration:
                self.leave()  # an earlier call was cancelled inside of the iterable, and the rest went with it
            except Exception as exc:  # noqa: BLE001 - raised in the client, which gave the iterable
                self._error = exc
                self.leave()
            else:
                self._uploaded = not message["more_body"]
                return message
        await self._over.wait()
        return {"type": "http.disconnect"}

    def check(self, message: Message) -> None:
        """Take note of a message from the app, or raise `ProtocolError` if it is not its turn."""
        kind = message["type"]
        if kind == "http.response.start" and self._head is None:
            self._head = message
        elif kind == "http.response.body" and self._head is not None and not self.complete:
            self.complete = not message.get("more_body", False)
        else:
            raise ProtocolError(f"The app sent {kind!r} {self._moment()}")

    def delivered(self) -> None:
        """Take note that the client has the message checked last."""
        if self.complete:
            self._over.set()

    def leave(self) -> None:
        """Take note that the client is gone."""
        self._over.set()

    def content(self, message: Message) -> bytes:
        """Give what a message adds to the body; an answer to HEAD has none, and servers drop it."""
        return b"" if self._no_content else bytes(message.get("body", b""))

    def head_of_complete(self) -> Message:
        """Give the head of a response that is complete.

        Raises:
            Exception: What the iterable of the body raised.
            ProtocolError: If the response is not complete.
        """
        if self._error is not None:
            raise self._error
        if self._head is None or not self.complete:
            raise ProtocolError(f"The app ended {self._moment()}")
        return self._head

    async def aclose(self) -> None:
        """Close the iterable of the body, all of which the app may not have asked for."""
        await self._upload.aclose()

    def _moment(self) -> str:
        if self._head is None:
            return "before it started a response"
        return "after the response was complete" if self.complete else "in the middle of the response"

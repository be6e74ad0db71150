"""WebSocket sessions with an app."""

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from anyio import ClosedResourceError, EndOfStream, create_memory_object_stream
from anyio.from_thread import BlockingPortal
from msgspec.json import decode

from hawkapi._types import ASGIApp, Message, Scope
from hawkapi.responses.problem import phrase
from hawkapi.serialization.encoder import encode_response
from hawkapi.testing.cookies import Cookies
from hawkapi.testing.exchange import Exchange, ProtocolError
from hawkapi.testing.response import CaseInsensitiveDict, TestResponse
from hawkapi.websocket.connection import WebSocketDisconnect

BUFFERED = 64
"""Messages that the app may be ahead of the client, as a socket has room for some; then its `send` waits."""


class WebSocketDenied(WebSocketDisconnect):
    """The app refused the WebSocket before it accepted it.

    Args:
        code: The close code; for a denial response the one that comes closest to its status: 4004 for 404, 4003 for
            403, 1011 for 5xx, else 1008.
        reason: The reason given with the close.
        response: The denial response (ASGI extension `websocket.http.response`), `None` after a plain close.
    """

    def __init__(self, code: int, reason: str = "", response: TestResponse | None = None) -> None:
        super().__init__(code, reason)
        self.response = response


class AsyncWebSocketSession:
    """An open WebSocket, seen from the client; `websocket_connect` of a client makes it.

    Args:
        accepted: The message with which the app accepted.
        exchange: The app at work.
        link: The connection's rules.
    """

    def __init__(self, accepted: Message, exchange: Exchange, link: "WebSocketLink") -> None:
        self._exchange, self._link = exchange, link
        self.subprotocol: str | None = accepted.get("subprotocol")
        self.headers: CaseInsensitiveDict = CaseInsensitiveDict.decode(list(accepted.get("headers", ())))

    async def send_text(self, data: str) -> None:
        """Send a text message; raises `WebSocketDisconnect` after a close."""
        self._link.put({"type": "websocket.receive", "text": data})

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message; raises `WebSocketDisconnect` after a close."""
        self._link.put({"type": "websocket.receive", "bytes": data})

    async def send_json(self, data: Any) -> None:
        """Send JSON as a text message; raises `WebSocketDisconnect` after a close."""
        await self.send_text(encode_response(data).decode())

    async def receive_text(self) -> str:
        """Wait for a message, which must be text.

        Raises:
            WebSocketDisconnect: If the connection is closed; with code 1006 if the app ended without closing it.
            Exception: What left the app, as it was raised.
            RuntimeError: If the message is binary.
        """
        message = await self._next_message()
        if message.get("text") is None:
            raise RuntimeError("Expected a text message, the app sent a binary one")
        return message["text"]

    async def receive_bytes(self) -> bytes:
        """Wait for a message, which must be binary; errors are those of `receive_text`."""
        message = await self._next_message()
        if message.get("bytes") is None:
            raise RuntimeError("Expected a binary message, the app sent text")
        return message["bytes"]

    async def receive_json(self) -> Any:
        """Wait for a message of either kind and decode it; errors are those of `receive_text`.

        Raises:
            msgspec.DecodeError: If it is no JSON.
        """
        message = await self._next_message()
        text = message.get("text")
        return decode(message["bytes"] if text is None else text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; a second close does nothing. What the app had sent before can still be received."""
        self._link.hang_up(code, reason)

    async def _next_message(self) -> Message:
        message = await self._exchange.next_message()
        if message is None:
            self._link.hang_up(1006, "the app ended without closing the connection")
        if message is None or message["type"] == "websocket.close":
            raise self._link.closed()
        return message


class WebSocketSession:
    """The twin of `AsyncWebSocketSession` for tests that are no coroutines.

    Args:
        portal: Leads to the loop in which the app runs.
        session: The session there.
    """

    def __init__(self, portal: BlockingPortal, session: AsyncWebSocketSession) -> None:
        self._portal, self._session = portal, session
        self.subprotocol: str | None = session.subprotocol
        self.headers: CaseInsensitiveDict = session.headers

    def send_text(self, data: str) -> None:
        """Send a text message; raises `WebSocketDisconnect` after a close."""
        self._portal.call(self._session.send_text, data)

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message; raises `WebSocketDisconnect` after a close."""
        self._portal.call(self._session.send_bytes, data)

    def send_json(self, data: Any) -> None:
        """Send JSON as a text message; raises `WebSocketDisconnect` after a close."""
        self._portal.call(self._session.send_json, data)

    def receive_text(self) -> str:
        """Wait for a message, which must be text.

        Raises:
            WebSocketDisconnect: If the connection is closed; with code 1006 if the app ended without closing it.
            Exception: What left the app, as it was raised.
            RuntimeError: If the message is binary.
        """
        return self._portal.call(self._session.receive_text)

    def receive_bytes(self) -> bytes:
        """Wait for a message, which must be binary; errors are those of `receive_text`."""
        return self._portal.call(self._session.receive_bytes)

    def receive_json(self) -> Any:
        """Wait for a message of either kind and decode it; errors are those of `receive_text`.

        Raises:
            msgspec.DecodeError: If it is no JSON.
        """
        return self._portal.call(self._session.receive_json)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; a second close does nothing. What the app had sent before can still be received."""
        self._portal.call(self._session.close, code, reason)


@asynccontextmanager
async def connect(app: ASGIApp, scope: Scope, cookies: Cookies) -> AsyncGenerator[AsyncWebSocketSession, None]:
    """Open a WebSocket; leaving the block closes it and waits for the app's end.

    Args:
        app: The app.
        scope: The connection's scope.
        cookies: Fed by the headers of the app's answer.

    Raises:
        WebSocketDenied: If the app refuses.
        Exception: What left the app, as it was raised.
        ProtocolError: If the app broke ASGI, or ended without an answer.
    """
    denied: WebSocketDenied | None = None
    with WebSocketLink() as link:
        exchange = Exchange(app, scope, link, buffer=BUFFERED)
        async with exchange.run():
            answer = await exchange.next_message()
            if answer is None:
                raise ProtocolError("The app ended before it accepted or refused the WebSocket")
            if answer["type"] == "websocket.accept":
                session = AsyncWebSocketSession(answer, exchange, link)
                cookies.feed(session.headers.getlist("set-cookie"))
                yield session
            elif answer["type"] == "websocket.close":
                denied = WebSocketDenied(link.code, link.reason)
            else:
                response = await _denial_response(answer, exchange)
                cookies.feed(response.headers.getlist("set-cookie"))
                status = response.status_code
                denied = WebSocketDenied(_close_code(status), f"{status} {phrase(status)}", response)
    if denied is not None:
        raise denied


class WebSocketLink:
    """The rules of a WebSocket. A context manager, since it holds a stream."""

    def __init__(self) -> None:
        self.complete: bool = False
        self.code: int = 1006
        self.reason: str = ""
        self._hung_up = False
        self._state = "connecting"
        # Without a bound, so that a test may send whatever it likes before the app asks
        self._to_app, self._from_client = create_memory_object_stream[Message](math.inf)
        self.put({"type": "websocket.connect"})

    def __enter__(self) -> "WebSocketLink":
        return self

    def __exit__(self, *_: object) -> None:
        self._from_client.close()

    async def receive(self) -> Message:
        """Give what the client sent, and then the disconnect, again and again."""
        try:
            return await self._from_client.receive()
        except EndOfStream:
            return {"type": "websocket.disconnect", "code": self.code, "reason": self.reason}

    def check(self, message: Message) -> None:
        """Take note of a message from the app, or raise `ProtocolError` if it is not its turn."""
        kind = message["type"]
        state = _NEXT.get((self._state, kind))
        if state is None:
            raise ProtocolError(f"The app sent {kind!r} while the WebSocket was {self._state}")
        if kind == "websocket.send" and (message.get("text") is None) is (message.get("bytes") is None):
            raise ProtocolError("The app sent 'websocket.send' without exactly one of 'text' and 'bytes'")
        if kind == "websocket.http.response.body" and not message.get("more_body", False):
            state = "closed"
        self._state = state
        if state == "closed":
            self.complete = True
            self.hang_up(message.get("code", 1000 if kind == "websocket.close" else 1006), message.get("reason") or "")

    def delivered(self) -> None:
        """Take note that the client has the message checked last, which makes no difference here."""

    def leave(self) -> None:
        """Take note that the client is gone."""
        self.hang_up(1000, "")

    def put(self, message: Message) -> None:
        """Send a message to the app.

        Raises:
            WebSocketDisconnect: If either side has closed.
        """
        try:
            self._to_app.send_nowait(message)
        except ClosedResourceError:
            raise self.closed() from None

    def hang_up(self, code: int, reason: str) -> None:
        """Close the connection, from whichever side; only the first close counts."""
        if not self._hung_up:
            self._hung_up, self.code, self.reason = True, code, reason
            self._to_app.close()

    def closed(self) -> WebSocketDisconnect:
        """Make the error that says how the connection was closed."""
        return WebSocketDisconnect(self.code, self.reason)


async def _denial_response(start: Message, exchange: Exchange) -> TestResponse:
    chunks: list[bytes] = []
    while (message := await exchange.next_message()) is not None:
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return TestResponse(start["status"], b"".join(chunks), list(start.get("headers", ())))
    raise ProtocolError("The app ended in the middle of a denial response")


def _close_code(status: int) -> int:
    if status >= 500:
        return 1011
    return {403: 4003, 404: 4004}.get(status, 1008)


_NEXT = {
    ("connecting", "websocket.accept"): "open",
    ("connecting", "websocket.close"): "closed",
    ("connecting", "websocket.http.response.start"): "being denied",
    ("being denied", "websocket.http.response.body"): "being denied",
    ("open", "websocket.send"): "open",
    ("open", "websocket.close"): "closed",
}

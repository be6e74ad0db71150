"""A WebSocket connection, as handlers see it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Self

import msgspec
from anyio import move_on_after

from hawkapi._errors import HawkAPIError
from hawkapi._types import Message, Receive, Scope, Send
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.errors import MalformedBody
from hawkapi.requests.limits import Limits
from hawkapi.responses.head import header_value, raw_headers
from hawkapi.serialization.encoder import encode_response
from hawkapi.serialization.nesting import too_deep

CLOSE_SECONDS = 2.0
"""How long a close may take: some servers wait until the client has answered it."""

_NO_STATUS, _ABNORMAL, _TOO_BIG, _GOING_AWAY, _TRY_AGAIN_LATER = 1005, 1006, 1009, 1001, 1013
_NEVER_SENT = frozenset({1004, 1005, 1006, 1015})  # RFC 6455, 7.4.1: these only tell what happened
_REASON_BYTES = 123  # a control frame holds 125, two of them are the code


class WebSocketDisconnect(HawkAPIError):  # noqa: N818 - the name that every ASGI framework gives it
    """The other side has closed the connection, or it is lost.

    Args:
        code: The close code (RFC 6455, 7.4); 1005 where the client gave none, 1006 where the connection broke.
        reason: What the other side gave as its reason.
    """

    def __init__(self, code: int = 1000, reason: str = "") -> None:
        super().__init__(f"WebSocket closed with code {code}" + (f": {reason}" if reason else ""))
        self.code = code
        self.reason = reason


class WrongFrame(HawkAPIError, RuntimeError):  # noqa: N818 - named after what was found
    """The client sent text where the handler takes binary messages, or the other way round."""


class WebSocketState(StrEnum):
    """Where a connection is in its life; it only goes forward."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


class WebSocket(HTTPConnection):
    """A WebSocket connection (RFC 6455): path, headers, query and cookies of its handshake, and its messages.

    A handler gets one whose connect event the app has taken, and which is closed when the handler ends. One that is
    made by hand reads straight from its `receive`.

    Once the client has left, whatever needs it raises `WebSocketDisconnect`, again at every call. A connection that
    the app ends (a limit, a timeout, a restart of the server) looks the same to the handler.

    Args:
        scope: The ASGI scope; what a bare one leaves out has a default.
        receive: The ASGI callable.
        send: The ASGI callable.
        path_params: What the router found in the path.
        limits: Bounds of query, cookies, messages and the nesting of JSON.
        max_size: Bytes of one message, `limits.websocket_message` by default; a larger one closes with 1009.
        send_timeout: Seconds in which a message must go out, else the connection is closed with 1013; `None` waits.
        idle_timeout: Seconds for which a message is waited for, then the connection is closed with 1001; `None` waits.
    """

    __slots__ = (
        "_closed",
        "_end",
        "_idle_timeout",
        "_max_size",
        "_receive",
        "_send",
        "_send_timeout",
        "_state",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        path_params: dict[str, Any] | None = None,
        *,
        limits: Limits | None = None,
        max_size: int | None = None,
        send_timeout: float | None = None,
        idle_timeout: float | None = None,
    ) -> None:
        super().__init__(scope, path_params, limits=limits)
        self._receive = receive
        self._send = send
        self._max_size = self.limits.websocket_message if max_size is None else max_size
        self._send_timeout = send_timeout
        self._idle_timeout = idle_timeout
        self._state = WebSocketState.CONNECTING
        self._closed = False  # by the handler
        self._end: tuple[int, str] | None = None  # code and reason, whoever ended it

    @property
    def state(self) -> WebSocketState:
        """Where the connection is; disconnected as soon as it is known that the client has left."""
        return self._state

    @property
    def url_scheme(self) -> str:
        """`ws` or `wss`."""
        return self.scope.get("scheme", "ws")

    @property
    def subprotocols(self) -> list[str]:
        """What the client offers to speak, in its order of preference."""
        return list(self.scope.get("subprotocols", ()))

    async def accept(
        self, subprotocol: str | None = None, headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None
    ) -> None:
        """Open the connection.

        Args:
            subprotocol: One of those that the client offers.
            headers: Further headers of the answer to the handshake; pairs may repeat a name.

        Raises:
            RuntimeError: If it was accepted or closed before.
            ValueError: If the name of a header is no token.
            WebSocketDisconnect: If the client has left.
        """
        if self._state is not WebSocketState.CONNECTING:
            self._refuse_unless_open("be accepted")
            raise RuntimeError("The WebSocket is accepted already")
        message: Message = {"type": "websocket.accept"}
        if subprotocol is not None:  # it becomes a header, which a server must not be broken by
            message["subprotocol"] = header_value(subprotocol).decode("latin-1")
        if headers:
            message["headers"] = raw_headers(headers)
        self._state = WebSocketState.CONNECTED
        await self._deliver(message)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; before `accept` this refuses it, and the client sees HTTP status 403.

        A second close does nothing, nor does one after the client has left.

        Args:
            code: The close code: 1000, 1001 to 1014 as RFC 6455 registers them, 3000 to 4999 for apps.
            reason: For the client; what is over 123 bytes is cut off.

        Raises:
            ValueError: If no close may carry the code.
        """
        if not 1000 <= code <= 4999 or code in _NEVER_SENT:
            raise ValueError(f"code must be one that may be sent, in 1000..4999 (RFC 6455, 7.4), not {code}")
        if self._end is None:
            self._closed = True
            await self.end(code, reason)

    async def end(self, code: int, reason: str = "") -> None:
        """Close the connection for a reason that is not the handler's: to the handler the client has left.

        Args:
            code: As for `close`.
            reason: As for `close`.
        """
        if self._end is not None:
            return
        self._leave(code, reason)
        message: Message = {"type": "websocket.close", "code": code}
        if reason:
            message["reason"] = reason.encode("utf-8", "replace")[:_REASON_BYTES].decode("utf-8", "ignore")
        try:
            with move_on_after(CLOSE_SECONDS):
                await self._send(message)
        except OSError:
            return  # the client was quicker

    async def receive(self) -> Message:
        """Wait for the next message as ASGI has it, with its `text` or its `bytes`.

        Raises:
            WebSocketDisconnect: If there is none: the client has left, or the connection was closed from this side.
            RuntimeError: In a handler, before `accept`.
            Exception: What the server's `receive` raises.
        """
        message = await self._take_in_time()
        if message["type"] == "websocket.disconnect":
            self._leave(message.get("code", _NO_STATUS), message.get("reason") or "")
            raise self._gone()
        if _exceeds(message, self._max_size):
            await self.end(_TOO_BIG, f"message over {self._max_size} bytes")
            raise self._gone()
        return message

    async def receive_text(self) -> str:
        """Wait for a message, which must be text.

        Raises:
            WrongFrame: If it is binary; a `RuntimeError`. One that leaves the handler closes with 1003.
            WebSocketDisconnect: As `receive`.
        """
        text: str | None = (await self._receive_data()).get("text")
        if text is None:
            raise WrongFrame("Expected a text message, got a binary one")
        return text

    async def receive_bytes(self) -> bytes:
        """Wait for a message, which must be binary; errors are those of `receive_text`."""
        data: bytes | None = (await self._receive_data()).get("bytes")
        if data is None:
            raise WrongFrame("Expected a binary message, got text")
        return data

    async def receive_json(self) -> Any:
        """Wait for a text message and decode it as JSON.

        Raises:
            MalformedBody: If it is no JSON, or nested too deeply. One that leaves the handler closes with 1007.
            WrongFrame: If it is binary.
            WebSocketDisconnect: As `receive`.
        """
        text = await self.receive_text()
        try:
            raw = text.encode()
            if too_deep(raw, self.limits.nesting):
                raise MalformedBody("$", f"JSON is nested deeper than {self.limits.nesting} levels")
            return msgspec.json.decode(raw)
        except (ValueError, RecursionError) as exc:
            raise MalformedBody("$", str(exc)) from exc

    async def send_text(self, data: str) -> None:
        """Send a text message; it is with the server when this returns.

        Raises:
            RuntimeError: Before `accept`, or after `close`.
            WebSocketDisconnect: If the client has left, or does not take the message in time.
        """
        await self._send_data({"type": "websocket.send", "text": data})

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message; errors are those of `send_text`."""
        await self._send_data({"type": "websocket.send", "bytes": data})

    async def send_json(self, data: Any) -> None:
        """Send what can be encoded as JSON, as a text message; errors are those of `send_text`.

        Raises:
            TypeError: If a value in it has no representation.
        """
        await self.send_text(encode_response(data).decode())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        """Give the next text message; the iteration ends when the connection does."""
        try:
            return await self.receive_text()
        except WebSocketDisconnect:
            raise StopAsyncIteration from None

    async def _receive_data(self) -> Message:
        message = await self.receive()
        while message["type"] == "websocket.connect":  # of a connection made by hand, whose first event it is
            message = await self.receive()
        return message

    async def _take_in_time(self) -> Message:
        if self._idle_timeout is None:
            return await self._take()
        with move_on_after(self._idle_timeout):
            return await self._take()
        await self.end(_GOING_AWAY, f"no message for {self._idle_timeout:g} s")
        raise self._gone()

    async def _take(self) -> Message:
        if self._end is not None:  # a second `receive` after a disconnect hangs on some servers
            raise self._gone()
        return await self._receive()

    async def _send_data(self, message: Message) -> None:
        self._refuse_unless_open("send")
        await self._deliver(message)

    async def _deliver(self, message: Message) -> None:
        try:
            if self._send_timeout is None:
                await self._send(message)
                return
            with move_on_after(self._send_timeout) as scope:
                await self._send(message)
        except OSError as exc:
            self._leave(_ABNORMAL, "")
            raise self._gone() from exc
        except Exception:
            self._leave(_ABNORMAL, "")
            raise
        if scope.cancelled_caught:
            await self.end(_TRY_AGAIN_LATER, f"a message did not go out within {self._send_timeout:g} s")
            raise self._gone()

    def _refuse_unless_open(self, act: str) -> None:
        if self._state is WebSocketState.CONNECTING:
            raise RuntimeError(f"The WebSocket cannot {act} before accept()")
        if self._closed:
            raise RuntimeError(f"The WebSocket cannot {act} after close()")
        if self._end is not None:
            raise self._gone()

    def _leave(self, code: int, reason: str) -> None:
        """Note that the connection has ended; what is known first is what counts."""
        if self._end is None:
            self._end = code, reason
            self._state = WebSocketState.DISCONNECTED

    def _gone(self) -> WebSocketDisconnect:
        code, reason = self._end or (_ABNORMAL, "")
        return WebSocketDisconnect(code, reason)


def _exceeds(message: Message, limit: int) -> bool:
    text: str | None = message.get("text")
    if text is None:
        return len(message.get("bytes") or b"") > limit
    # A character takes 4 bytes at most: only of texts about as large as the limit are the bytes counted.
    return len(text) > limit or (4 * len(text) > limit and len(text.encode("utf-8", "replace")) > limit)

"""An id for each request and WebSocket, shared with who called and who is called."""

import re
from collections.abc import Awaitable
from os import urandom

import msgspec

from hawkapi._types import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.heads import checked_name, without

_is_id = re.compile(rb"[!-~](?:[ -~]{0,126}[!-~])?").fullmatch

_HEADS = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})


def request_id(headers: RawHeaders, name: bytes) -> bytes:
    """Give the id that came with a request, else a new one.

    Args:
        headers: Of the request.
        name: The header that carries it.

    Returns:
        At most 128 printable ASCII characters; a random UUID if what came was none.
    """
    for key, value in headers:
        if key == name:
            return value if _is_id(value) else _uuid4()
    return _uuid4()


class RequestIDMiddleware(Middleware):
    """Gives each request and each WebSocket an id: in `scope["request_id"]`, and in a header of the answer.

    One that comes with the request is kept if it is at most 128 printable ASCII characters, else it is a random UUID.
    On a WebSocket the header goes out with the accept, or with the refusal.

    Args:
        app: The app it wraps.
        header_name: Of the request and of the answer.

    Raises:
        TypeError: If the name is no text.
        ValueError: If it is no token (RFC 9110).

    Attributes:
        header_name: As given.
    """

    def __init__(self, app: ASGIApp, *, header_name: str = "x-request-id") -> None:
        super().__init__(app)
        self.header_name: str = header_name
        self._name = checked_name("header_name", header_name)

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        kind, headers = scope["type"], scope.get("headers")
        if kind == "http" or (kind == "websocket" and headers is not None):
            name = self._name
            value = request_id(headers or [], name)
            scope["request_id"] = value.decode()
            send = _Identified(send, (name, value)).send
        return self.app(scope, receive, send)


class _Identified(msgspec.Struct, eq=False):
    """One answer on its way out."""

    onward: Send
    header: tuple[bytes, bytes]

    def send(self, message: Message) -> Awaitable[None]:
        """Be the `send` of what is inside."""
        if message["type"] in _HEADS:
            message = {**message, "headers": [*without(message, self.header[0]), self.header]}
        return self.onward(message)


def _uuid4() -> bytes:
    """Make a random UUID (RFC 9562, version 4) as text; `uuid` takes three times as long."""
    digits = urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}".encode()

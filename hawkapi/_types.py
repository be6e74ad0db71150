"""The vocabulary of ASGI 3, as the whole package spells it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

RawHeaders: TypeAlias = list[tuple[bytes, bytes]]
"""Header pairs as ASGI carries them: lower-case names, latin-1 bytes."""

Reply: TypeAlias = tuple[Message, bytes] | tuple[None, ASGIApp]
"""An answer that was not sent: the `http.response.start` message and the whole body, or `None` and what sends it."""

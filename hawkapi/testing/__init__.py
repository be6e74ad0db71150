"""Testing: clients that talk to an app without a server."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.testing.async_client import AsyncTestClient as AsyncTestClient
    from hawkapi.testing.client import TestClient as TestClient
    from hawkapi.testing.cookies import Cookies as Cookies
    from hawkapi.testing.exchange import ProtocolError as ProtocolError
    from hawkapi.testing.overrides import override as override
    from hawkapi.testing.response import CaseInsensitiveDict as CaseInsensitiveDict
    from hawkapi.testing.response import HTTPStatusError as HTTPStatusError
    from hawkapi.testing.response import TestResponse as TestResponse
    from hawkapi.testing.streaming import AsyncStreamedResponse as AsyncStreamedResponse
    from hawkapi.testing.streaming import StreamedResponse as StreamedResponse
    from hawkapi.testing.websocket import AsyncWebSocketSession as AsyncWebSocketSession
    from hawkapi.testing.websocket import WebSocketDenied as WebSocketDenied
    from hawkapi.testing.websocket import WebSocketSession as WebSocketSession

__all__ = [
    "AsyncStreamedResponse",
    "AsyncTestClient",
    "AsyncWebSocketSession",
    "CaseInsensitiveDict",
    "Cookies",
    "HTTPStatusError",
    "ProtocolError",
    "StreamedResponse",
    "TestClient",
    "TestResponse",
    "WebSocketDenied",
    "WebSocketSession",
    "override",
]

_TABLE = {
    "AsyncStreamedResponse": "hawkapi.testing.streaming",
    "AsyncTestClient": "hawkapi.testing.async_client",
    "AsyncWebSocketSession": "hawkapi.testing.websocket",
    "CaseInsensitiveDict": "hawkapi.testing.response",
    "Cookies": "hawkapi.testing.cookies",
    "HTTPStatusError": "hawkapi.testing.response",
    "ProtocolError": "hawkapi.testing.exchange",
    "StreamedResponse": "hawkapi.testing.streaming",
    "TestClient": "hawkapi.testing.client",
    "TestResponse": "hawkapi.testing.response",
    "WebSocketDenied": "hawkapi.testing.websocket",
    "WebSocketSession": "hawkapi.testing.websocket",
    "override": "hawkapi.testing.overrides",
}
if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

"""WebSockets."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.websocket.connection import WebSocket as WebSocket
    from hawkapi.websocket.connection import WebSocketDisconnect as WebSocketDisconnect
    from hawkapi.websocket.connection import WebSocketState as WebSocketState

__all__ = ["WebSocket", "WebSocketDisconnect", "WebSocketState"]

_TABLE = {
    "WebSocket": "hawkapi.websocket.connection",
    "WebSocketDisconnect": "hawkapi.websocket.connection",
    "WebSocketState": "hawkapi.websocket.connection",
}
if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

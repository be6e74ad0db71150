"""WebSockets."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.websocket.connection import WebSocketDisconnect as WebSocketDisconnect

__all__ = ["WebSocketDisconnect"]

_TABLE = {"WebSocketDisconnect": "hawkapi.websocket.connection"}
__getattr__, __dir__ = attach(__name__, _TABLE)

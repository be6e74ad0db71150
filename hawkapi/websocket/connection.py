"""A WebSocket connection, as handlers see it."""

from hawkapi._errors import HawkAPIError


class WebSocketDisconnect(HawkAPIError):  # noqa: N818 - the name that every ASGI framework gives it
    """The other side has closed the connection, or it is lost.

    Args:
        code: The close code (RFC 6455, 7.4); 1006 where the connection ended without one.
        reason: What the other side gave as its reason.
    """

    def __init__(self, code: int = 1000, reason: str = "") -> None:
        super().__init__(f"WebSocket closed with code {code}" + (f": {reason}" if reason else ""))
        self.code = code
        self.reason = reason

"""Stacks in which a `__call__` of a user's own stands, or may stand: it can begin an answer and raise then."""

from collections.abc import Awaitable

from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.middleware.outgoing import sole_send


class Noting:
    """Notes for a stack that an answer has begun: from then on no other one may be sent.

    Args:
        app: The stack.

    Attributes:
        app: The same.
    """

    __slots__ = ("app",)

    def __init__(self, app: ASGIApp) -> None:
        self.app: ASGIApp = app

    def enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a scope."""
        return self.app(scope, receive, sole_send(scope, send) if scope["type"] == "http" else send)


def noted_by(app: ASGIApp) -> Noting | None:
    """Give what notes, if an app is a stack that wants it."""
    owner = getattr(app, "__self__", None)
    return owner if isinstance(owner, Noting) else None

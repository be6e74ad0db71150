"""What stands behind all middleware, and can hand over its answer: it spares the hooks round it a wrapped `send`."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from hawkapi._types import ASGIApp, Receive, Reply, Scope, Send

TryReply: TypeAlias = Callable[[Scope, Receive], Awaitable[Reply] | None]
"""Gives what answers an `http` scope without sending, or `None` where the app itself must be called."""


class Replying:
    """An app behind middleware, and its other way to answer.

    Args:
        app: Serves a scope.
        make_reply: Makes the other way, once somebody will use it.
    """

    __slots__ = ("_app", "_make_reply", "_reply")

    def __init__(self, app: ASGIApp, make_reply: Callable[[], TryReply]) -> None:
        self._app = app
        self._make_reply = make_reply
        self._reply: TryReply | None = None

    def enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a scope; from here on an exception is no matter of middleware."""
        try:
            scope["hawkapi"].edge = None
        except KeyError:  # some middleware makes a scope of its own
            pass
        app = self._app
        return app(scope, receive, send)

    @property
    def reply(self) -> TryReply:
        """The other way; what it raises is a matter of middleware still."""
        if self._reply is None:
            self._reply = self._make_reply()
        return self._reply

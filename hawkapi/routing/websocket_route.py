"""A WebSocket route: what was declared, as plain data that nothing changes any more."""

from typing import TYPE_CHECKING, Any

import msgspec

from hawkapi._signature import describe
from hawkapi.routing.route import Handler

if TYPE_CHECKING:  # see Route
    from hawkapi.di.depends import Depends

SEND_TIMEOUT = 10.0
"""Seconds in which a message must go out, unless a route says otherwise."""


_METHODS = frozenset({"WebSocket"})  # methods of HTTP are kept in upper case: none is called so


class WebSocketRoute(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A WebSocket route of an app or a router.

    Attributes:
        path: The whole path as known so far: version, prefixes, own path, without a trailing slash.
        handler: The function as declared.
        name: For `url_for`; the handler's name by default.
        version: `"v1"` stands in front of the whole path.
        permissions: What a caller needs: routers' first, then its own; `None` if nobody gave any.
        permission_groups: The same by who wants them, if a router does: a policy that is content with one of several
            is content with one of each group.
        middleware: The route's own, as given, outermost first; `None` without any.
        router_middleware: That of the routers round it, as in `Route`.
        dependencies: Run before the handler, their results unused: routers' first, then its own.
        max_size: Bytes of one message, the app's `limits.websocket_message` by default.
        send_timeout: Seconds in which a message must go out; `None` waits for ever.
        idle_timeout: Seconds for which the handler waits for a message; `None` waits for ever.

    Raises:
        ValueError: If an option is out of range.
    """

    path: str
    handler: Handler
    name: str = ""
    version: str | None = None
    permissions: list[str] | None = None
    permission_groups: tuple[tuple[str, ...], ...] = ()
    middleware: tuple[Any, ...] | None = None
    router_middleware: tuple[tuple[Any, ...], ...] = ()
    dependencies: "tuple[Depends, ...]" = ()
    max_size: int | None = None
    send_timeout: float | None = SEND_TIMEOUT
    idle_timeout: float | None = None

    def __post_init__(self) -> None:
        if not self.name:
            msgspec.structs.force_setattr(self, "name", getattr(self.handler, "__name__", type(self.handler).__name__))
        if self.max_size is not None and self.max_size < 1:
            raise ValueError(f"max_size of {describe(self.handler)} must be at least 1 byte, not {self.max_size}")
        for name, seconds in (("send_timeout", self.send_timeout), ("idle_timeout", self.idle_timeout)):
            if seconds is not None and not seconds > 0:
                raise ValueError(f"{name} of {describe(self.handler)} must be above 0 seconds or None, not {seconds}")

    @property
    def methods(self) -> frozenset[str]:
        """Stands beside the HTTP methods where the conflicts of a path are looked for."""
        return _METHODS

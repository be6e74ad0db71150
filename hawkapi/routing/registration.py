"""What a router collects while an app is declared: plain records, in order."""

from typing import Any

from hawkapi._signature import describe
from hawkapi._types import ASGIApp
from hawkapi.routing.converters import parse_path
from hawkapi.routing.route import Route
from hawkapi.routing.websocket_route import WebSocketRoute


class Mount:
    """A foreign ASGI app under a path.

    Attributes:
        path: Version, prefixes and own path, without a trailing slash; `""` for the root.
        app: The foreign app.
        version: What the path begins with, if anything.
        state: What the app's lifespan has put into its state; empty while none runs.
    """

    __slots__ = ("app", "path", "state", "version")

    def __init__(self, path: str, app: ASGIApp, version: str | None = None) -> None:
        self.path: str = path
        self.app: ASGIApp = app
        self.version: str | None = version
        self.state: dict[str, Any] = {}


class Registration:
    """Routes, WebSocket routes and mounts of one router, and where the router was included (`None` before)."""

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self.websockets: list[WebSocketRoute] = []
        self.mounts: list[Mount] = []
        self.included_at: str | None = None

    def refuse_if_included(self, what: str) -> None:
        """Raise if the router was included already: a later registration would be served nowhere.

        Raises:
            RuntimeError: Naming both places.
        """
        if self.included_at is not None:
            raise RuntimeError(
                f"{what} comes too late: this router was included at {self.included_at}, and what it holds later is "
                "not served. Register it before include_router()"
            )


class Conflicts:
    """The routes of one app by path shape and method, to refuse a second one at once."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Route | WebSocketRoute]] = {}

    def add(self, route: Route | WebSocketRoute) -> None:
        """Remember a route; a path may have both HTTP methods and a WebSocket.

        Raises:
            ValueError: If one of its methods is taken on that path, naming both handlers with file and line.
        """
        known = self._known.setdefault(parse_path(route.path).shape, {})
        # A HEAD of its own may stand beside the one that a GET brings, and goes first.
        own = {method for method in route.methods if method != "HEAD" or "GET" not in route.methods}
        for method in sorted(own):
            other = known.get(method)
            if other is not None:
                raise ValueError(
                    f"Route conflict: {method} {route.path} is served by {describe(other.handler)} "
                    f"(as {other.path}) and again by {describe(route.handler)}"
                )
        known.update(dict.fromkeys(own, route))

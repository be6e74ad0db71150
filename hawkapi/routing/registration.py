"""What a router collects while an app is declared: plain records, in order."""

from hawkapi._signature import describe
from hawkapi._types import ASGIApp
from hawkapi.routing.converters import parse_path
from hawkapi.routing.route import Route


class Mount:
    """A foreign ASGI app under a path, which has no trailing slash (`""` for the root)."""

    __slots__ = ("app", "path")

    def __init__(self, path: str, app: ASGIApp) -> None:
        self.path = path
        self.app = app


class Registration:
    """Routes and mounts of one router, and the place where the router was included (`None` before)."""

    def __init__(self) -> None:
        self.routes: list[Route] = []
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
        self._known: dict[str, dict[str, Route]] = {}

    def add(self, route: Route) -> None:
        """Remember a route.

        Raises:
            ValueError: If one of its methods is taken on that path, naming both handlers with file and line.
        """
        methods = self._known.setdefault(parse_path(route.path).shape, {})
        for method in sorted(route.methods):
            other = methods.get(method)
            # A HEAD of its own may stand beside a GET: whichever comes second takes it.
            if other is not None and not (method == "HEAD" and other.methods != route.methods):
                raise ValueError(
                    f"Route conflict: {method} {route.path} is served by {describe(other.handler)} "
                    f"(as {other.path}) and again by {describe(route.handler)}"
                )
        for method in route.methods:
            methods[method] = route


"""URLs by route name."""

from typing import Any
from urllib.parse import quote

from hawkapi._signature import describe
from hawkapi.routing.converters import PathParameter, parse_path
from hawkapi.routing.route import Route
from hawkapi.routing.websocket_route import WebSocketRoute
from hawkapi.validation.coerce import INVALID


class UrlIndex:
    """The routes of an app by name."""

    def __init__(self) -> None:
        self._routes: dict[str, list[Route | WebSocketRoute]] = {}

    def add(self, route: Route | WebSocketRoute) -> None:
        """Make a route known by its name; several may share one as long as nobody asks for it."""
        self._routes.setdefault(route.name, []).append(route)

    def path_for(self, name: str, params: dict[str, Any]) -> str:
        """Build the path of a route, percent-encoded.

        Args:
            name: The route's name.
            params: A value for each parameter of its path, no more.

        Raises:
            LookupError: If no route or several have the name, or parameters are missing or left over.
            ValueError: If a value does not fit its converter; the path would not lead back to the route.
        """
        route = self._one(name)
        segments = parse_path(route.path).segments
        names = [segment.name for segment in segments if isinstance(segment, PathParameter)]
        if set(names) != params.keys():
            wanted = ", ".join(names) or "none"
            given = ", ".join(sorted(params)) or "none"
            raise LookupError(f"Route '{name}' ({route.path}) takes the parameters {wanted}; given: {given}")
        return "/" + "/".join(
            quote(s, safe="") if isinstance(s, str) else _segment(s, params[s.name]) for s in segments
        )

    def _one(self, name: str) -> Route | WebSocketRoute:
        routes = self._routes.get(name, [])
        if len(routes) == 1:
            return routes[0]
        if not routes:
            known = ", ".join(sorted(self._routes)) or "none"
            raise LookupError(f"No route is named '{name}'; known names: {known}")
        candidates = ", ".join(f"{route.path} by {describe(route.handler)}" for route in routes)
        raise LookupError(f"{len(routes)} routes are named '{name}': {candidates}. Give each a name of its own")


def _segment(parameter: PathParameter, value: Any) -> str:
    text = str(value)
    if "/" in text or text in ("", ".", "..") or parameter.converter.convert(text) is INVALID:
        raise ValueError(f"{value!r} does not fit the path parameter {{{parameter.name}:{parameter.converter.name}}}")
    return quote(text, safe="")

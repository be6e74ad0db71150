"""The middleware of routes and of routers, round the compiled endpoints.

The instances of a router's middleware are shared by its routes, HTTP and WebSocket: what comes after them depends on
the request, so its context says it.
"""

from collections.abc import Awaitable
from typing import Any

from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.app.edge import Edge
from hawkapi.middleware.stack import build_stack
from hawkapi.requests.context import Serving
from hawkapi.routing.deprecation import deprecation_headers
from hawkapi.routing.endpoint_plan import Endpoint
from hawkapi.routing.requesting import provide_context
from hawkapi.routing.route import Route
from hawkapi.routing.websocket_route import WebSocketRoute


class Layers:
    """Makes what stands between the router and an endpoint; one object for all routes of an app.

    Args:
        app: The app that serves.
        edge: The app's.
    """

    def __init__(self, app: Serving, edge: Edge) -> None:
        self._app, self._edge = app, edge
        self._stacks: dict[int, ASGIApp] = {}

    def around(
        self, endpoint: Endpoint, route: Route | WebSocketRoute, names: tuple[str, ...]
    ) -> tuple[Endpoint, list[str]]:
        """Wrap an endpoint in the middleware of its route, and that in the middleware of the route's routers.

        Args:
            endpoint: The compiled endpoint.
            route: Its route, HTTP or WebSocket.
            names: Its path parameters, in order.

        Returns:
            What serves the route, and the texts of what is wrong with middleware; a router's are told once.
        """
        if not route.middleware and not route.router_middleware:
            return endpoint, []

        def enter_endpoint(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            """Go on where there is no middleware any more."""
            context = scope["hawkapi"]
            context.edge = None
            return endpoint(scope, receive, send, context.path)

        stack, mistakes = build_stack(route.middleware or (), enter_endpoint)
        layers: dict[object, ASGIApp] = {}
        for given in reversed(route.router_middleware):
            layers[id(given)] = stack
            stack, found = self._of_router(given)
            mistakes = found + mistakes
        if isinstance(route, Route):
            serve = self._edge.http(stack, deprecation_headers(route))
        else:
            serve = self._edge.websocket(stack)
        app = self._app

        def enter(scope: Scope, receive: Receive, send: Send, path: tuple[Any, ...]) -> Awaitable[None]:
            """Come to the middleware with what the router found in the path."""
            context = provide_context(scope, app)
            context.path, context.layers = path, layers
            return serve({**scope, "path_params": dict(zip(names, path, strict=True))}, receive, send)

        return enter, mistakes

    def _of_router(self, given: tuple[Any, ...]) -> tuple[ASGIApp, list[str]]:
        """Give a router's stack: that tuple and no other, however equal, is the router's."""
        key = id(given)  # the routes hold the tuple
        if key in self._stacks:
            return self._stacks[key], []

        def go_on(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            """Go on with what the route at hand has inside of this router."""
            return scope["hawkapi"].layers[key](scope, receive, send)

        stack, mistakes = build_stack(given, go_on)
        self._stacks[key] = stack
        return stack, mistakes

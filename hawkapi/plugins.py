"""Plugins: hooks on what an app declares and on its life."""

from collections.abc import Callable, Iterator
from typing import Any

from hawkapi.requests.request import Request
from hawkapi.routing.route import Route


class Plugin:
    """A class with hooks, each of which a subclass may override; one instance is given to `app.add_plugin`.

    Plugins are called in the order of `add_plugin`, and see what is registered after it. The hooks here do nothing, or
    give back what they were given.
    """

    def on_route_registered(self, route: Route) -> Route:
        """See a route of the app at the moment it is registered, and return the route to use in its place.

        The routes of routers and controllers come when these are included, with every prefix, tag and permission.
        The probes and WebSocket routes do not come. A changed route is made by `msgspec.structs.replace`. An exception
        leaves `app.get(...)` or whatever registers the route.
        """
        return route

    def on_schema_generated(self, spec: dict[str, Any]) -> dict[str, Any]:
        """See the OpenAPI schema when it was made, and return the one to use; once for each schema that is kept."""
        return spec

    def on_startup(self) -> Any:
        """Do something at the start, in its place among the app's start-up hooks; may be async.

        A failure fails the start.
        """

    def on_shutdown(self) -> Any:
        """Do something at the stop, in its place among the app's shutdown hooks, so in reverse order; may be async."""

    def on_exception(self, request: Request, exc: Exception) -> Any:
        """See an exception that nothing expected, before the exception handlers; no `HTTPException`. May be async.

        A failure of this is logged and changes no answer.
        """

    def on_middleware_added(self, middleware_class: Callable[..., Any], kwargs: dict[str, Any]) -> None:
        """See a middleware when it is added to the app, before it counts; those of routers and routes do not come."""


HOOKS = tuple(name for name in vars(Plugin) if name.startswith("on_"))
"""The names of the hooks."""


def own_hooks(plugin: Plugin) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Give the hooks that a plugin does not have of `Plugin`, with their names: only these need to be called."""
    for name in HOOKS:
        hook = getattr(plugin, name)
        if getattr(hook, "__func__", None) is not getattr(Plugin, name):
            yield name, hook

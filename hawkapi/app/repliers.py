"""What answers a route without sending, for the hooks of middleware right round the app."""

from collections.abc import Iterable
from typing import TypeAlias

from hawkapi.routing.converters import PathPattern
from hawkapi.routing.endpoint import compile_replier
from hawkapi.routing.endpoint_plan import EndpointPlan, Replier
from hawkapi.routing.radix import RouteTable
from hawkapi.routing.route import Route

Planned: TypeAlias = tuple[PathPattern, Route, EndpointPlan | None]
"""A route with its path, and what was decided about its endpoint."""


def repliers(planned: Iterable[Planned], probes: Iterable[str]) -> RouteTable[dict[str, Replier]]:
    """Compile them, by method, under all paths of an app: one without any hides those that it would hide itself.

    There is none for a route with middleware of its own, nor for HEAD, whose answers lose their bodies on the way.

    Args:
        planned: The routes.
        probes: The paths of the probes, which hide others too.
    """
    table: RouteTable[dict[str, Replier]] = RouteTable()
    for pattern, route, plan in planned:
        methods = table.at(pattern, dict)
        if plan is None or route.middleware or route.router_middleware:
            continue
        replier = compile_replier(plan)
        if replier is not None:
            methods |= dict.fromkeys(set(route.methods) - {"HEAD"}, replier)
    for path in probes:
        table.static.setdefault(path, {})
    return table

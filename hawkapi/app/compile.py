"""The seal: from what was declared to what serves, with every user mistake reported at once."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hawkapi._errors import SealError
from hawkapi._signature import describe
from hawkapi.app.builtin_routes import METHODS, ProbeEndpoint
from hawkapi.app.collection import no_collection
from hawkapi.app.config import AppOptions
from hawkapi.app.dispatch import Dispatcher, closing
from hawkapi.app.edge import Edge, Rescue, onion
from hawkapi.app.layers import Layers
from hawkapi.app.planning import App, plan_route, plan_websocket, sealing_of, warn_if_closed
from hawkapi.app.registration import AppRegistration, Entry
from hawkapi.app.repliers import Planned, repliers
from hawkapi.middleware.replying import Replying
from hawkapi.routing.converters import parse_path
from hawkapi.routing.endpoint import compile_endpoint, source_of
from hawkapi.routing.endpoint_plan import Endpoint
from hawkapi.routing.radix import RouteTable
from hawkapi.routing.registration import Registration
from hawkapi.routing.route import Route
from hawkapi.routing.websocket_endpoint import WebSocketEndpoint, compile_websocket
from hawkapi.routing.websocket_refusal import Refusal


class Sealed(NamedTuple):
    """What serves a sealed app.

    Attributes:
        entry: Serves a scope.
        closing: Serves one while the app drains.
        rescue: Answers what middleware has raised out of the entry; `None` without middleware.
    """

    entry: Entry
    closing: Entry
    rescue: Rescue | None


@no_collection()
def seal(
    app: App,
    options: AppOptions,
    declared: AppRegistration,
    registered: Registration,
    probes: Mapping[str, ProbeEndpoint],
) -> Sealed:
    """Build what serves an app.

    Args:
        app: The app.
        options: What it was constructed with.
        declared: Its exception handlers.
        registered: Its routes and mounts.
        probes: By path; a route that the app declares on such a path goes first.

    Raises:
        SealError: With every mistake that was found in the routes, each with handler, file:line and the fix.
    """
    sealing = sealing_of(app, options, declared)
    refusal = Refusal(app, sealing.errors, sealing.limits)
    edge = Edge(app, sealing.errors, sealing.limits, refusal)
    layers = Layers(app, edge)
    mistakes: list[str] = []
    table: RouteTable[dict[str, Endpoint]] = RouteTable()
    planned: list[Planned] = []
    for route in registered.routes:
        pattern = parse_path(route.path)
        methods = table.at(pattern, dict)
        plan, found = plan_route(sealing, route, pattern)
        endpoint = _unserved if plan is None else compile_endpoint(plan)
        if declared.middleware:  # else what was decided is dropped, which the collector's work on 10,000 routes shows
            planned.append((pattern, route, plan))
        endpoint, wrong = layers.around(endpoint, route, pattern.names)
        mistakes += [f"{route.path}: {describe(route.handler)}: {mistake}" for mistake in (*found, *wrong)]
        _add(methods, route, endpoint)
        warn_if_closed(sealing, route)
    websockets: RouteTable[WebSocketEndpoint] = RouteTable()
    for websocket in registered.websockets:
        pattern = parse_path(websocket.path)
        ws_plan, found = plan_websocket(sealing, websocket, pattern, refusal)
        ws_endpoint = _unserved if ws_plan is None else compile_websocket(ws_plan)
        ws_endpoint, wrong = layers.around(ws_endpoint, websocket, pattern.names)
        mistakes += [f"{websocket.path}: {describe(websocket.handler)}: {mistake}" for mistake in (*found, *wrong)]
        websockets.add(pattern, ws_endpoint)
        warn_if_closed(sealing, websocket)
    if sealing.container is not None:
        mistakes += sealing.container.mistakes()
    ordered = sorted(registered.mounts, key=lambda mount: -len(mount.path))
    dispatcher = Dispatcher(app, table, websockets, ordered, sealing.errors, sealing.limits, refusal)
    entry = guarded = dispatcher.entry()
    rescue: Rescue | None = None
    if declared.middleware:
        unclaimed = {path: probe for path, probe in probes.items() if "GET" not in table.static.get(path, {})}
        innermost = Replying(entry, lambda: dispatcher.replies(repliers(planned, probes))).enter
        entry, rescue, guarded, found = onion(innermost, declared.middleware, unclaimed, edge, dispatcher.without_root)
        mistakes += found
    if mistakes:
        raise SealError(mistakes)
    for path, probe in probes.items():
        methods = table.static.setdefault(path, {})
        for method in METHODS:
            methods.setdefault(method, probe)
    return Sealed(entry, closing(guarded), rescue)


async def _unserved(*_: object) -> None:
    """Stand for the endpoint of a route that cannot be served: the other mistakes are looked for all the same."""


def _add(methods: dict[str, Endpoint], route: Route, endpoint: Endpoint) -> None:
    for method in route.methods:
        if method == "HEAD" and "GET" in route.methods:
            methods.setdefault(method, endpoint)  # a handler declared for HEAD alone goes first
        else:
            methods[method] = endpoint


def explain(app: App, options: AppOptions, declared: AppRegistration, routes: Iterable[Route]) -> str:
    """Give the generated source of routes' endpoints, each under a line that names route and handler.

    Raises:
        SealError: If a route cannot be served as declared.
    """
    sealing = sealing_of(app, options, declared)
    texts: list[str] = []
    for route in routes:
        plan, mistakes = plan_route(sealing, route, parse_path(route.path))
        if plan is None:
            raise SealError([f"{route.path}: {describe(route.handler)}: {mistake}" for mistake in mistakes])
        texts.append(
            f"# {', '.join(sorted(route.methods))} {route.path} -> {describe(route.handler)}\n{source_of(plan)}"
        )
    return "\n".join(texts)

"""The seal: from what was declared to what serves, with every user mistake reported at once."""

import inspect
import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any, get_origin

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from hawkapi._errors import SealError
from hawkapi._signature import EMPTY, Signature, UnreadableSignature, describe, is_async_callable, read_signature
from hawkapi.app.builtin_routes import METHODS, ProbeEndpoint
from hawkapi.app.config import AppOptions
from hawkapi.app.dispatch import Dispatcher, closing
from hawkapi.app.registration import AppRegistration, Entry
from hawkapi.exceptions import HTTPException
from hawkapi.requests.context import Serving
from hawkapi.requests.limits import Limits
from hawkapi.responses.base import BaseResponse
from hawkapi.routing.converters import PathPattern, parse_path
from hawkapi.routing.deprecation import deprecation_headers
from hawkapi.routing.endpoint import Endpoint, EndpointPlan, compile_endpoint, source_of
from hawkapi.routing.errors import ErrorTable
from hawkapi.routing.radix import RouteTable
from hawkapi.routing.registration import Registration
from hawkapi.routing.result import response_filter
from hawkapi.routing.route import Route
from hawkapi.routing.websocket_endpoint import WebSocketEndpoint, WebSocketPlan, compile_websocket
from hawkapi.routing.websocket_refusal import Refusal
from hawkapi.routing.websocket_route import WebSocketRoute
from hawkapi.runtime.deadlines import under_debugger
from hawkapi.validation.binder import Binder
from hawkapi.validation.coerce import UnsupportedType, check_type, split_annotated, union_members
from hawkapi.validation.specs import read_specs
from hawkapi.validation.websocket_specs import read_websocket_specs

_log = logging.getLogger("hawkapi")


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """What every route's endpoint has in common.

    Attributes:
        app: The app that serves.
        limits: Bounds of a request.
        errors: Answers exceptions.
        pools: The names of the pools of worker threads.
        timeout: Seconds for a route that does not say otherwise; `None` for no limit.
        timed: Whether time limits count.
    """

    app: Serving
    limits: Limits
    errors: ErrorTable
    pools: Collection[str]
    timeout: float | None
    timed: bool


def seal(
    app: Serving,
    options: AppOptions,
    declared: AppRegistration,
    registered: Registration,
    probes: Mapping[str, ProbeEndpoint],
) -> tuple[Entry, Entry]:
    """Build what serves an app.

    Args:
        app: The app.
        options: What it was constructed with.
        declared: Its exception handlers.
        registered: Its routes and mounts.
        probes: By path; a route that the app declares on such a path goes first.

    Returns:
        What serves it, and what serves it while it drains.

    Raises:
        SealError: With every mistake that was found in the routes, each with handler, file:line and the fix.
    """
    sealing = _sealing(app, options, declared)
    mistakes: list[str] = []
    table: RouteTable[dict[str, Endpoint]] = RouteTable()
    known: dict[str, dict[str, Endpoint]] = {}
    for route in registered.routes:
        pattern = parse_path(route.path)
        methods = known.get(pattern.shape)
        if methods is None:
            methods = known[pattern.shape] = {}
            table.add(pattern, methods)
        plan, found = plan_route(sealing, route, pattern)
        mistakes += [f"{route.path}: {describe(route.handler)}: {mistake}" for mistake in found]
        if plan is not None:
            _add(methods, route, compile_endpoint(_guarded(plan, route)))
    refusal = Refusal(sealing.app, sealing.errors, sealing.limits)
    websockets: RouteTable[WebSocketEndpoint] = RouteTable()
    for websocket in registered.websockets:
        pattern = parse_path(websocket.path)
        ws_plan, found = plan_websocket(sealing, websocket, pattern, refusal)
        mistakes += [f"{websocket.path}: {describe(websocket.handler)}: {mistake}" for mistake in found]
        if ws_plan is not None:
            websockets.add(pattern, compile_websocket(_guarded_websocket(ws_plan)))
    if mistakes:
        raise SealError(mistakes)
    for path, probe in probes.items():
        methods = table.static.setdefault(path, {})
        for method in METHODS:
            methods.setdefault(method, probe)
    ordered = sorted(registered.mounts, key=lambda mount: -len(mount.path))
    entry = Dispatcher(sealing.app, table, websockets, ordered, sealing.errors, sealing.limits, refusal).entry()
    return entry, closing(entry)


def _add(methods: dict[str, Endpoint], route: Route, endpoint: Endpoint) -> None:
    for method in route.methods:
        if method == "HEAD" and "GET" in route.methods:
            methods.setdefault(method, endpoint)  # a handler declared for HEAD alone goes first
        else:
            methods[method] = endpoint


def plan_route(sealing: Sealing, route: Route, pattern: PathPattern) -> tuple[EndpointPlan | None, list[str]]:
    """Decide all about a route's endpoint; gives the plan, or the texts of what is wrong with the handler."""
    try:
        signature = read_signature(route.handler)
    except UnreadableSignature as exc:
        return None, [str(exc)]
    names = pattern.names
    specs, mistakes = read_specs(signature, names)
    if inspect.isasyncgenfunction(route.handler) or inspect.isgeneratorfunction(route.handler):
        mistakes.append(
            "a handler returns its result, it does not yield; return StreamingResponse(generator()) instead"
        )
    if route.response_model is not None:
        try:
            check_type(route.response_model)
        except UnsupportedType as exc:
            mistakes.append(f"response_model: {exc}")
    is_async = is_async_callable(route.handler)
    mistakes += _misplaced(route, is_async, sealing.pools)
    if mistakes:
        return None, mistakes
    timeout = sealing.timeout if route.timeout is UNSET else route.timeout
    return (
        EndpointPlan(
            handler=route.handler,
            is_async=is_async,
            pool=None if is_async or route.sync == "inline" else route.threads or "handlers",
            timeout=timeout if sealing.timed else None,
            cancel_on_disconnect=route.cancel_on_disconnect,
            binder=Binder(specs, pattern.kinds, sealing.limits),
            path_names=names,
            status_code=route.status_code,
            may_be_data=_may_be_data(signature),
            shape=None if route.response_model is None else response_filter(route.response_model),
            headers=deprecation_headers(route),
            limits=sealing.limits,
            errors=sealing.errors,
            app=sealing.app,
        ),
        [],
    )


def _misplaced(route: Route, is_async: bool, pools: Collection[str]) -> list[str]:
    """Give what is wrong with how a handler is to be run."""
    mistakes: list[str] = []
    if route.cancel_on_disconnect and not is_async:
        mistakes.append(
            "cancel_on_disconnect: a sync handler cannot be cancelled; make it 'async def', or let it ask "
            "anyio.from_thread.run(request.is_disconnected)"
        )
    if route.threads is None:
        return mistakes
    if is_async or route.sync == "inline":
        mistakes.append(f"threads={route.threads!r}: the handler runs in the event loop, not in a thread; remove it")
    elif route.threads not in pools:
        known = ", ".join(sorted(pools))
        mistakes.append(
            f"threads={route.threads!r}: there is no such pool, known are {known}; "
            f"declare it: HawkAPI(threads=Threads(pools={{{route.threads!r}: 4}}))"
        )
    return mistakes


def plan_websocket(
    sealing: Sealing, route: WebSocketRoute, pattern: PathPattern, refusal: Refusal
) -> tuple[WebSocketPlan | None, list[str]]:
    """Decide all about a WebSocket route's endpoint; gives the plan, or the texts of what is wrong."""
    try:
        signature = read_signature(route.handler)
    except UnreadableSignature as exc:
        return None, [str(exc)]
    specs, mistakes = read_websocket_specs(signature, pattern.names)
    if not is_async_callable(route.handler):
        mistakes.append("a WebSocket handler is an 'async def' function that does not yield")
    if mistakes:
        return None, mistakes
    return (
        WebSocketPlan(
            route=route,
            binder=Binder(specs, pattern.kinds, sealing.limits),
            path_names=pattern.names,
            limits=sealing.limits,
            refusal=refusal,
            app=sealing.app,
        ),
        [],
    )


async def _closed() -> None:
    """Stand for a handler that nobody may reach."""
    raise HTTPException(403, "Insufficient permissions")


def _guarded(plan: EndpointPlan, route: Route) -> EndpointPlan:
    """Close a route that wants permissions: no policy can be set yet, so nobody is known to have them."""
    if route.permissions is None:
        return plan
    _log.error("%s by %s is closed: it wants permissions and there is no policy", route.path, describe(route.handler))
    return replace(plan, handler=_closed, is_async=True, pool=None, binder=Binder([], {}, plan.limits))


def _guarded_websocket(plan: WebSocketPlan) -> WebSocketPlan:
    """Close a WebSocket route that wants permissions, as `_guarded` does."""
    route = plan.route
    if route.permissions is None:
        return plan
    _log.error("%s by %s is closed: it wants permissions and there is no policy", route.path, describe(route.handler))
    return replace(plan, route=replace(route, handler=_closed), binder=Binder([], {}, plan.limits))


def _may_be_data(signature: Signature) -> bool:
    """Tell whether a result may be anything but a response object; without an annotation it may."""
    if signature.returns is EMPTY:
        return True
    return not all(_is_response(member) for member in union_members(split_annotated(signature.returns)[0]))


def _is_response(kind: Any) -> bool:
    kind = get_origin(kind) or kind
    return isinstance(kind, type) and issubclass(kind, BaseResponse)


def explain(app: Serving, options: AppOptions, declared: AppRegistration, routes: Iterable[Route]) -> str:
    """Give the generated source of routes' endpoints, each under a line that names route and handler.

    Raises:
        SealError: If a route cannot be served as declared.
    """
    sealing = _sealing(app, options, declared)
    texts: list[str] = []
    for route in routes:
        plan, mistakes = plan_route(sealing, route, parse_path(route.path))
        if plan is None:
            raise SealError([f"{route.path}: {describe(route.handler)}: {mistake}" for mistake in mistakes])
        texts.append(
            f"# {', '.join(sorted(route.methods))} {route.path} -> {describe(route.handler)}\n{source_of(plan)}"
        )
    return "\n".join(texts)


def _sealing(app: Serving, options: AppOptions, declared: AppRegistration) -> Sealing:
    errors = ErrorTable(
        declared.exception_handlers, debug=options.debug, validation_status=options.validation_error_status
    )
    return Sealing(
        app=app,
        limits=options.limits,
        errors=errors,
        pools=options.threads.sizes(),
        timeout=options.request_timeout,
        timed=not under_debugger(),
    )

"""What is decided at the seal about each route: its parameters and dependencies, who may come, how it runs."""

import logging
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import UNSET

from hawkapi._signature import (
    EMPTY,
    Signature,
    UnreadableSignature,
    call_kind,
    describe,
    is_async_callable,
    read_signature,
)
from hawkapi.app.config import AppOptions
from hawkapi.app.registration import AppRegistration
from hawkapi.di.container import Container
from hawkapi.exceptions import HTTPException
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.context import Serving
from hawkapi.requests.limits import Limits
from hawkapi.routing.converters import PathPattern
from hawkapi.routing.dependencies import Planner
from hawkapi.routing.deprecation import deprecation_headers
from hawkapi.routing.endpoint_plan import EndpointPlan
from hawkapi.routing.errors import ErrorTable
from hawkapi.routing.injection import Guard
from hawkapi.routing.response_model import ResponseShape, implied_model, is_response, response_shape
from hawkapi.routing.route import Route
from hawkapi.routing.websocket_endpoint import WebSocketPlan
from hawkapi.routing.websocket_refusal import Refusal
from hawkapi.routing.websocket_route import WebSocketRoute
from hawkapi.runtime.deadlines import under_debugger
from hawkapi.security.base import SecurityScheme
from hawkapi.validation.binder import Binder
from hawkapi.validation.coerce import UnsupportedType, check_type, split_annotated, union_members
from hawkapi.validation.specs import read_specs
from hawkapi.validation.websocket_specs import connectionless, read_connected_specs, read_websocket_specs

_log = logging.getLogger("hawkapi")


class Policy(Protocol):
    """What knows who may do what; `hawkapi.security.PermissionPolicy` is one."""

    async def check(self, request: HTTPConnection, required: Sequence[str], /) -> None:
        """Raise what refuses a caller who lacks a permission."""
        ...


class App(Serving, Protocol):
    """What the seal asks of the app."""

    @property
    def permission_policy(self) -> Policy | None:
        """Who has the permissions that routes want."""
        ...


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """What every route's endpoint has in common.

    Attributes:
        app: The app that serves.
        limits: Bounds of a request.
        errors: Answers exceptions.
        pools: The names of the pools of worker threads.
        timeout: Seconds for a route that does not say otherwise; `None` for no limit.
        timed: Whether time limits count.
        container: Provides services; `None` if the app has none.
        substitutes: What is called in the place of functions that are depended on, in pairs; the last one counts.
        policy: Gives the app's permission policy of the moment.
        wrapped: The app has middleware, which may read a body before the endpoint does.
    """

    app: Serving
    limits: Limits
    errors: ErrorTable
    pools: Collection[str]
    timeout: float | None
    timed: bool
    container: Container | None
    substitutes: Sequence[tuple[Any, Callable[..., Any]]]
    policy: Callable[[], Policy | None]
    wrapped: bool


def sealing_of(app: App, options: AppOptions, declared: AppRegistration) -> Sealing:
    """Put together what all routes of an app have in common."""
    errors = ErrorTable(
        declared.exception_handlers,
        debug=options.debug,
        validation_status=options.validation_error_status,
        observers=declared.hooks("on_exception"),
    )
    return Sealing(
        app=app,
        limits=options.limits,
        errors=errors,
        pools=options.threads.sizes(),
        timeout=options.request_timeout,
        timed=not under_debugger(),
        container=declared.container,
        substitutes=[pair for given in declared.substitutions for pair in given],
        policy=lambda: app.permission_policy,
        wrapped=bool(declared.middleware),
    )


def plan_route(sealing: Sealing, route: Route, pattern: PathPattern) -> tuple[EndpointPlan | None, list[str]]:
    """Decide all about a route's endpoint; gives the plan, or the texts of what is wrong with the handler."""
    try:
        signature = read_signature(route.handler)
    except UnreadableSignature as exc:
        return None, [str(exc)]
    names = pattern.names
    planner = Planner(sealing.container, sealing.substitutes, names, read_specs, read_specs, is_scheme)
    injection = planner.plan(signature, route.dependencies, route.controller)
    mistakes = planner.mistakes
    kind = call_kind(route.handler)
    if "generator" in kind:
        mistakes.append(
            "a handler returns its result, it does not yield; return StreamingResponse(generator()) instead"
        )
    shape, found = _shape(route, signature.returns)
    mistakes += found
    is_async = kind in ("async", "wrapped async")
    mistakes += _misplaced(route, is_async, sealing.pools)
    if mistakes:
        return None, mistakes
    timeout = sealing.timeout if route.timeout is UNSET else route.timeout
    return (
        EndpointPlan(
            handler=route.handler,
            is_async=kind == "async",
            pool=None if is_async or route.sync == "inline" else route.threads or "handlers",
            timeout=timeout if sealing.timed else None,
            cancel_on_disconnect=route.cancel_on_disconnect,
            injection=injection,
            binder=Binder(injection.specs, pattern.kinds, sealing.limits),
            guard=_guard(sealing, route),
            in_loop=route.sync == "inline",
            shares_body=sealing.wrapped or bool(route.middleware or route.router_middleware),
            path_names=names,
            status_code=route.status_code,
            may_be_data=_may_be_data(signature),
            shape=shape,
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
    planner = Planner(
        sealing.container, sealing.substitutes, pattern.names, read_websocket_specs, read_connected_specs, is_scheme
    )
    injection = planner.plan(signature, route.dependencies)
    mistakes = planner.mistakes or connectionless(injection.specs)
    if not is_async_callable(route.handler):
        mistakes.append("a WebSocket handler is an 'async def' function that does not yield")
    if mistakes:
        return None, mistakes
    return (
        WebSocketPlan(
            route=route,
            injection=injection,
            binder=Binder(injection.specs, pattern.kinds, sealing.limits),
            guard=_guard(sealing, route),
            path_names=pattern.names,
            limits=sealing.limits,
            refusal=refusal,
            app=sealing.app,
        ),
        [],
    )


def is_scheme(dependency: Any) -> bool:
    """Tell security schemes from other dependencies: they are asked before anything of a request is bound."""
    return isinstance(dependency, SecurityScheme) or (
        isinstance(dependency, type) and issubclass(dependency, SecurityScheme)
    )


def _guard(sealing: Sealing, route: Route | WebSocketRoute) -> Guard | None:
    """Make what refuses those who lack a permission: everybody, while the app has no policy."""
    if route.permissions is None:
        return None
    grouped = {permission for group in route.permission_groups for permission in group}
    others = tuple(permission for permission in route.permissions if permission not in grouped)  # a plugin may add some
    groups = (*route.permission_groups, others) if others or not grouped else route.permission_groups
    everything = (tuple(dict.fromkeys(permission for group in groups for permission in group)),)
    policy_now = sealing.policy

    async def guard(connection: HTTPConnection) -> None:
        """Ask the policy of the moment."""
        policy = policy_now()
        if policy is None:
            raise HTTPException(403, "Insufficient permissions")
        for required in everything if getattr(policy, "mode", None) == "all" else groups:
            await policy.check(connection, required)

    return guard


def warn_if_closed(sealing: Sealing, route: Route | WebSocketRoute) -> None:
    """Say loudly at the start that a route refuses everybody."""
    if route.permissions is not None and sealing.policy() is None:
        _log.error(
            "%s by %s is closed: it wants permissions, and app.permission_policy is not set",
            route.path,
            describe(route.handler),
        )


def _shape(route: Route, returns: Any) -> tuple[ResponseShape | None, list[str]]:
    """Decide how results are brought to the response model; the annotation is the model where none is given."""
    implied = implied_model(returns)
    model = implied if route.response_model is None else route.response_model
    excludes = {
        "exclude_none": route.response_model_exclude_none,
        "exclude_unset": route.response_model_exclude_unset,
        "exclude_defaults": route.response_model_exclude_defaults,
    }
    if model is not None:
        try:
            check_type(model)
        except UnsupportedType as exc:
            return None, [f"response_model: {exc}"]
    wanted = None if model is None else implied_model(model)
    if wanted is None and any(excludes.values()):
        given = ", ".join(f"response_model_{name}" for name, asked in excludes.items() if asked)
        return None, [f"{given}: there is no model; annotate the result with one, or set response_model"]
    if model is None:
        return None, []
    trusted = implied is not None and wanted == implied
    return response_shape(model, trusted=trusted, implied=route.response_model is None, **excludes), []


def _may_be_data(signature: Signature) -> bool:
    """Tell whether a result may be anything but a response object; without an annotation it may."""
    if signature.returns is EMPTY:
        return True
    return not all(is_response(member) for member in union_members(split_annotated(signature.returns)[0]))

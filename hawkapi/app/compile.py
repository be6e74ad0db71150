"""The seal: from what was declared to what serves, with every user mistake reported at once."""

import inspect
from collections.abc import Iterable
from typing import Any, get_origin

import msgspec

from hawkapi._errors import SealError
from hawkapi._signature import EMPTY, Signature, UnreadableSignature, describe, is_async_callable, read_signature
from hawkapi.app.config import AppOptions
from hawkapi.app.dispatch import Dispatcher
from hawkapi.app.registration import AppRegistration, Entry
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
from hawkapi.validation.binder import Binder
from hawkapi.validation.coerce import split_annotated, union_members
from hawkapi.validation.specs import read_specs


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """What every route's endpoint has in common.

    Attributes:
        app: The app that serves.
        limits: Bounds of a request.
        errors: Answers exceptions.
    """

    app: Serving
    limits: Limits
    errors: ErrorTable


def seal(app: Serving, options: AppOptions, declared: AppRegistration, registered: Registration) -> Entry:
    """Build what serves an app.

    Args:
        app: The app.
        options: What it was constructed with.
        declared: Its exception handlers.
        registered: Its routes and mounts.

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
            _add(methods, route, compile_endpoint(plan))
    if mistakes:
        raise SealError(mistakes)
    ordered = sorted(registered.mounts, key=lambda mount: -len(mount.path))
    return Dispatcher(sealing.app, table, ordered, sealing.errors, sealing.limits).entry()


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
    bound = {spec.key for spec in specs if spec.source == "path"}
    if not any(spec.source == "request" for spec in specs):  # request.path_params has them all
        mistakes += [f"the path parameter '{name}' is no parameter of it" for name in names if name not in bound]
    if inspect.isasyncgenfunction(route.handler) or inspect.isgeneratorfunction(route.handler):
        mistakes.append("a handler returns its result, it does not yield; return StreamingResponse(generator()) instead")
    if mistakes:
        return None, mistakes
    return (
        EndpointPlan(
            handler=route.handler,
            is_async=is_async_callable(route.handler),
            binder=Binder(specs, pattern.kinds, sealing.limits.nesting),
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
        texts.append(f"# {', '.join(sorted(route.methods))} {route.path} -> {describe(route.handler)}\n{source_of(plan)}")
    return "\n".join(texts)


def _sealing(app: Serving, options: AppOptions, declared: AppRegistration) -> Sealing:
    errors = ErrorTable(
        declared.exception_handlers, debug=options.debug, validation_status=options.validation_error_status
    )
    return Sealing(app=app, limits=options.limits, errors=errors)

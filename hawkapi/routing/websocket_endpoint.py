"""The compiled endpoint of a WebSocket route: it binds, runs the handler, and leaves nothing open.

The parameters are bound by a small generated function, of the code that HTTP endpoints are made of. Until the accept,
whatever is raised refuses the handshake with the answer of the error table; after it, it becomes a close code.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias, cast

import msgspec

from hawkapi._types import Receive, Scope, Send
from hawkapi.exceptions import HTTPException
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.context import Serving
from hawkapi.requests.errors import MalformedBody, RequestError
from hawkapi.requests.limits import Limits
from hawkapi.routing.binding import head_names, indent, load, read_head, wanted_headers
from hawkapi.routing.errors import request_line, single_leaf
from hawkapi.routing.injection import Exits, Guard, asks, calls, names_of
from hawkapi.routing.injection_plan import Injection
from hawkapi.routing.requesting import provide_context
from hawkapi.routing.websocket_refusal import Refusal
from hawkapi.routing.websocket_route import WebSocketRoute
from hawkapi.runtime.cleanup import CleanupFailed
from hawkapi.validation.binder import Binder, Received
from hawkapi.validation.errors import RequestValidationError
from hawkapi.websocket.connection import WebSocketDisconnect, WebSocketState, WrongFrame
from hawkapi.websocket.denial import close_code
from hawkapi.websocket.served import ServedWebSocket

WebSocketEndpoint: TypeAlias = Callable[[Scope, Receive, Send, tuple[Any, ...]], Awaitable[None]]

Run: TypeAlias = Callable[[Scope, HTTPConnection, tuple[Any, ...]], Awaitable[object]]
"""Binds, and runs the dependencies and the handler; raises `RequestValidationError` for what cannot be bound."""

_NORMAL, _UNSUPPORTED_DATA, _INVALID_DATA, _POLICY_VIOLATION, _INTERNAL_ERROR = 1000, 1003, 1007, 1008, 1011

_log = logging.getLogger("hawkapi")


class WebSocketPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides a WebSocket route's endpoint.

    Attributes:
        route: The route as declared.
        injection: What the handler's arguments are made of.
        binder: The parameters among it.
        guard: Refuses connections before anything is looked at; `None` where everybody may come.
        path_names: The route's path parameters, in order.
        limits: Bounds of the connection.
        refusal: Answers what does not come to a connection.
        app: The app that serves.
    """

    route: WebSocketRoute
    injection: Injection
    binder: Binder
    guard: Guard | None
    path_names: tuple[str, ...]
    limits: Limits
    refusal: Refusal
    app: Serving


def compile_websocket(plan: WebSocketPlan) -> WebSocketEndpoint:
    """Make the endpoint of a WebSocket route."""
    route, names, app, refusal = plan.route, plan.path_names, plan.app, plan.refusal
    run = _compile_run(plan)

    async def endpoint(scope: Scope, receive: Receive, send: Send, path: tuple[Any, ...]) -> None:
        """Serve one connection."""
        if (await receive())["type"] != "websocket.connect":
            return  # the client has left already
        provide_context(scope, app)
        path_params = dict(zip(names, path, strict=True))
        socket = ServedWebSocket(
            scope,
            receive,
            send,
            path_params,
            limits=plan.limits,
            max_size=route.max_size,
            send_timeout=route.send_timeout,
            idle_timeout=route.idle_timeout,
            streams=app.runtime().streams,
        )
        failure: Exception | None = None
        try:
            await socket.run(partial(run, scope, socket, path))
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is answered here
            failure = _without_disconnects(exc)
        if socket.state is WebSocketState.CONNECTING:
            await refusal.answer(failure or HTTPException(403), scope, receive, send, path_params)
        else:
            await socket.end(*_closing(failure, scope))

    return endpoint


def source_of(plan: WebSocketPlan) -> str:
    """Write the source of the function that binds a route's parameters and runs what it is made of."""
    injection = plan.injection
    needs = frozenset(need for lines in plan.binder.lines for need in lines.needs)
    headers = _wanted(plan)
    written = calls(injection, in_loop=False, hands_over=False, pool="runtime().handlers", abandon=False)
    exits = Exits(injection)
    text = ["bad = False", *exits.before]
    text += [f"{name} = None" for names in headers.values() for name in names if not name.endswith("s")]
    text += asks(injection, plan.guard)
    text += read_head(needs, headers, 'scope.get("headers", ())')
    text += [line for lines in plan.binder.lines for line in lines.lines]
    text += ["if bad:", "    raise RequestValidationError(explain(Received(scope, path)))"]
    text += exits.round([*written.lines, f"await handler({injection.arguments})"], exits.close)
    return "\n".join([*written.functions, "async def run(scope, request, path):", *indent(text, 1)]) + "\n"


def _compile_run(plan: WebSocketPlan) -> Run:
    names = head_names(plan.limits, _wanted(plan)) | names_of(plan.injection, plan.guard)
    names |= {
        "Received": Received,
        "RequestValidationError": RequestValidationError,
        "explain": plan.binder.explain,
        "handler": plan.route.handler,
        "runtime": plan.app.runtime,
    }
    for lines in plan.binder.lines:
        names |= lines.constants
    return load(source_of(plan), names, "run")


def _wanted(plan: WebSocketPlan) -> dict[bytes, list[str]]:
    return wanted_headers(pair for lines in plan.binder.lines for pair in lines.headers)


def _without_disconnects(exc: Exception) -> Exception | None:
    """Give what is left to be answered: that a client leaves is no failure of the handler, in a group neither."""
    if isinstance(exc, ExceptionGroup):
        _, others = cast("ExceptionGroup[Exception]", exc).split(WebSocketDisconnect)
        return None if others is None else single_leaf(others)
    return None if isinstance(exc, WebSocketDisconnect) else exc


def _closing(failure: Exception | None, scope: Scope) -> tuple[int, str]:
    """Give the close code and reason for how a handler ended; what nobody expected is logged."""
    if failure is None:
        return _NORMAL, ""
    if isinstance(failure, HTTPException):
        return close_code(failure.status_code), failure.detail
    if isinstance(failure, WrongFrame):
        return _UNSUPPORTED_DATA, str(failure)
    if isinstance(failure, MalformedBody):
        return _INVALID_DATA, failure.message
    if isinstance(failure, RequestError | RequestValidationError):
        return _POLICY_VIOLATION, str(failure)
    if isinstance(failure, CleanupFailed):  # it was logged
        return _INTERNAL_ERROR, ""
    _log.error("Unhandled exception in %s", request_line(scope), exc_info=failure)
    return _INTERNAL_ERROR, ""

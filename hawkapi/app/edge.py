"""The edge of a stack of middleware: what the stack raises is answered here, by the app's error table.

There is one round the middleware of the app, and one round that of a route, so that the app's sees ordinary answers.
Both serve many times a second what is built once: all they need is in their closures.
"""

import logging
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from copy import copy
from typing import Any, NamedTuple, TypeAlias

from hawkapi._types import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from hawkapi.app.builtin_routes import METHODS, ProbeEndpoint
from hawkapi.app.registration import Entry
from hawkapi.middleware.hooks import known_of
from hawkapi.middleware.noting import noted_by
from hawkapi.middleware.outgoing import sole
from hawkapi.middleware.stack import build_stack
from hawkapi.requests.context import RequestContext, Serving
from hawkapi.requests.limits import Limits
from hawkapi.routing.errors import ErrorTable, request_line, single_leaf
from hawkapi.routing.guarded import send_guarded
from hawkapi.routing.requesting import provide_context, request_maker
from hawkapi.routing.websocket_refusal import Refusal
from hawkapi.websocket.connection import WebSocketDisconnect

_INTERNAL_ERROR = 1011

Rescue: TypeAlias = Callable[[Exception, Scope, Receive, Send], Awaitable[bool]]
"""Answers an exception, if that is still possible."""

_log = logging.getLogger("hawkapi")


class Edge:
    """Makes what stands outside a stack of middleware.

    Args:
        app: The app that serves.
        errors: Answers exceptions.
        limits: Bounds of a request.
        refusal: Answers handshakes that come to no connection.
    """

    def __init__(self, app: Serving, errors: ErrorTable, limits: Limits, refusal: Refusal) -> None:
        self._app, self._errors, self._limits, self._refusal = app, errors, limits, refusal
        self._make_request = request_maker(app, limits)

    def http(self, stack: ASGIApp, headers: RawHeaders | None = None) -> ASGIApp:
        """Answer what a stack raises on an `http` scope.

        What lies behind it sets `edge` of the context to `None`, as does middleware that begins an answer: from then
        on an exception is that of a failing `send`, or it leaves half an answer, and it is raised on to the server.

        Args:
            stack: The outermost middleware.
            headers: Added to the answers made here.
        """
        app, limits = self._app, self._limits
        edge = copy(self._errors)  # none like it; what stands inside may ask it

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            """Serve one request."""
            context: RequestContext | None = scope.get("hawkapi")
            if context is None:
                context = scope["hawkapi"] = RequestContext(app, limits, edge)
            else:
                context.app, context.limits, context.edge = app, limits, edge
            try:
                await stack(scope, receive, send)
            except Exception as exc:
                if context.edge is not edge:
                    raise
                context.edge = None
                await self._answer(exc, context, scope, receive, send, headers)

        return serve

    def direct(self, stack: ASGIApp, probes: Container[str], guarded: ASGIApp) -> tuple[ASGIApp, Rescue]:
        """Serve the usual request without a coroutine of one's own: what a stack raises is answered by the caller.

        Args:
            stack: The outermost middleware.
            probes: Paths that are not usual.
            guarded: Serves all that is not usual.

        Returns:
            What gives the awaitable that serves a scope, and what answers an exception that this has raised, if
            it is the middleware's.
        """
        app, limits = self._app, self._limits
        edge = copy(self._errors)
        noting = noted_by(stack)
        if noting is not None:
            stack = noting.app
        noted = noting is not None
        known = known_of(stack)

        def serve(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            """Serve one request."""
            if scope["type"] != "http" or scope.get("root_path") or scope["path"] in probes:
                return guarded(scope, receive, send)
            context: RequestContext | None = scope.get("hawkapi")
            if context is None:
                context = scope["hawkapi"] = RequestContext(app, limits, edge, send)
                if noted:
                    send = context.begin
            else:
                context.app, context.limits, context.edge = app, limits, edge
                if noted:
                    send = sole(context, send)  # the outer app's `begin` is in use
            return stack(scope, receive, send) if known is None else known(context, scope, receive, send)

        async def rescue(exc: Exception, scope: Scope, receive: Receive, send: Send) -> bool:
            """Answer an exception, and tell whether it was one of middleware."""
            context: RequestContext | None = scope.get("hawkapi")
            if context is None or context.edge is not edge:
                return False
            context.edge = None
            await self._answer(exc, context, scope, receive, send, None)
            return True

        return serve, rescue

    def websocket(self, stack: ASGIApp) -> ASGIApp:
        """Answer what a stack raises on a `websocket` scope: a refusal before the accept, a close after it."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            """Serve one connection."""
            provide_context(scope, self._app).limits = self._limits
            socket = _Socket(receive, send)
            try:
                await stack(scope, socket.receive, socket.send)
            except Exception as exc:
                if socket.over:
                    raise
                if not isinstance(single_leaf(exc), WebSocketDisconnect):
                    await self._end(exc, socket, scope)

        return serve

    async def _answer(
        self,
        exc: Exception,
        context: RequestContext,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: RawHeaders | None,
    ) -> None:
        if context.messages is not None:
            receive = context.messages.receive
        request = self._make_request(scope, receive, scope.get("path_params", {}))
        response = await self._errors.answer(exc, request)
        await send_guarded(response, scope, receive, send, self._errors, lambda: request, headers)

    async def _end(self, exc: Exception, socket: "_Socket", scope: Scope) -> None:
        if socket.accepted:
            _log.error("Unhandled exception in %s", request_line(scope), exc_info=exc)
            await socket.send({"type": "websocket.close", "code": _INTERNAL_ERROR})
        elif socket.connected:
            await self._refusal.answer(exc, scope, socket.receive, socket.send, scope.get("path_params", {}))
        else:
            await self._refusal.unreadable(exc, scope, socket.receive, socket.send)


class _Socket:
    """The `receive` and `send` of a WebSocket, which remember how far it has come.

    Attributes:
        connected: The connect event was taken.
        accepted: The handshake is over.
        over: Nothing can be sent any more: it was closed or refused, the client has left, or the server raised.
    """

    __slots__ = ("_receive", "_send", "accepted", "connected", "over")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.connected: bool = False
        self.accepted: bool = False
        self.over: bool = False

    async def receive(self) -> Message:
        """Receive, and take note."""
        try:
            message = await self._receive()
        except Exception:
            self.over = True
            raise
        self.connected = True
        self.over = self.over or message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: Message) -> None:
        """Take note, and send."""
        try:
            await self._send(message)
        except Exception:
            self.over = True
            raise
        if message["type"] == "websocket.accept":
            self.accepted = True
        elif message["type"] != "websocket.send":
            self.over = True


class Onion(NamedTuple):
    """What serves an app that has middleware.

    Attributes:
        entry: Serves a scope, with its caller's help.
        rescue: That help: it answers what middleware has raised out of the entry.
        guarded: Serves a scope alone, where `send` or the scope is not the caller's.
        mistakes: The texts of what is wrong with the middleware.
    """

    entry: Entry
    rescue: Rescue
    guarded: Entry
    mistakes: list[str]


def onion(
    entry: Entry,
    middleware: Iterable[Any],
    probes: Mapping[str, ProbeEndpoint],
    edge: Edge,
    without_root: Callable[[Scope], Scope],
) -> Onion:
    """Wrap what serves an app in its middleware.

    Args:
        entry: What serves the app without, made to stand behind middleware.
        middleware: As declared, the outermost first.
        probes: By path; they know no middleware.
        edge: The app's.
        without_root: Strips the server's `root_path` from the path of a scope, unless that is done.
    """
    stack, mistakes = build_stack(middleware, entry)
    http, websocket = edge.http(stack), edge.websocket(stack)

    def guarded(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a probe; all else comes to the middleware."""
        if scope.get("root_path"):
            scope = without_root(scope)
        if scope["type"] != "http":
            return websocket(scope, receive, send)
        probe = probes.get(scope["path"])
        if probe is not None and scope["method"] in METHODS:
            return probe(scope, receive, send, ())
        return http(scope, receive, send)

    return Onion(*edge.direct(stack, probes, guarded), guarded, mistakes)

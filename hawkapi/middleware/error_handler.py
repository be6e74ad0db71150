"""What is raised inside becomes an answer, also where there is no app of ours round it."""

import logging
from collections.abc import Awaitable
from traceback import format_exception

from hawkapi._types import ASGIApp, Message, Receive, Scope, Send
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.outgoing import sole_send
from hawkapi.requests.context import RequestContext
from hawkapi.requests.request import Request
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.problem import problem_response
from hawkapi.responses.response import Response
from hawkapi.routing.errors import ErrorTable

_VALIDATION_STATUS = 400

_log = logging.getLogger("hawkapi")


class ErrorHandlerMiddleware(Middleware):
    """Answers what is raised by what it wraps, as an app does: each exception with its status, any other with 500.

    In a HawkAPI it is that app which answers: its exception handlers and observers are asked. Round any other app, what
    has no status is logged here. An exception that comes after the head has gone out, or from the server, is raised
    on: the server then breaks the connection off, so that no client takes half an answer for a whole one.

    Args:
        app: The app it wraps.
        debug: The 500 of an exception that nobody expected shows the traceback. Never in production.

    Attributes:
        debug: As given.
    """

    def __init__(self, app: ASGIApp, *, debug: bool = False) -> None:
        super().__init__(app)
        self.debug: bool = debug
        self._errors = ErrorTable({Exception: self._unexpected}, debug=debug, validation_status=_VALIDATION_STATUS)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        context: RequestContext | None = scope.get("hawkapi")
        edge = None if context is None else context.edge  # of now: it is none's any more when an answer has begun
        started = False

        def send_noted(message: Message) -> "Awaitable[None]":  # quoted: else it is built at every request
            nonlocal started
            started = started or message["type"] == "http.response.start"
            return send(message)

        try:
            await self.app(scope, receive, send_noted)
        except Exception as exc:
            if started:
                raise
            request = Request(scope, receive, limits=None if context is None else context.limits)
            response = await self._answer(exc, request, edge)
            await response(scope, receive, sole_send(scope, send))

    async def _answer(self, exc: Exception, request: Request, edge: object) -> BaseResponse:
        if not isinstance(edge, ErrorTable):
            return await self._errors.answer(exc, request)
        response = await edge.answer(exc, request)
        return response if edge.expects(exc) or not self.debug else self._internal(exc)

    async def _unexpected(self, request: Request, exc: Exception) -> Response:
        scope = request.scope
        line = ascii(f"{scope.get('method', '')} {scope.get('path', '')}")[1:-1]
        _log.error("Unhandled exception in %s", line, exc_info=exc)
        return self._internal(exc)

    def _internal(self, exc: Exception) -> Response:
        detail = "".join(format_exception(exc)) if self.debug else "Internal Server Error"
        return problem_response("internal", "Internal Server Error", 500, detail=detail)

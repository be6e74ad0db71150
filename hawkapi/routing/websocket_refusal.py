"""Refusing a WebSocket before it is accepted, with what the error table says."""

from typing import Any

from hawkapi._types import Receive, Scope, Send
from hawkapi.exceptions import HTTPException
from hawkapi.requests.context import Serving
from hawkapi.requests.limits import Limits
from hawkapi.requests.request import Request
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.problem import problem_response
from hawkapi.routing.errors import ErrorTable
from hawkapi.routing.guarded import send_guarded
from hawkapi.routing.requesting import request_maker
from hawkapi.websocket.denial import close_code, handshake_receive, handshake_send, takes_answer


class Refusal:
    """Answers the handshakes that come to no connection: over HTTP where the server offers that, else by a close.

    Args:
        app: The app that serves.
        errors: Answers exceptions.
        limits: Bounds of a request.
    """

    def __init__(self, app: Serving, errors: ErrorTable, limits: Limits) -> None:
        self._errors = errors
        self._make_request = request_maker(app, limits)
        self._handles_404 = errors.handles_status(404)

    async def unrouted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a handshake that no route takes, from its connect event on."""
        await receive()
        detail = f"No route matches WebSocket {scope['path']}"
        request = self._request(scope, receive, {})
        if self._handles_404:
            response = await self._errors.answer(HTTPException(404, detail), request)
        else:
            response = problem_response("not-found", "Not Found", 404, detail=detail)
        await self._send(response, request, scope, receive, send)

    async def unreadable(self, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a handshake that is not looked at any further, from its connect event on."""
        await receive()
        await self.answer(exc, scope, receive, send, {})

    async def answer(
        self, exc: Exception, scope: Scope, receive: Receive, send: Send, path_params: dict[str, Any]
    ) -> None:
        """Refuse a handshake, whose connect event was taken, for what was raised."""
        request = self._request(scope, receive, path_params)
        response = await self._errors.answer(exc, request)
        await self._send(response, request, scope, receive, send)

    def _request(self, scope: Scope, receive: Receive, path_params: dict[str, Any]) -> Request:
        """Give the handshake as the HTTP request that it is: exception handlers take one."""
        return self._make_request(scope, handshake_receive(receive), path_params)

    async def _send(self, response: BaseResponse, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        if not takes_answer(scope):
            await send({"type": "websocket.close", "code": close_code(response.status_code)})
            return
        http_receive, http_send = handshake_receive(receive), handshake_send(send)
        await send_guarded(response, scope, http_receive, http_send, self._errors, lambda: request)

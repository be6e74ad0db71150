"""Sending what may fail: a response object, or a foreign app under a mount."""

import logging
from collections.abc import Callable

from hawkapi._types import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from hawkapi.requests.request import Request
from hawkapi.routing.errors import ErrorTable, request_line

_log = logging.getLogger("hawkapi")


async def send_guarded(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    errors: ErrorTable,
    request: Callable[[], Request],
    headers: RawHeaders | None = None,
) -> None:
    """Run an app that answers; what it raises before its head went out is answered by the error table.

    Args:
        app: A response object, or any ASGI app.
        scope: The request's scope.
        receive: The ASGI callable.
        send: The ASGI callable. What it raises itself passes, as does an error after the head: the server then
            breaks the connection off, and no client takes half an answer for a whole one.
        errors: Answers exceptions.
        request: Makes the request for it.
        headers: Added to the head, whatever it is.
    """
    watched = _WatchedSend(send, headers)
    answered = False
    while True:
        try:
            await app(scope, receive, watched)
            return
        except Exception as exc:
            if watched.failed:
                raise
            if watched.started:
                _log.error("The response to %s broke off", request_line(scope), exc_info=exc)
                raise
            app = errors.give_up(exc, scope) if answered else await errors.answer(exc, request())
            answered = True


class _WatchedSend:
    """A `send` that remembers whether the head went out, and whether the server's own `send` raised."""

    __slots__ = ("_headers", "_send", "failed", "started")

    def __init__(self, send: Send, headers: RawHeaders | None) -> None:
        self._send = send
        self._headers = headers
        self.started = False
        self.failed = False

    async def __call__(self, message: Message) -> None:
        if not self.started:
            self.started = True
            if self._headers:
                message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
        try:
            await self._send(message)
        except BaseException:
            self.failed = True
            raise

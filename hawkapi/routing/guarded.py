"""Sending what may fail: a response object, or a foreign app under a mount."""

import logging
from collections.abc import Awaitable, Callable

from hawkapi._types import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from hawkapi.responses.base import BaseResponse

_log = logging.getLogger("hawkapi")


async def send_guarded(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    fail: Callable[[Exception], Awaitable[BaseResponse]],
    headers: RawHeaders | None = None,
) -> None:
    """Run an app that answers; what it raises before its head went out is answered by `fail`.

    Args:
        app: A response object, or any ASGI app.
        scope: The request's scope.
        receive: The ASGI callable.
        send: The ASGI callable. What it raises itself passes, as does an error after the head: the server then
            breaks the connection off, and no client takes half an answer for a whole one.
        fail: Gives the answer to an exception.
        headers: Added to the head, whatever it is.
    """
    watched = _WatchedSend(send, headers)
    try:
        await app(scope, receive, watched)
    except Exception as exc:
        if watched.failed:
            raise
        if watched.started:
            _log.error("The response to %s broke off", ascii(scope.get("path", "")), exc_info=exc)
            raise
        await (await fail(exc))(scope, receive, watched)


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

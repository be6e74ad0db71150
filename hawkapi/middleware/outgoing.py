"""An answer on its way out through a middleware that has `after_response`."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec
from anyio.lowlevel import checkpoint

from hawkapi._signature import describe
from hawkapi._types import Message, Receive, Scope, Send
from hawkapi.middleware.response_head import ResponseHead
from hawkapi.requests.context import RequestContext
from hawkapi.requests.request import Request
from hawkapi.responses.base import BaseResponse

AfterResponse: TypeAlias = Callable[[Request, ResponseHead], Awaitable[ResponseHead | BaseResponse | None]]


class Outgoing(msgspec.Struct, eq=False):
    """Shows the head of one answer to a hook, and sends what the hook makes of it; the body passes by.

    An object and not a closure: functions are made slowly, and this is made at every request.

    Attributes:
        hook: The middleware's `after_response`.
        request: What is shown with the head.
        context: The request's.
        edge: What answers an exception of the middleware: the context's `edge` when the request came in.
        scope: The scope of the client's request, by which another response is sent.
        receive: Its `receive`.
        onward: Its `send`.
        shown: The head has gone out.
        ended: A whole answer has gone out that is not the one from within: what still comes of that is dropped.
    """

    hook: AfterResponse
    request: Request
    context: RequestContext
    edge: object
    scope: Scope
    receive: Receive
    onward: Send
    shown: bool = False
    ended: bool = False

    def send(self, message: Message) -> Awaitable[None]:
        """Be the `send` of what is inside."""
        if self.ended:
            return checkpoint()  # a stream without an end must not freeze the loop
        if message["type"] == "http.response.start" and not self.shown:
            return self._start(message)
        return self.onward(message)

    async def _start(self, message: Message) -> None:
        context = self.context
        head = ResponseHead(message)
        context.edge = self.edge  # nothing is sent yet: what is raised here has an answer, whatever there was inside
        result = await self.hook(self.request, head)
        if result is None or result is head:
            start = head.start()
            self.shown = True
            context.edge = None
            await self.onward(start)
            if start is not message and head.loses_body:
                self.ended = True
                await self.onward({"type": "http.response.body", "body": b""})
        elif isinstance(result, BaseResponse):
            try:
                await result(self.scope, self.receive, sole(context, self.onward))
            finally:
                self.shown = self.ended = context.edge is None
        else:
            raise TypeError(misfit(self.hook, "the head", result))


def sole(context: RequestContext, send: Send) -> Send:
    """Wrap the `send` of an answer that a middleware gives: from its first message on no other one may be sent."""

    def send_sole(message: Message) -> Awaitable[None]:
        """Take note, and send."""
        context.edge = None
        return send(message)

    return send_sole


def misfit(hook: Callable[..., Any], what: str, result: object) -> str:
    """Say what a hook must return; `what` is its argument."""
    return f"{describe(hook)} must return {what}, a response or None, not {result!r:.100}"

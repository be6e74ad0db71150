"""An answer on its way out through middleware that has `after_response`."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec
from anyio.lowlevel import checkpoint

from hawkapi._signature import describe
from hawkapi._types import Message, Receive, Scope, Send
from hawkapi.middleware.response_head import ResponseHead
from hawkapi.requests.context import RequestContext
from hawkapi.requests.request import Request
from hawkapi.responses.base import BaseResponse

AfterResponse: TypeAlias = Callable[[Request, ResponseHead], Awaitable[ResponseHead | BaseResponse | None]]
Unshown: TypeAlias = "tuple[Show, AfterResponse, Unshown] | None"
"""Hooks that are to see the head of an answer: what shows it to them, the next one, and those after it, which stand
outside of it."""
Show: TypeAlias = Callable[["Outgoing", Message], Awaitable[None]]


class Outgoing(msgspec.Struct, eq=False):
    """Shows the head of one answer to hooks, and sends what they make of it; the body passes by.

    An object and not a closure: functions are made slowly, and this is made at every request.

    Attributes:
        unshown: The hooks that have not seen it; `None` when all have.
        request: What is shown with the head.
        context: The request's.
        edge: What answers an exception of the middleware: the context's `edge` when the request came in.
        scope: The scope of the client's request, by which another response is sent.
        receive: Its `receive`.
        onward: Its `send`.
    """

    unshown: Unshown
    request: Request
    context: RequestContext
    edge: object
    scope: Scope
    receive: Receive
    onward: Send

    def send(self, message: Message) -> Awaitable[None]:
        """Be the `send` of what is inside."""
        unshown = self.unshown
        if unshown is not None and message["type"] == "http.response.start":
            return unshown[0](self, message)
        onward = self.onward
        return onward(message)

    async def part(
        self, hook: AfterResponse, outer: Unshown, result: ResponseHead | BaseResponse | None, head: ResponseHead
    ) -> None:
        """Send what a hook has made another answer of; the hooks outside of it are shown to that one."""
        context = self.context
        self.unshown, context.edge = (show, hook, None), self.edge
        if outer is not None:
            rest = Outgoing(outer, self.request, context, self.edge, self.scope, self.receive, self.onward)
            self.onward = rest.send
        if result is None or result is head:
            await self._restate(head)
        elif isinstance(result, BaseResponse):
            try:
                await result(self.scope, self.receive, sole(context, self.onward))
            finally:
                if context.edge is None:
                    self._end()
        else:
            raise TypeError(misfit(hook, "the head", result))

    async def _restate(self, head: ResponseHead) -> None:
        """Send a head with another status, which may leave no room for the body that follows."""
        self.unshown = self.context.edge = None
        await self.onward(head.start())
        if head.loses_body:
            onward = self.onward
            self._end()
            await onward({"type": "http.response.body", "body": b""})

    def _end(self) -> None:
        """Drop what still comes from inside: a whole answer has gone out that is not the one from there."""
        self.unshown, self.onward = None, _drop


async def show(outgoing: Outgoing, message: Message) -> None:
    """Show a head to all hooks, the one after the other."""
    context, request = outgoing.context, outgoing.request
    context.edge = outgoing.edge  # nothing is sent yet: what is raised here has an answer, whatever there was inside
    head = ResponseHead(message)
    while (unshown := outgoing.unshown) is not None:
        _, hook, outer = unshown
        result = await hook(request, head)
        if (result is not head and result is not None) or head._status is not None:  # pyright: ignore[reportPrivateUsage]  # its properties are calls
            await outgoing.part(hook, outer, result, head)
            return
        outgoing.unshown = outer  # an answer to what the next one raises is not shown to this one again
    context.edge = None
    await outgoing.onward(message if head._headers is None else head.start())  # pyright: ignore[reportPrivateUsage]  # see above


def _drop(_message: Message) -> Awaitable[None]:
    return checkpoint()  # a stream without an end must not freeze the loop


def sole(context: RequestContext, send: Send) -> Send:
    """Wrap the `send` of an answer that a middleware gives: from its head on no other one may be sent."""

    def send_sole(message: Message) -> Awaitable[None]:
        """Take note, and send."""
        if message["type"] == "http.response.start":
            context.edge = None
        return send(message)

    return send_sole


def sole_send(scope: Scope, send: Send) -> Send:
    """Give the `send` for an answer of one's own: if it breaks off, the app that there may be sends no other one."""
    context: RequestContext | None = scope.get("hawkapi")
    return send if context is None else sole(context, send)


def misfit(hook: object, what: str, result: object) -> str:
    """Say what a hook must return; `what` is its argument."""
    return f"{describe(hook)} must return {what}, a response or None, not {result!r:.100}"

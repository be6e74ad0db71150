"""The hooks of middleware at work: those of neighbours in a stack are run by one layer.

Layers of their own would each make a `Request`, a coroutine and a wrapped `send`; the hooks of one layer share one of
each. What is not the usual course (an answer out of a hook, another request, an app that was replaced) ends the layer
at that place: what stands inside of it serves the request as a layer of its own.
"""

from collections.abc import Awaitable, Callable
from types import MethodType
from typing import Any, Protocol, TypeAlias

from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.middleware.alone import stand_alone
from hawkapi.middleware.outgoing import AfterResponse, Outgoing, Unshown, misfit, show, sole
from hawkapi.middleware.replying import Replying
from hawkapi.middleware.response_head import ResponseHead
from hawkapi.middleware.unrolled import unrolled
from hawkapi.requests.context import RequestContext
from hawkapi.requests.request import Request
from hawkapi.responses.base import BaseResponse

BeforeRequest: TypeAlias = Callable[[Request], Awaitable[Request | BaseResponse | None]]

Known: TypeAlias = Callable[[RequestContext, Scope, Receive, Send], Awaitable[None]]


class Wrapping(Protocol):
    """What wraps an app."""

    app: ASGIApp


class Hooks:
    """The hooks of a middleware, and of those that stand right inside of it.

    Args:
        middleware: The middleware. If its app is the `enter` of other hooks, these are taken in.
        before: Its `before_request`, if it has one.
        after: Its `after_response`, if it has one.

    Attributes:
        enter: Serves a scope.
        known: Serves an `http` scope whose context is at hand; `None` if there are no hooks.
    """

    __slots__ = ("_members", "_replying", "enter", "known")

    def __init__(self, middleware: Wrapping, before: BeforeRequest | None, after: AfterResponse | None) -> None:
        inner = getattr(middleware.app, "__self__", None)
        self._members = ((middleware, middleware.app, before, after),)
        self._replying = inner if isinstance(inner, Replying) and middleware.app == inner.enter else None
        if isinstance(inner, Hooks) and middleware.app is inner.enter:
            self._members += inner._members
            self._replying = inner._replying
        names: dict[str, Any] = {**_NAMES}
        outer: Unshown = None
        for i, (wrapping, app, asked, shown) in enumerate(self._members):
            through = outer if shown is None else (show, shown, outer)
            names |= {f"middleware{i}": wrapping, f"app{i}": app, f"before{i}": asked, f"after{i}": shown}
            names |= {f"outer{i}": outer, f"step{i}": (wrapping, asked, outer, through)}
            outer = through
        hooks = [(asked is not None, shown is not None) for _, _, asked, shown in self._members]
        replying = self._replying if outer is not None else None
        if replying is not None:
            names["reply"] = replying.reply
        enter, known, start = unrolled(hooks, names, replies=replying is not None)
        if outer is not None:
            names["unshown"] = (start, *outer[1:])
        self.enter: ASGIApp = MethodType(enter, self)
        self.known: Known | None = known


def known_of(app: ASGIApp) -> Known | None:
    """Give what serves a scope whose context is at hand, if an app is a layer of hooks."""
    hooks = getattr(app, "__self__", None)
    return hooks.known if isinstance(hooks, Hooks) and app is hooks.enter else None


_Step: TypeAlias = tuple[Wrapping, BeforeRequest | None, Unshown, Unshown]
"""A middleware, its hook for requests, and the hooks for the head of an answer that it gives itself, and of one that
comes through it."""


async def _part(
    step: _Step,
    result: Request | BaseResponse | None,
    request: Request,
    context: RequestContext,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """End a layer at one of its middleware: by what `before_request` has returned, or since its app was replaced."""
    middleware, before, outer, through = step
    if result is None or result is request:
        if through is not None:
            send = Outgoing(through, request, context, context.edge, scope, receive, send).send
        await middleware.app(scope, receive, send)
        return
    if outer is not None:
        send = Outgoing(outer, request, context, context.edge, scope, receive, send).send
    if isinstance(result, BaseResponse):
        await result(scope, receive, sole(context, send))
    elif isinstance(result, Request):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
        if through is not None and through is not outer:
            own = (show, through[1], None)  # the hooks outside are shown to the request that they know
            send = Outgoing(own, result, context, context.edge, scope, receive, send).send
        await _go_on_as(result, request, context, middleware.app, receive, send)
    else:
        raise TypeError(misfit(before, "the request", result))


async def _go_on_as(
    other: Request, request: Request, context: RequestContext, app: ASGIApp, receive: Receive, send: Send
) -> None:
    """Go on with another request; one with a `receive` of its own has a body of its own, too."""
    given, own = request._receive, other._receive  # pyright: ignore[reportPrivateUsage]  # no matter of users
    messages = None
    if own is not None and own is not given:
        messages, receive = context.messages, own
        if context.form is not None:
            await context.form.aclose()
        context.form = context.messages = context.reader = None
    other.scope.setdefault("hawkapi", context)
    try:
        await app(other.scope, receive, send)
    finally:
        if messages is not None:  # not before: the new body may be made of what these still give
            messages.stop()


def _receive_of(context: RequestContext, receive: Receive) -> Receive:
    """Give the `receive` for what comes behind a hook that has read: an app that reads itself gets all of it again."""
    if context.reader is not None:
        return context.reader.replay()
    return receive if context.messages is None else context.messages.receive


async def _other(
    outgoing: Outgoing,
    body: bytes,
    hook: AfterResponse,
    outer: Unshown,
    result: ResponseHead | BaseResponse | None,
    head: ResponseHead,
) -> None:
    """Send what a hook has made of an answer that was handed over."""
    await outgoing.part(hook, outer, result, head)
    await outgoing.send({"type": "http.response.body", "body": body})


_NAMES: dict[str, Any] = {
    "other": _other,
    "Outgoing": Outgoing,
    "ResponseHead": ResponseHead,
    "Request": Request,
    "new": object.__new__,
    "part": _part,
    "receive_of": _receive_of,
    "stand_alone": stand_alone,
}

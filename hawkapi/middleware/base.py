"""The base of middleware: two hooks, or `__call__`.

Hooks are plain ASGI round `send`: no task, no buffer, no cancel scope. In a stack a middleware stands by `layer_of`,
which saves a coroutine; its own `__call__` is `async def`, since servers ask for that.
"""

from collections.abc import Awaitable
from types import FunctionType
from typing import Any, ClassVar

from hawkapi._signature import describe, is_async_callable
from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.middleware.alone import stand_alone
from hawkapi.middleware.outgoing import Outgoing, misfit, sole
from hawkapi.middleware.response_head import ResponseHead
from hawkapi.requests.context import RequestContext
from hawkapi.requests.limits import DEFAULT_LIMITS
from hawkapi.requests.request import Request
from hawkapi.responses.base import BaseResponse


class Middleware:
    """What is wrapped round an app, a router or a route.

    A subclass overrides `before_request`, `after_response` or both, which are for HTTP; or `__call__(scope, receive,
    send)`, which sees `http` and `websocket` scopes. An instance lives as long as what it wraps and serves requests at
    the same time: what belongs to one request stands in `request.state`.

    Args:
        app: The app it wraps.

    Attributes:
        app: The same, looked up at each call.

    Raises:
        TypeError: If a hook is not `async def`.
    """

    _has_before: ClassVar[bool] = False
    _has_after: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._has_before = cls.before_request is not Middleware.before_request
        cls._has_after = cls.after_response is not Middleware.after_response

    def __init__(self, app: ASGIApp) -> None:
        for hook in (type(self).before_request, type(self).after_response):
            if not is_async_callable(hook):
                raise TypeError(f"{describe(hook)} is awaited: make it 'async def'")
        self.app: ASGIApp = app

    async def before_request(self, request: Request) -> Request | BaseResponse | None:
        """See a request before it goes on.

        Args:
            request: The request; `state` is what handler and middleware share.

        Returns:
            The request or `None`, and it goes on. A response is sent instead, past what this middleware wraps and past
            its own `after_response`. The scope of another request, and its `receive` if it has one, take the place of
            this one's; such a `receive` gives the whole body and then waits for the client to leave.
        """
        return request

    async def after_response(
        self,
        request: Request,  # noqa: ARG002 - for who overrides this
        response: ResponseHead,
    ) -> ResponseHead | BaseResponse | None:
        """See the head of an answer before it is sent; the body passes by, unseen.

        Args:
            request: The request that went on.
            response: Status and headers; what is changed here is sent.

        Returns:
            The head or `None`, and it is sent. A response is sent instead of the whole answer.
        """
        return response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a scope with what the middleware wraps."""
        await self._enter(scope, receive, send)

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Be `__call__` without a coroutine of one's own where there is nothing to await."""
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        context: RequestContext | None = scope.get("hawkapi")
        if context is None:
            return stand_alone(self._enter, scope, receive, send)
        if self._has_before:
            return self._ask(context, scope, receive, send)
        if self._has_after:
            request = Request(scope, receive, None, DEFAULT_LIMITS.body, context.limits)
            send = self._shown(context, request, scope, receive, send)
        return self.app(scope, receive, send)

    async def _ask(self, context: RequestContext, scope: Scope, receive: Receive, send: Send) -> None:
        """Run `before_request`, and do what it says."""
        messages, reader = context.messages, context.reader
        request = Request(scope, receive, None, DEFAULT_LIMITS.body, context.limits)
        result = await self.before_request(request)
        if context.reader is not reader or context.messages is not messages:
            receive = _receive_of(context, receive)
        if result is None or result is request:
            await self.app(scope, receive, self._shown(context, request, scope, receive, send))
        elif isinstance(result, BaseResponse):
            await result(scope, receive, sole(context, send))
        elif isinstance(result, Request):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
            send = self._shown(context, result, scope, receive, send)
            await self._go_on_as(result, request, context, receive, send)
        else:
            raise TypeError(misfit(self.before_request, "the request", result))

    async def _go_on_as(
        self, other: Request, request: Request, context: RequestContext, receive: Receive, send: Send
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
            await self.app(other.scope, receive, send)
        finally:
            if messages is not None:  # not before: the new body may be made of what these still give
                messages.stop()

    def _shown(self, context: RequestContext, request: Request, scope: Scope, receive: Receive, send: Send) -> Send:
        """Wrap `send` for `after_response`, if there is one."""
        if not self._has_after:
            return send
        return Outgoing(self.after_response, request, context, context.edge, scope, receive, send).send


def layer_of(app: ASGIApp) -> ASGIApp:
    """Give what stands for an app in a stack: what its `__call__` comes to, without going through the object."""
    if isinstance(app, Middleware) and type(app).__call__ is Middleware.__call__:
        return app._enter  # pyright: ignore[reportPrivateUsage]  # this module's own
    return app.__call__ if isinstance(getattr(type(app), "__call__", None), FunctionType) else app  # noqa: B004  # the method itself is asked for


def _receive_of(context: RequestContext, receive: Receive) -> Receive:
    """Give the `receive` for what comes behind a hook that has read: an app that reads itself gets all of it again."""
    if context.reader is not None:
        return context.reader.replay()
    return receive if context.messages is None else context.messages.receive

"""The base of middleware: two hooks, or `__call__`.

Hooks are plain ASGI round `send`: no task, no buffer, no cancel scope. In a stack a middleware stands by `layer_of`,
which saves a coroutine and makes one layer of neighbouring hooks; its own `__call__` is `async def`, since servers ask
for that.
"""

from collections.abc import Awaitable
from types import FunctionType
from typing import Any, ClassVar

from hawkapi._signature import describe, is_async_callable
from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.middleware.hooks import Hooks
from hawkapi.middleware.response_head import ResponseHead
from hawkapi.requests.request import Request
from hawkapi.responses.base import BaseResponse


class Middleware:
    """What is wrapped round an app, a router or a route.

    A subclass overrides `before_request`, `after_response` or both, which are for HTTP; or `__call__(scope, receive,
    send)`, which sees `http` and `websocket` scopes. An instance lives as long as what it wraps and serves requests at
    the same time: what belongs to one request stands in `request.state`.

    In a stack, neighbours that have hooks only are one layer and share one `Request`: what one of them has read of it
    (headers, JSON) is kept for the next. Who changes a scope by hand returns another request.

    Args:
        app: The app it wraps.

    Attributes:
        app: The same, looked up at each call.

    Raises:
        TypeError: If a hook is not `async def`.
    """

    _has_before: ClassVar[bool] = False
    _has_after: ClassVar[bool] = False
    _joined: Hooks | None = None

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
        return self._hooks.enter(scope, receive, send)

    def _layer(self) -> ASGIApp:
        """Give what `__call__` comes to."""
        return self._hooks.enter if type(self)._enter is Middleware._enter else self._enter

    @property
    def _hooks(self) -> Hooks:
        joined = self._joined
        if joined is None:
            before = self.before_request if self._has_before else None
            joined = Hooks(self, before, self.after_response if self._has_after else None)
            # As an attribute like others: `cached_property` asks for `__dict__`, and from then on Python 3.11 takes
            # three times as long to read `app`, at every request.
            object.__setattr__(self, "_joined", joined)
        return joined


def layer_of(app: ASGIApp) -> ASGIApp:
    """Give what stands for an app in a stack: what its `__call__` comes to, without going through the object."""
    if isinstance(app, Middleware):
        _ = app._hooks  # pyright: ignore[reportPrivateUsage]  # this module's own; made now, not by the first request
        if not has_own_call(app):
            return app._layer()  # pyright: ignore[reportPrivateUsage]  # see above
    return app.__call__ if isinstance(getattr(type(app), "__call__", None), FunctionType) else app  # noqa: B004  # the method itself is asked for


def has_own_call(app: ASGIApp) -> bool:
    """Tell whether somebody else than this package says what an app does when it is called."""
    return type(app).__call__ is not Middleware.__call__

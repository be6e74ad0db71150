"""What was decided at the seal about a route's endpoint."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec

from hawkapi._types import RawHeaders, Receive, Reply, Scope, Send
from hawkapi.requests.context import Serving
from hawkapi.requests.limits import Limits
from hawkapi.routing.errors import ErrorTable
from hawkapi.routing.injection import Guard
from hawkapi.routing.injection_plan import Injection
from hawkapi.routing.response_model import ResponseShape
from hawkapi.validation.binder import Binder

Endpoint: TypeAlias = Callable[[Scope, Receive, Send, tuple[Any, ...]], Awaitable[None]]
"""Answers a request; the last argument are the route's path parameters as the router gave them."""

Replier: TypeAlias = Callable[[Scope, Receive, tuple[Any, ...]], Awaitable[Reply]]
"""Answers a request as an endpoint does, but hands its answer over."""


class EndpointPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides a route's endpoint.

    Attributes:
        handler: The handler as declared.
        is_async: It gives a coroutine, without question.
        pool: The worker threads in which it runs, encoding included; `None` for the event loop.
        timeout: Seconds for parameters and handler; `None` for no limit.
        cancel_on_disconnect: It is cancelled when the client leaves.
        injection: What its arguments are made of.
        binder: The parameters among it.
        guard: Refuses requests before anything is looked at; `None` where everybody may come.
        in_loop: Sync dependencies run in the event loop.
        shares_body: A middleware may have read the body before.
        path_names: The route's path parameters, in order.
        status_code: Of an answer made from a result.
        may_be_data: The handler's result may be something else than a response object.
        shape: Brings a result to its model; `None` without one.
        headers: Sent with every answer of the route, errors included.
        limits: Bounds of the request.
        errors: Answers exceptions.
        app: The app that serves.
    """

    handler: Callable[..., Any]
    is_async: bool
    pool: str | None
    timeout: float | None
    cancel_on_disconnect: bool
    injection: Injection
    binder: Binder
    guard: Guard | None
    in_loop: bool
    shares_body: bool
    path_names: tuple[str, ...]
    status_code: int
    may_be_data: bool
    shape: ResponseShape | None
    headers: RawHeaders
    limits: Limits
    errors: ErrorTable
    app: Serving

"""What a compiled endpoint calls besides the user's functions, made for each route at the seal."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeAlias

from hawkapi._types import ASGIApp, Message, Receive, Scope, Send
from hawkapi.requests.request import Request, read_messages
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.head import content_length
from hawkapi.responses.problem import PROBLEM_TYPE
from hawkapi.routing.endpoint_plan import EndpointPlan
from hawkapi.routing.errors import validation_problem
from hawkapi.routing.guarded import send_guarded
from hawkapi.routing.requesting import provide_context, request_maker
from hawkapi.runtime.cleanup import CleanupFailed
from hawkapi.runtime.deadlines import TimeLimit
from hawkapi.runtime.disconnect import DisconnectWatch
from hawkapi.runtime.exits import Opened, abort, close
from hawkapi.validation.binder import Received
from hawkapi.validation.errors import RequestValidationError

_PROBLEM_HEADER = (b"content-type", PROBLEM_TYPE.encode())


def calls_of(plan: EndpointPlan) -> dict[str, Any]:
    """Give them by the global names that the generated source has for them."""
    respond = _respond(plan)
    return {
        "fail": _fail(plan),
        "limited": _limited(plan),
        "make_request": request_maker(plan.app, plan.limits),
        "refuse": _refuse(plan),
        "respond": respond,
        "stream": _stream(respond),
        "watched": _watched(plan),
    }


def _refuse(plan: EndpointPlan) -> Callable[[Received], tuple[Message, bytes]]:
    """Make the function that answers bad input without a raise, unless the user has a handler for it."""
    status, raises = plan.errors.validation_status, plan.errors.handles_validation
    explain, headers = plan.binder.explain, plan.headers

    def refuse(received: Received) -> tuple[Message, bytes]:
        errors = explain(received)
        if raises:
            raise RequestValidationError(errors)
        body = validation_problem(errors, status)
        head = [_PROBLEM_HEADER, content_length(len(body)), *headers]
        return {"type": "http.response.start", "status": status, "headers": head}, body

    return refuse


def _limited(plan: EndpointPlan) -> Callable[[Scope], TimeLimit] | None:
    if plan.timeout is None:
        return None
    app, seconds = plan.app, plan.timeout

    def limited(scope: Scope) -> TimeLimit:
        """Begin the route's time limit, and tell the request of it."""
        limit = TimeLimit(seconds)
        provide_context(scope, app).deadline = limit.deadline
        return limit

    return limited


def _watched(plan: EndpointPlan) -> Callable[[Scope, Receive], tuple[Receive, DisconnectWatch]]:
    app = plan.app

    def watched(scope: Scope, receive: Receive) -> tuple[Receive, DisconnectWatch]:
        """Put the reader that reads ahead in the place of `receive`, and give the watch that it serves."""
        messages = read_messages(provide_context(scope, app), receive)
        return messages.receive, DisconnectWatch(messages.run)

    return watched


Fail: TypeAlias = Callable[[Exception, Scope, Receive, tuple[Any, ...]], Awaitable[BaseResponse]]


def _fail(plan: EndpointPlan) -> Fail:
    answer, make_request, names = plan.errors.answer, request_maker(plan.app, plan.limits), plan.path_names

    def fail(exc: Exception, scope: Scope, receive: Receive, path: tuple[Any, ...]) -> Awaitable[BaseResponse]:
        return answer(exc, make_request(scope, receive, dict(zip(names, path, strict=True))))

    return fail


Respond: TypeAlias = Callable[[BaseResponse, Scope, Receive, Send, tuple[Any, ...]], Awaitable[None]]


def _respond(plan: EndpointPlan) -> Respond:
    app, errors, headers, names = plan.app, plan.errors, plan.headers, plan.path_names
    make_request = request_maker(app, plan.limits)

    def respond(
        response: BaseResponse, scope: Scope, receive: Receive, send: Send, path: tuple[Any, ...]
    ) -> Awaitable[None]:
        """Send a response object; what it raises before its head went out is answered like the handler's own."""
        messages = provide_context(scope, app).messages
        if messages is not None:
            receive = messages.receive

        def request() -> Request:
            return make_request(scope, receive, dict(zip(names, path, strict=True)))

        return send_guarded(response, scope, receive, send, errors, request, headers)

    return respond


def _stream(respond: Respond) -> Callable[..., Awaitable[None]]:
    async def stream(
        response: BaseResponse, scope: Scope, receive: Receive, send: Send, path: tuple[Any, ...], opened: Opened
    ) -> None:
        """Send a response that may still need what was opened for it, and close that."""
        try:
            await respond(response, scope, receive, send, path)
        except BaseException as exc:
            await abort(opened, exc)
            raise
        with suppress(CleanupFailed):  # it was logged: the answer is out
            await close(opened)

    return stream


def unsent(
    respond: Callable[..., Awaitable[None]], response: BaseResponse, path: tuple[Any, ...], *opened: Opened
) -> ASGIApp:
    """Give what sends a response object, for who has another `send`."""

    def send_it(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return respond(response, scope, receive, send, path, *opened)

    return send_it

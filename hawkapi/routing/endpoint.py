"""The compiled endpoint: one small generated function a route, which binds, calls the handler and answers.

Generated code holds the happy path. What differs between two routes of one form stands in the function's globals, so
equal source is compiled once. Bad input sets `bad`, and an interpreted look (`Binder.explain`) finds all errors; what
is raised goes to the `ErrorTable`. The two sends stand outside the `try`: what they raise is the server's and passes.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec

from hawkapi._types import Message, RawHeaders, Receive, Scope, Send
from hawkapi.background import BackgroundTasks, settle
from hawkapi.exceptions import HTTPException
from hawkapi.requests.body import check_content_length, read_rest, refuse_both, without_trailers
from hawkapi.requests.context import Serving
from hawkapi.requests.errors import MalformedBody, RequestEntityTooLarge
from hawkapi.requests.limits import Limits
from hawkapi.requests.request import Request, read_messages
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.head import LENGTHS, allows_body, content_length
from hawkapi.responses.problem import PROBLEM_TYPE
from hawkapi.routing.binding import head_names, indent, load, read_head, wanted_headers
from hawkapi.routing.errors import ErrorTable, single_leaf, validation_problem
from hawkapi.routing.guarded import send_guarded
from hawkapi.routing.requesting import provide_context, request_maker
from hawkapi.routing.result import JSON_HEADER, PLAIN_ACCEPTS, VARY_HEADER, encode_accepted
from hawkapi.runtime import threads
from hawkapi.runtime.deadlines import TimeLimit
from hawkapi.runtime.disconnect import DisconnectWatch
from hawkapi.serialization.encoder import encode_response
from hawkapi.serialization.nesting import too_deep
from hawkapi.validation.binder import Binder, Received
from hawkapi.validation.errors import RequestValidationError
from hawkapi.validation.extractors import is_json

Endpoint: TypeAlias = Callable[[Scope, Receive, Send, tuple[Any, ...]], Awaitable[None]]

_PROBLEM_HEADER = (b"content-type", PROBLEM_TYPE.encode())


class EndpointPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides a route's endpoint.

    Attributes:
        handler: The handler as declared.
        is_async: It is awaited.
        pool: The worker threads in which it runs, encoding included; `None` for the event loop.
        timeout: Seconds for parameters and handler; `None` for no limit.
        cancel_on_disconnect: It is cancelled when the client leaves.
        binder: Its parameters.
        path_names: The route's path parameters, in order.
        status_code: Of an answer made from a result.
        may_be_data: The handler's result may be something else than a response object.
        shape: Filters a result to the response model; `None` without one.
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
    binder: Binder
    path_names: tuple[str, ...]
    status_code: int
    may_be_data: bool
    shape: Callable[[Any], Any] | None
    headers: RawHeaders
    limits: Limits
    errors: ErrorTable
    app: Serving


def compile_endpoint(plan: EndpointPlan) -> Endpoint:
    """Generate and load the endpoint of a route."""
    return load(source_of(plan), _constants(plan), "endpoint")


def source_of(plan: EndpointPlan) -> str:
    """Write the source of a route's endpoint."""
    needs, headers = _needs(plan)
    validates = any("bad = True" in line for lines in plan.binder.lines for line in lines.lines) or "form" in needs
    text: list[str] = []
    if plan.pool is not None:
        parameters = ", ".join(f"v{i}" for i in range(len(plan.binder.specs)))
        text += [f"def work({parameters}{', ' if parameters else ''}accept):", "    response = start = body = None"]
        text += [f"    result = handler({plan.binder.arguments})"]
        text += indent(_finish(plan), 1)
        text += ["    return response, start, body", ""]
    text += ["async def endpoint(scope, receive, send, path):"]
    text += [f"    {name} = None" for name in _locals(plan, needs, headers, validates)]
    if "tasks" in needs:
        text += ["    tasks = BackgroundTasks()"]
    if plan.cancel_on_disconnect:
        text += ["    receive, watch = watched(scope, receive)"]
    if "request" in needs:
        text += ["    request = make_request(scope, receive, dict(zip(NAMES, path)))"]
    depth = 1
    for block in _blocks(plan):
        text += indent([block], depth)
        depth += 1
    text += indent(_prepare(needs, headers, validates), depth)
    for lines in plan.binder.lines:
        text += indent(lines.lines, depth)
    if validates:
        text += indent(["if bad:", f"    start, body = refuse({_received(needs)})", "else:"], depth)
        depth += 1
    text += indent(_call(plan), depth)
    text += ["    except Exception as exc:"]
    text += ["        response = await fail(exc, scope, receive, path)"]
    if "tasks" in needs:
        text += ["        if not isinstance(single_leaf(exc), HTTPException):", "            tasks = None"]
    if plan.cancel_on_disconnect:
        text += ["    if response is None and start is None:", "        return"]
    text += indent(_send(needs), 1)
    return "\n".join(text) + "\n"


def _blocks(plan: EndpointPlan) -> list[str]:
    """Write what the parameters and the handler stand in, from without."""
    blocks = ["try:"]
    if plan.timeout is not None:
        blocks.append("with limited(scope):")
    if plan.cancel_on_disconnect:
        blocks.append("async with watch:")
    return blocks


def _needs(plan: EndpointPlan) -> tuple[frozenset[str], dict[bytes, list[str]]]:
    """Give what must stand before the parameters, and the wanted headers with the variables that each one sets."""
    needs: frozenset[str] = frozenset()
    wanted = [(b"accept", "accept")] if plan.may_be_data else []
    for lines in plan.binder.lines:
        needs |= lines.needs
        wanted += lines.headers
    if "payload" in needs and "request" not in needs:
        wanted += [(b"content-length", "length"), (b"transfer-encoding", "coding")]
    return needs, wanted_headers(wanted)


def _locals(plan: EndpointPlan, needs: frozenset[str], headers: dict[bytes, list[str]], validates: bool) -> list[str]:
    names = ["response", *(name for names in headers.values() for name in names if not name.endswith("s"))]
    if not plan.may_be_data and plan.pool is not None:
        names.append("accept")
    if plan.cancel_on_disconnect:
        names.append("start")
    if validates and needs & {"payload", "form"}:
        names.append("failure")
    return names


def _prepare(needs: frozenset[str], headers: dict[bytes, list[str]], validates: bool) -> list[str]:
    """Write what stands before the parameters: the headers in one pass, the query, the cookies, the body."""
    text = ["bad = False"] if validates else []
    text += read_head(needs, headers, 'scope["headers"]')
    if "payload" in needs:
        text += _read_payload("request" in needs)
    if "form" in needs:
        text += [
            "form = None",
            "try:",
            "    form = await request.form()",
            "except MalformedBody as exc:",
            "    failure = exc",
            "    bad = True",
        ]
    return text


def _read_payload(through_request: bool) -> list[str]:
    if through_request:
        return ["payload = await request.body()"]
    return [
        "if coding is not None:",
        "    refuse_both(length)",
        '    receive = without_trailers(receive, scope["headers"])',
        "elif length is not None and (len(length) >= DIGITS or not length.isdigit()):",
        "    check_content_length(length, LIMIT)",
        "message = await receive()",
        'if message["type"] == "http.request" and not message.get("more_body"):',
        '    payload = message.get("body", b"")',
        "    if len(payload) > LIMIT:",
        "        raise RequestEntityTooLarge(LIMIT)",
        "else:",
        "    payload = await read_rest(message, receive, LIMIT)",
    ]


def _received(needs: frozenset[str]) -> str:
    payload = "payload" if "payload" in needs else "None"
    form = "form" if "form" in needs else "None"
    failure = "failure" if needs & {"payload", "form"} else "None"
    return f"Received(scope, path, {payload}, {form}, {failure})"


def _call(plan: EndpointPlan) -> list[str]:
    if plan.pool is None:
        return [f"result = {'await ' if plan.is_async else ''}handler({plan.binder.arguments})", *_finish(plan)]
    arguments = "".join(f"v{i}, " for i in range(len(plan.binder.specs)))
    pool = "handlers" if plan.pool == "handlers" else "limiter(POOL)"
    options = f"limiter=runtime().{pool}, abandon={plan.timeout is not None}"
    return [f"response, start, body = await serve(work, {arguments}accept, {options})"]


def _finish(plan: EndpointPlan) -> list[str]:
    """Write what turns `result` into `response`, or into `start` and `body`."""
    extra = ", *HEADERS" if plan.headers else ""
    status = plan.status_code
    empty = 204 if status == 200 else status
    length = "EMPTY" if allows_body(empty) else ""
    head = length + extra if length else extra[2:]
    nothing = [
        'body = b""',
        f'start = {{"type": "http.response.start", "status": {empty}, "headers": [{head}]}}',
    ]
    if not plan.may_be_data:
        return [
            "if not isinstance(result, BaseResponse):",
            "    raise TypeError(f'The annotation promises a response, the handler returned {result!r:.100}')",
            "response = result",
        ]
    text = [
        "if result is None:",
        *indent(nothing, 1),
        "elif isinstance(result, BaseResponse):",
        "    response = result",
    ]
    text += ["else:"]
    if not allows_body(status):
        return text + indent(nothing, 1)
    if plan.shape is not None:
        text += ["    result = shape(result)"]
    return [
        *text,
        "    if accept is None or accept in PLAIN_ACCEPTS:",
        "        kind, body = JSON, encode(result)",
        "    else:",
        "        kind, body = encode_accepted(result, accept)",
        "    size = len(body)",
        f'    start = {{"type": "http.response.start", "status": {status}, "headers": '
        f"[kind, LENGTHS[size] if size < 1024 else content_length(size), VARY{extra}]}}",
    ]


def _send(needs: frozenset[str]) -> list[str]:
    text = [
        "if response is None:",
        "    await send(start)",
        '    await send({"type": "http.response.body", "body": body})',
        "else:",
        "    await respond(response, scope, receive, send, path)",
    ]
    if "tasks" in needs:
        text += ["if tasks is not None:", "    await settle(tasks, scope, runtime())"]
    return text


_SHARED: dict[str, Any] = {
    "BackgroundTasks": BackgroundTasks,
    "BaseResponse": BaseResponse,
    "EMPTY": content_length(0),
    "HTTPException": HTTPException,
    "JSON": JSON_HEADER,
    "LENGTHS": LENGTHS,
    "MalformedBody": MalformedBody,
    "PLAIN_ACCEPTS": PLAIN_ACCEPTS,
    "Received": Received,
    "RequestEntityTooLarge": RequestEntityTooLarge,
    "VARY": VARY_HEADER,
    "check_content_length": check_content_length,
    "content_length": content_length,
    "encode": encode_response,
    "encode_accepted": encode_accepted,
    "is_json": is_json,
    "read_rest": read_rest,
    "refuse_both": refuse_both,
    "serve": threads.serve,
    "settle": settle,
    "single_leaf": single_leaf,
    "too_deep": too_deep,
    "without_trailers": without_trailers,
}


def _constants(plan: EndpointPlan) -> dict[str, Any]:
    limits = plan.limits
    fail = _fail(plan)

    namespace = (
        _SHARED
        | head_names(limits, _needs(plan)[1])
        | {
            "DIGITS": len(str(limits.body)),
            "HEADERS": plan.headers,
            "LIMIT": limits.body,
            "NAMES": plan.path_names,
            "NESTING": limits.nesting,
            "POOL": plan.pool,
            "fail": fail,
            "handler": plan.handler,
            "limited": _limited(plan),
            "make_request": request_maker(plan.app, limits),
            "refuse": _refuse(plan),
            "respond": _respond(plan),
            "runtime": plan.app.runtime,
            "shape": plan.shape,
            "watched": _watched(plan.app),
        }
    )
    for lines in plan.binder.lines:
        namespace |= lines.constants
    return namespace


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


def _watched(app: Serving) -> Callable[[Scope, Receive], tuple[Receive, DisconnectWatch]]:
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


def _respond(plan: EndpointPlan) -> Callable[..., Awaitable[None]]:
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

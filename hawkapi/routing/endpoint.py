"""The compiled endpoint: one small generated function a route, which binds, calls the handler and answers.

Generated code holds the happy path. What differs between two routes of one form stands in the function's globals, so
equal source is compiled once. Bad input sets `bad`, and an interpreted look (`Binder.explain`) finds all errors; what
is raised goes to the `ErrorTable`. The two sends stand outside the `try`: what they raise is the server's and passes.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from types import CodeType
from typing import Any, TypeAlias

import msgspec

from hawkapi._types import Message, RawHeaders, Receive, Scope, Send
from hawkapi.background import BackgroundTasks
from hawkapi.exceptions import HTTPException
from hawkapi.requests.body import check_content_length, read_rest
from hawkapi.requests.errors import BadRequest, MalformedBody, RequestEntityTooLarge
from hawkapi.requests.context import Serving
from hawkapi.requests.cookies import find_cookie
from hawkapi.requests.limits import Limits
from hawkapi.requests.query_params import parse_query, parse_query_lists
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.head import allows_body, content_length
from hawkapi.responses.problem import PROBLEM_TYPE
from hawkapi.routing.errors import ErrorTable, validation_problem
from hawkapi.routing.guarded import send_guarded
from hawkapi.routing.requesting import provide_context, request_maker
from hawkapi.routing.result import JSON_HEADER, PLAIN_ACCEPTS, VARY_HEADER, encode_accepted
from hawkapi.runtime import threads
from hawkapi.serialization.encoder import encode_response
from hawkapi.serialization.nesting import too_deep
from hawkapi.validation.binder import Binder, Received
from hawkapi.validation.coerce import INVALID
from hawkapi.validation.errors import RequestValidationError
from hawkapi.validation.extractors import is_json, join_cookies

Endpoint: TypeAlias = Callable[[Scope, Receive, Send, tuple[Any, ...]], Awaitable[None]]

_PROBLEM_HEADER = (b"content-type", PROBLEM_TYPE.encode())


class EndpointPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides a route's endpoint.

    Attributes:
        handler: The handler as declared.
        is_async: It is awaited in the loop; otherwise it runs in a worker thread, encoding included.
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
    namespace = _constants(plan)
    exec(_code(source_of(plan)), namespace)  # noqa: S102  # source of ours: only names and numbers of a route go into it
    return namespace["endpoint"]


def source_of(plan: EndpointPlan) -> str:
    """Write the source of a route's endpoint."""
    needs, headers = _needs(plan.binder)
    if plan.may_be_data:
        headers = {b"accept": "accept", **headers}
    validates = any("bad = True" in line for lines in plan.binder.lines for line in lines.lines) or "form" in needs
    text: list[str] = []
    if not plan.is_async:
        parameters = ", ".join(f"v{i}" for i in range(len(plan.binder.specs)))
        text += [f"def work({parameters}{', ' if parameters else ''}accept):", "    response = start = body = None"]
        text += [f"    result = handler({plan.binder.arguments})"]
        text += _indent(_finish(plan), 1)
        text += ["    return response, start, body", ""]
    text += ["async def endpoint(scope, receive, send, path):"]
    text += [f"    {name} = None" for name in _locals(plan, needs, headers, validates)]
    if "tasks" in needs:
        text += ["    tasks = BackgroundTasks()"]
    if "request" in needs:
        text += ["    request = make_request(scope, receive, dict(zip(NAMES, path)))"]
    text += ["    try:"]
    text += _indent(_prepare(needs, headers, validates), 2)
    for lines in plan.binder.lines:
        text += _indent(lines.lines, 2)
    depth = 2
    if validates:
        text += ["        if bad:", f"            start, body = refuse({_received(needs)})", "        else:"]
        depth = 3
    text += _indent(_call(plan), depth)
    text += ["    except Exception as exc:"]
    text += ["        response = await fail(exc, scope, receive, path)"]
    if "tasks" in needs:
        text += ["        if not isinstance(exc, HTTPException):", "            tasks = None"]
    text += _indent(_send(needs), 1)
    return "\n".join(text) + "\n"


def _needs(binder: Binder) -> tuple[frozenset[str], dict[bytes, str]]:
    needs: frozenset[str] = frozenset()
    headers: dict[bytes, str] = {}
    for lines in binder.lines:
        needs |= lines.needs
        headers |= lines.headers
    if "payload" in needs and "request" not in needs:
        headers |= {b"content-length": "length", b"transfer-encoding": "coding"}
    return needs, headers


def _locals(plan: EndpointPlan, needs: frozenset[str], headers: dict[bytes, str], validates: bool) -> list[str]:
    names = ["response", *(name for name in headers.values() if not name.endswith("s"))]
    if not plan.may_be_data and not plan.is_async:
        names.append("accept")
    if validates and needs & {"payload", "form"}:
        names.append("failure")
    return names


def _prepare(needs: frozenset[str], headers: dict[bytes, str], validates: bool) -> list[str]:
    """Write what stands before the parameters: the headers in one pass, the query, the cookies, the body."""
    text = ["bad = False"] if validates else []
    text += [f"{name} = []" for name in headers.values() if name.endswith("s")]
    if list(headers) == [b"accept"]:
        text += ['for key, value in scope["headers"]:', '    if key == b"accept":', "        accept = value", "        break"]
    elif headers:
        text += ['for key, value in scope["headers"]:', "    if key in WANTED:"]
        branch = "if"
        for name, variable in headers.items():
            text += [f"        {branch} key == {name!r}:", f"            {_keep(variable)}"]
            branch = "elif"
    if "query" in needs:
        text += ['query = parse_query(scope.get("query_string", b""), PAIRS)']
    if "lists" in needs:
        text += ['lists = parse_query_lists(scope.get("query_string", b""), PAIRS)']
    if "cookies" in needs:
        text += ["cookies = '' if cookie is None else cookie.decode('latin-1')"]
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


def _keep(variable: str) -> str:
    if variable == "cookie":
        return "cookie = value if cookie is None else join_cookies(cookie, value)"
    if variable.endswith("s"):
        return f"{variable}.append(value)"
    return f"{variable} = value"


def _read_payload(through_request: bool) -> list[str]:
    if through_request:
        return ["payload = await request.body()"]
    return [
        "if length is not None and (len(length) >= DIGITS or coding is not None or not length.isdigit()):",
        "    check_framing(length, coding)",
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
    if plan.is_async:
        return [f"result = await handler({plan.binder.arguments})", *_finish(plan)]
    arguments = "".join(f"v{i}, " for i in range(len(plan.binder.specs)))
    return [f"response, start, body = await run(work, {arguments}accept, limiter=runtime().handlers)"]


def _finish(plan: EndpointPlan) -> list[str]:
    """Write what turns `result` into `response`, or into `start` and `body`."""
    extra = ", *HEADERS" if plan.headers else ""
    status = plan.status_code
    empty = 204 if status == 200 else status
    length = "EMPTY" if allows_body(empty) else ""
    nothing = [
        'body = b""',
        f'start = {{"type": "http.response.start", "status": {empty}, "headers": [{length}{extra if length else extra[2:]}]}}',
    ]
    if not plan.may_be_data:
        return ["response = result"]
    text = ["if result is None:", *_indent(nothing, 1), "elif isinstance(result, BaseResponse):", "    response = result"]
    text += ["else:"]
    if not allows_body(status):
        return text + _indent(nothing, 1)
    if plan.shape is not None:
        text += ["    result = shape(result)"]
    return text + [
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
        text += ["if tasks is not None:", "    await tasks.run()"]
    if "form" not in needs:
        return text
    return ["try:", *_indent(text, 1), "finally:", "    await request.aclose()"]


def _indent(lines: list[str], depth: int) -> list[str]:
    return ["    " * depth + line for line in lines]


@lru_cache(maxsize=4096)
def _code(source: str) -> CodeType:
    """Compile a source once: routes of one form share it, which keeps the seal of 10,000 routes short."""
    return compile(source, "<hawkapi endpoint>", "exec")


_LENGTHS = [content_length(size) for size in range(1024)]

_SHARED: dict[str, Any] = {
    "BackgroundTasks": BackgroundTasks,
    "BaseResponse": BaseResponse,
    "EMPTY": content_length(0),
    "HTTPException": HTTPException,
    "INVALID": INVALID,
    "JSON": JSON_HEADER,
    "LENGTHS": _LENGTHS,
    "MalformedBody": MalformedBody,
    "PLAIN_ACCEPTS": PLAIN_ACCEPTS,
    "Received": Received,
    "RequestEntityTooLarge": RequestEntityTooLarge,
    "VARY": VARY_HEADER,
    "content_length": content_length,
    "encode": encode_response,
    "encode_accepted": encode_accepted,
    "find_cookie": find_cookie,
    "is_json": is_json,
    "join_cookies": join_cookies,

    "parse_query": parse_query,
    "parse_query_lists": parse_query_lists,
    "read_rest": read_rest,
    "run": threads.run,
    "too_deep": too_deep,
}


def _constants(plan: EndpointPlan) -> dict[str, Any]:
    limits = plan.limits
    fail = _fail(plan)

    def check_framing(length: bytes, coding: bytes | None) -> None:
        if coding is not None:
            raise BadRequest(
                "Both Content-Length and Transfer-Encoding headers", headers={"connection": "close"}
            )
        check_content_length(length, limits.body)

    namespace = _SHARED | {
        "COOKIES": limits.cookies,
        "DIGITS": len(str(limits.body)),
        "HEADERS": plan.headers,
        "LIMIT": limits.body,
        "NAMES": plan.path_names,
        "NESTING": limits.nesting,
        "PAIRS": limits.query_pairs,
        "WANTED": frozenset(_needs(plan.binder)[1]) | {b"accept"},
        "check_framing": check_framing,
        "fail": fail,
        "handler": plan.handler,
        "make_request": request_maker(plan.app, limits),
        "refuse": _refuse(plan),
        "respond": _respond(plan, fail),
        "runtime": plan.app.runtime,
        "shape": plan.shape,
    }
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


Fail: TypeAlias = Callable[[Exception, Scope, Receive, tuple[Any, ...]], Awaitable[BaseResponse]]


def _fail(plan: EndpointPlan) -> Fail:
    answer, make_request, names = plan.errors.answer, request_maker(plan.app, plan.limits), plan.path_names

    def fail(exc: Exception, scope: Scope, receive: Receive, path: tuple[Any, ...]) -> Awaitable[BaseResponse]:
        return answer(exc, make_request(scope, receive, dict(zip(names, path, strict=True))))

    return fail


def _respond(plan: EndpointPlan, fail: Fail) -> Callable[..., Awaitable[None]]:
    app, headers = plan.app, plan.headers

    def respond(
        response: BaseResponse, scope: Scope, receive: Receive, send: Send, path: tuple[Any, ...]
    ) -> Awaitable[None]:
        """Send a response object; what it raises before its head went out is answered like the handler's own."""
        provide_context(scope, app)
        return send_guarded(response, scope, receive, send, lambda exc: fail(exc, scope, receive, path), headers)

    return respond

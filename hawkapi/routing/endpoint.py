"""The compiled endpoint: one small generated function a route, which binds, calls the handler and answers.

Generated code holds the happy path. What differs between two routes of one form stands in the function's globals, so
equal source is compiled once. Bad input sets `bad`, and an interpreted look (`Binder.explain`) finds all errors; what
is raised goes to the `ErrorTable`. The two sends stand outside the `try`: what they raise is the server's and passes.
"""

from typing import Any

from hawkapi.background import BackgroundTasks, settle
from hawkapi.exceptions import HTTPException
from hawkapi.requests.body import check_content_length, read_rest, refuse_both, without_trailers
from hawkapi.requests.errors import MalformedBody, RequestEntityTooLarge
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.head import LENGTHS, allows_body, content_length
from hawkapi.routing.binding import head_names, indent, load, read_head, wanted_headers
from hawkapi.routing.endpoint_calls import calls_of, unsent
from hawkapi.routing.endpoint_plan import Endpoint, EndpointPlan, Replier
from hawkapi.routing.errors import single_leaf
from hawkapi.routing.injection import Exits, asks, calls, inputs_of, names_of, opens, thread_calls
from hawkapi.routing.result import JSON_HEADER, PLAIN_ACCEPTS, VARY_HEADER, encode_accepted
from hawkapi.serialization.encoder import encode_response
from hawkapi.serialization.nesting import too_deep
from hawkapi.validation.binder import Received
from hawkapi.validation.extractors import is_json


def compile_endpoint(plan: EndpointPlan) -> Endpoint:
    """Generate and load the endpoint of a route."""
    return load(source_of(plan), _constants(plan), "endpoint")


def compile_replier(plan: EndpointPlan) -> Replier | None:
    """Generate and load what does the same and hands its answer over; `None` where that is too early.

    Background tasks come after the answer. What is open during a stream may hold a cancel scope, which must be closed
    within the time limit's own.
    """
    closes_within = plan.timeout is not None and Exits(plan.injection).opened is not None
    if plan.cancel_on_disconnect or closes_within or "tasks" in _needs(plan)[0]:
        return None
    return load(source_of(plan, sends=False), _constants(plan), "reply")


def source_of(plan: EndpointPlan, *, sends: bool = True) -> str:
    """Write the source of a route's endpoint, or with `sends=False` that of its replier."""
    needs, headers = _needs(plan)
    validates = any("bad = True" in line for lines in plan.binder.lines for line in lines.lines) or "form" in needs
    functions, called = _called(plan)
    exits = Exits(plan.injection)
    text = ["async def endpoint(scope, receive, send, path):" if sends else "async def reply(scope, receive, path):"]
    text += [f"    {name} = None" for name in _locals(plan, needs, headers, validates)]
    streams = sends and exits.opened is not None
    text += indent([*exits.before, "streamed = False"] if streams else exits.before, 1)
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
    text += indent(asks(plan.injection, plan.guard), depth)
    text += indent(_prepare(needs, headers, validates), depth)
    for lines in plan.binder.lines:
        text += indent(lines.lines, depth)
    if validates:
        text += indent(["if bad:", f"    start, body = refuse({_received(needs)})", "else:"], depth)
        depth += 1
    if exits.opened is not None and plan.timeout is not None:
        called.append("limit.lift()")
    text += indent(exits.round(called, _close(exits, sends=sends)), depth)
    text += ["    except Exception as exc:"]
    if streams:
        text += ["        if streamed:", "            raise"]
    text += ["        response = await fail(exc, scope, receive, path)"]
    if "tasks" in needs:
        text += ["        if not isinstance(single_leaf(exc), HTTPException):", "            tasks = None"]
    if plan.cancel_on_disconnect:
        text += ["    if response is None and start is None:", "        return"]
    text += indent(_send(needs, streams=streams) if sends else _hand_over(), 1)
    return "\n".join([*functions, *text]) + "\n"


def _blocks(plan: EndpointPlan) -> list[str]:
    """Write what the parameters and the handler stand in, from without."""
    blocks = ["try:"]
    if plan.timeout is not None:
        blocks.append("with limited(scope) as limit:")
    if plan.cancel_on_disconnect:
        blocks.append("async with watch:")
    return blocks


def _needs(plan: EndpointPlan) -> tuple[frozenset[str], dict[bytes, list[str]]]:
    """Give what must stand before the parameters, and the wanted headers with the variables that each one sets."""
    needs = frozenset({"request"}) if plan.guard is not None or plan.injection.schemes else frozenset[str]()
    wanted = [(b"accept", "accept")] if plan.may_be_data else []
    for lines in plan.binder.lines:
        needs |= lines.needs
        wanted += lines.headers
    if "payload" in needs and plan.shares_body:
        needs |= {"request"}
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


def _called(plan: EndpointPlan) -> tuple[list[str], list[str]]:
    """Write the calls of dependencies and handler, and what becomes of the result.

    Gives the functions that run in worker threads, and the lines that stand in the endpoint.
    """
    injection, abandon = plan.injection, plan.timeout is not None
    pool = f"runtime().{'handlers' if plan.pool in (None, 'handlers') else 'limiter(POOL)'}"
    written = calls(injection, in_loop=plan.in_loop, hands_over=plan.pool is not None, pool=pool, abandon=abandon)
    handled = f"handler({injection.arguments})"
    if plan.pool is None:
        written.lines += [f"result = {'await ' if plan.is_async else ''}{handled}"]
        if not plan.is_async:
            written.lines += ["if type(result) is CoroutineType:", "    result = await result"]
        written.lines += _finish(plan)
        return written.functions, written.lines
    inputs = [*inputs_of(written.run, injection.inputs), "accept"]
    before, work = (["hop"], ["hop.serve", "work"]) if opens(written.run) else ([], ["work"])
    if plan.timeout is not None and opens(written.run):
        work[0] = "hop.prepare"  # the closing is not within the limit
    body = [
        *thread_calls(written.run),
        f"result = awaited({handled})",
        *_finish(plan),
        "return response, start, body",
        "",
    ]
    written.functions += [
        f"def work({', '.join([*before, *inputs])}):",
        *indent(["response = start = body = None", *body[:-1]], 1),
        "",
    ]
    if opens(written.run):
        written.lines += ["hop = Hop(runtime().cleanup)", "opened.append(hop)"]
    arguments = ", ".join([*work, *inputs])
    written.lines.append(f"response, start, body = await serve({arguments}, limiter={pool}, abandon={abandon})")
    return written.functions, written.lines


def _close(exits: Exits, *, sends: bool) -> list[str]:
    """Write what follows a success: what was opened is closed before the first byte, or after a stream's last."""
    if sends:
        streamed = ["streamed = True", f"await stream(response, scope, receive, send, path, {exits.opened})"]
    else:
        streamed = [f"return None, unsent(stream, response, path, {exits.opened})"]
    return [
        "if response is None or not response.is_stream:",
        *indent(exits.close, 1),
        "else:",
        *indent(streamed, 1),
    ]


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
    if not allows_body(status):
        return ["if isinstance(result, BaseResponse):", "    response = result", "else:", *indent(nothing, 1)]
    encoded = [
        "if accept is None or accept in PLAIN_ACCEPTS:",
        "    kind, body = JSON, encode(result)",
        "else:",
        "    kind, body = encode_accepted(result, accept)",
        "size = len(body)",
        f'start = {{"type": "http.response.start", "status": {status}, "headers": '
        f"[kind, LENGTHS[size] if size < 1024 else content_length(size), VARY{extra}]}}",
    ]
    exact = plan.shape is not None and plan.shape.exact is not None  # then no other question is asked
    return [
        *(["if type(result) is EXACT:", *indent(encoded, 1)] if exact else []),
        f"{'elif' if exact else 'if'} result is None:",
        *indent(nothing, 1),
        "elif isinstance(result, BaseResponse):",
        "    response = result",
        "else:",
        *([] if plan.shape is None else ["    result = shape(result)"]),
        *indent(encoded, 1),
    ]


def _send(needs: frozenset[str], *, streams: bool) -> list[str]:
    text = ["if streamed:", "    pass"] if streams else []
    text += [
        f"{'elif' if text else 'if'} response is None:",
        "    await send(start)",
        '    await send({"type": "http.response.body", "body": body})',
        "else:",
        "    await respond(response, scope, receive, send, path)",
    ]
    if "tasks" in needs:
        text += ["if tasks is not None:", "    await settle(tasks, scope, runtime())"]
    return text


def _hand_over() -> list[str]:
    return ["if response is None:", "    return start, body", "return None, unsent(respond, response, path)"]


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
    "settle": settle,
    "single_leaf": single_leaf,
    "too_deep": too_deep,
    "unsent": unsent,
    "without_trailers": without_trailers,
}


def _constants(plan: EndpointPlan) -> dict[str, Any]:
    limits = plan.limits
    namespace = (
        _SHARED
        | names_of(plan.injection, plan.guard)
        | calls_of(plan)
        | head_names(limits, _needs(plan)[1])
        | {
            "DIGITS": len(str(limits.body)),
            "HEADERS": plan.headers,
            "LIMIT": limits.body,
            "NAMES": plan.path_names,
            "NESTING": limits.nesting,
            "POOL": plan.pool,
            "handler": plan.handler,
            "runtime": plan.app.runtime,
        }
    )
    if plan.shape is not None:
        namespace |= {"EXACT": plan.shape.exact, "shape": plan.shape.shape}
    for lines in plan.binder.lines:
        namespace |= lines.constants
    return namespace

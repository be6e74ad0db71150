"""The source of a layer of hooks: one after the other, without a loop.

Python is fast where a place in the code always calls the same function, and slower where it calls another one each
time: a loop over five pairs of hooks costs a tenth of the request. The app of each middleware but the last, which is
called, is compared with the one that was found when the layer was made: somebody may have replaced it.

Where the layer stands right round an app that hands its answers over, the coroutine that has asked the hooks also shows
them the head. Else a wrapped `send` does.

An attribute of a `msgspec.Struct` is read quickly and set slowly. So how far a head has come is written down only when
a hook raises: what it raised has an answer, and an answer to that is not shown to the same hook again.
"""

from collections.abc import Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from hawkapi.requests.request import BLANK_REQUEST

_OTHER = "(result is not {given} and result is not None)"


def unrolled(hooks: Sequence[tuple[bool, bool]], names: dict[str, Any], *, replies: bool) -> tuple[Any, Any, Any]:
    """Make the functions of a layer.

    Args:
        hooks: Which of the two hooks each middleware has, the outermost first.
        names: What stands behind the names in the source: of each middleware, by its number, and `unshown`, which may
            be added later.
        replies: Behind the layer stands what can hand its answer over, by `reply`.

    Returns:
        What serves a scope, called with the layer first; what serves an `http` scope, called with its context first;
        and what shows the head of an answer to all hooks for it. The last two are `None` if there is nothing to do.
    """
    exec(_code(tuple(hooks), replies), names)  # noqa: S102  # nothing but numbers goes into the source
    return names["enter"], names.get("known"), names.get("start")


@lru_cache(maxsize=256)
def _code(hooks: tuple[tuple[bool, bool], ...], replies: bool) -> CodeType:
    return compile("\n".join((*_enter(hooks, replies), *_start(hooks))), "<hawkapi middleware>", "exec")


def _enter(hooks: Sequence[tuple[bool, bool]], replies: bool) -> list[str]:
    """Write what serves a scope, and what serves one whose context is known: a coroutine only if it awaits anything."""
    asks, shows = any(before for before, _ in hooks), any(after for _, after in hooks)
    if not asks and not shows:
        return ["def enter(hooks, scope, receive, send):", "    return middleware0.app(scope, receive, send)"]
    define, wait = ("async def", "await ") if asks or replies else ("def", "")
    text = [
        "def enter(hooks, scope, receive, send):",
        '    if scope["type"] != "http":',
        "        return middleware0.app(scope, receive, send)",
        '    context = scope.get("hawkapi")',
        "    if context is None:",
        "        return stand_alone(hooks.enter, scope, receive, send)",
        "    return known(context, scope, receive, send)",
        f"{define} known(context, scope, receive, send):",
        *(f"    {line}" for line in BLANK_REQUEST),
        "    result = None",
    ]
    has_read: list[str] = []
    if asks:
        text += ["    messages, reader = context.messages, context.reader"]
        has_read = [
            "if context.reader is not reader or context.messages is not messages:",
            "    receive = receive_of(context, receive)",
        ]
    last = len(hooks) - 1
    for i, (before, _) in enumerate(hooks):
        ends: list[str] = []
        if before:
            text += [f"    result = await before{i}(request)"]
            ends += [_OTHER.format(given="request")]
        if i < last:
            ends += [f"middleware{i}.app is not app{i}"]
        if ends:
            text += [
                f"    if {' or '.join(ends)}:",
                *(f"        {line}" for line in has_read),
                f"        return {wait}part(step{i}, result, request, context, scope, receive, send)",
            ]
    text += [f"    {line}" for line in has_read]
    if replies:
        text += _reply(hooks)
    if shows:
        text += ["    send = Outgoing(unshown, request, context, context.edge, scope, receive, send).send"]
    return [*text, f"    app = middleware{last}.app", f"    return {wait}app(scope, receive, send)"]


def _reply(hooks: Sequence[tuple[bool, bool]]) -> list[str]:
    """Write how an answer that is handed over is shown to the hooks and sent."""
    last = len(hooks) - 1
    outgoing = "Outgoing({}, request, context, edge, scope, receive, send)"
    return [
        f"    replying = reply(scope, receive) if middleware{last}.app is app{last} else None",
        "    if replying is not None:",
        "        edge = context.edge",
        "        context.edge = None",  # what is raised in there is no matter of middleware
        "        message, body = await replying",
        "        if message is None:",
        f"            return await body(scope, receive, {outgoing.format('unshown')}.send)",
        "        context.edge = edge",
        "        head = ResponseHead(message)",
        *_show(hooks, f"other({outgoing.format('None')}, body, ", []),
        "        context.edge = None",
        "        await send(message if head._headers is None else head.start())",
        '        return await send({"type": "http.response.body", "body": body})',
    ]


def _start(hooks: Sequence[tuple[bool, bool]]) -> list[str]:
    """Write what shows a head, if a hook asks for it: `hawkapi.middleware.outgoing.show` without the loop."""
    if not any(after for _, after in hooks):
        return []
    return [
        "async def start(outgoing, message):",
        "    context, request, rest = outgoing.context, outgoing.request, unshown",
        "    head = ResponseHead(message)",
        "    try:",
        *_show(hooks, "outgoing.part(", ["rest = outer{}"]),
        "    except BaseException:",
        "        if outgoing.unshown is unshown:",  # else it was not a hook that raised
        "            outgoing.unshown, context.edge = rest, outgoing.edge",
        "        raise",
        "    outgoing.unshown = None",
        "    if context.edge is not None:",
        "        context.edge = None",
        "    onward = outgoing.onward",
        "    await onward(message if head._headers is None else head.start())",
    ]


def _show(hooks: Sequence[tuple[bool, bool]], other: str, then: Sequence[str]) -> list[str]:
    """Write the calls of the hooks that see a head, the innermost first.

    Args:
        hooks: As above.
        other: Source of what sends another answer that a hook has made, up to its last four arguments.
        then: What follows each one, with `{}` for its number.
    """
    text: list[str] = []
    for i, (_, after) in reversed(list(enumerate(hooks))):
        if after:
            text += [
                f"        result = await after{i}(request, head)",
                f"        if {_OTHER.format(given='head')} or head._status is not None:",
                f"            return await {other}after{i}, outer{i}, result, head)",
                *(f"        {line.format(i)}" for line in then),
            ]
    return text

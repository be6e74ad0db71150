"""Generated code that calls what stands before a handler: the same for HTTP and for WebSockets.

Each call is a line, so a dependency costs its call. Sync ones run in worker threads, each unbroken run of them in one.
"""

from collections.abc import Awaitable, Callable, Sequence
from types import CoroutineType
from typing import Any, TypeAlias

import msgspec

from hawkapi.di.container import Container
from hawkapi.di.provider import UNMADE, Lifecycle
from hawkapi.di.scope import Scope
from hawkapi.requests.connection import HTTPConnection
from hawkapi.routing.binding import indent
from hawkapi.routing.injection_plan import Call, Injection
from hawkapi.runtime import threads
from hawkapi.runtime.cleanup import cleanup_failed
from hawkapi.runtime.exits import abort, close, enter, recover, running, unyielded
from hawkapi.runtime.sync_exits import Hop, begin

Guard: TypeAlias = Callable[[HTTPConnection], Awaitable[None]]
"""Refuses a request by raising, before anything of it is looked at."""

_VARIABLES = "vars"
"""Begin the names of parameters, of what schemes, dependencies and services give; other names are global."""

_THREADED = frozenset({"sync", "generator"})


class Written(msgspec.Struct):
    """Source for what stands before a handler.

    Attributes:
        functions: Functions that run in worker threads.
        lines: What stands in the endpoint.
        run: The calls that are left for the handler's own visit to a worker thread.
    """

    functions: list[str]
    lines: list[str]
    run: list[Call]


def asks(injection: Injection, guard: Guard | None) -> list[str]:
    """Write what is asked before anything is bound: the permissions, and then the security schemes."""
    text = ["await guard(request)"] if guard is not None else []
    return text + [f"{call.result} = await {call.name}(request)" for call in injection.schemes]


def calls(injection: Injection, *, in_loop: bool, hands_over: bool, pool: str, abandon: bool) -> Written:
    """Write the calls of a handler's services and dependencies.

    Args:
        injection: What is called.
        in_loop: Sync dependencies run in the event loop.
        hands_over: The last run of sync ones is left to the handler's own visit to a worker thread.
        pool: Source of the pool of worker threads.
        abandon: A visit is given up when the request is cancelled.
    """
    written = Written([], _services(injection), [])
    listed = _is_list_kept(injection)
    for run in _runs(injection.calls, in_loop=in_loop):
        written.lines += _visit(written, pool=pool, abandon=abandon)
        if _is_threaded(run):
            written.run = run
        else:
            written.lines += [line for call in run for line in _call(call, listed=listed)]
    if not hands_over:
        written.lines += _visit(written, pool=pool, abandon=abandon)
    return written


def _services(injection: Injection) -> list[str]:
    text = ["services = Services(CONTAINER)", "opened.append(services)"] if injection.container is not None else []
    scope = "services.scope" if injection.container is not None else "None"
    for call in injection.providers:
        made = f"{call.result} = await {call.name}.get({scope})"
        if call.target.lifecycle is Lifecycle.SINGLETON:
            text += [f"{call.result} = {call.name}.value", f"if {call.result} is UNMADE:", f"    {made}"]
        else:
            text.append(made)
    return text


def _runs(planned: Sequence[Call], *, in_loop: bool) -> list[list[Call]]:
    """Put calls that can run in one visit to a worker thread together; all others stand alone."""
    runs: list[list[Call]] = []
    for planned_call in planned:
        call = planned_call
        if in_loop and call.kind in _THREADED:
            call = msgspec.structs.replace(call, kind=f"{call.kind} in loop")
        if runs and _is_threaded(runs[-1]) and (call.kind in _THREADED or call.kind == "class"):
            runs[-1].append(call)
        else:
            runs.append([call])
    return runs


def _is_threaded(run: list[Call]) -> bool:
    return run[0].kind in _THREADED


def _generator(call: Call) -> str:
    return f"g{call.result[1:]}"


def _call(call: Call, *, listed: bool = True) -> list[str]:
    """Write a call in the event loop."""
    made = f"{call.name}({call.arguments})"
    if call.kind == "async":
        return [f"{call.result} = await {made}"]
    if call.kind == "generator in loop":
        return [f"{call.result} = begin(opened, {made})"]
    if call.kind in ("sync in loop", "wrapped async"):
        return [
            f"{call.result} = {made}",
            f"if type({call.result}) is CoroutineType:",
            f"    {call.result} = await {call.result}",
        ]
    if call.kind != "async generator":
        return [f"{call.result} = {made}"]
    if call.waits:
        return [f"{call.result} = await enter(opened, {made})"]
    generator = _generator(call)
    text = [f"{generator} = {made}", f"{call.result} = await anext({generator})"]
    return [*text, f"opened.append({generator})"] if listed else text


def thread_calls(run: Sequence[Call]) -> list[str]:
    """Write calls in a worker thread."""
    given = {"generator": "hop.start({})", "sync": "awaited({})"}
    return [f"{c.result} = {given.get(c.kind, '{}').format(f'{c.name}({c.arguments})')}" for c in run]


def inputs_of(run: Sequence[Call], more: Sequence[str] = ()) -> list[str]:
    """Give the variables that a visit to a worker thread takes with it.

    Args:
        run: Its calls.
        more: Variables that are used in it besides.
    """
    own = {call.result for call in run}
    found = dict.fromkeys([*(name for call in run for name in call.inputs), *more])
    return [name for name in found if name[0] in _VARIABLES and name not in own]


def opens(run: Sequence[Call]) -> bool:
    """Tell whether a visit to a worker thread starts generators."""
    return any(call.kind == "generator" for call in run)


def _visit(written: Written, *, pool: str, abandon: bool) -> list[str]:
    """Write the visit to a worker thread for the run that is left, and the function that it calls."""
    run, written.run = written.run, []
    last = max((i for i, call in enumerate(run) if call.kind in _THREADED), default=-1)
    run, classes = run[: last + 1], run[last + 1 :]
    if not run:
        return []
    name, inputs, results = f"hop{len(written.functions)}", inputs_of(run), ", ".join(call.result for call in run)
    before, work = (["hop"], ["hop.prepare", name]) if opens(run) else ([], [name])
    body = indent([*thread_calls(run), f"return {results}"], 1)
    written.functions += ["\n".join([f"def {name}({', '.join([*before, *inputs])}):", *body, ""])]
    text = ["hop = Hop(runtime().cleanup)", "opened.append(hop)"] if opens(run) else []
    text.append(f"{results} = await serve({', '.join([*work, *inputs])}, limiter={pool}, abandon={abandon})")
    return text + [line for call in classes for line in _call(call)]


class _Services:
    """The scope of a request's services, as something that is open."""

    __slots__ = ("scope",)

    def __init__(self, container: Container) -> None:
        self.scope: Scope = Scope(container)

    async def leave(self, exc: BaseException | None) -> None:
        """Close them; the scope logs what fails."""
        try:
            await self.scope.close()
        except Exception as failure:
            raise cleanup_failed(failure) from failure
        if exc is not None:
            raise exc


_SHARED: dict[str, Any] = {
    "CoroutineType": CoroutineType,
    "Hop": Hop,
    "Services": _Services,
    "UNMADE": UNMADE,
    "abort": abort,
    "awaited": threads.awaited,
    "begin": begin,
    "close": close,
    "enter": enter,
    "recover": recover,
    "running": running,
    "serve": threads.serve,
    "unyielded": unyielded,
}


def names_of(injection: Injection, guard: Guard | None) -> dict[str, Any]:
    """Give the global names of what is written here."""
    named = {call.name: call.target for call in (*injection.schemes, *injection.providers, *injection.calls)}
    return _SHARED | named | injection.constants | {"CONTAINER": injection.container, "guard": guard}


class Exits:
    """Writes what sees to it that all is closed that the calls of a handler's dependencies open.

    Async generators that cannot wait are variables of their own, `g0`, `g1`, …: where there are no others, a success
    costs their steps and nothing else. All else is kept in the list `opened`.

    Args:
        injection: What is called.

    Attributes:
        opened: Source of the list of what is open; `None` where nothing is ever opened.
        before: What stands before the calls.
        close: What closes all after a success.
    """

    def __init__(self, injection: Injection) -> None:
        listed = _is_list_kept(injection)
        bare = [_generator(call) for call in injection.calls if _is_bare(call)]
        generators = ", ".join(bare)
        self._bare = generators
        self.opened: str | None = None
        self.before: list[str] = []
        self.close: list[str] = []
        if bare:
            self.before.append(f"{' = '.join(bare)} = None")
            self.opened = f"running({generators})"
            ended = " or ".join(f"await anext({generator}, UNMADE) is not UNMADE" for generator in reversed(bare))
            self.close = [
                "try:",
                f"    again = {ended}",
                "except BaseException as exc:",
                f"    await recover([{generators}], exc)",
                "if again:",
                f"    await recover([{generators}], None)",
            ]
        if listed:
            self.before.append("opened = []")
            self.opened, self.close = "opened", ["await close(opened)"]

    def round(self, lines: list[str], after: Sequence[str]) -> list[str]:
        """Write a block that closes all if it fails.

        Args:
            lines: The block.
            after: What follows a success; it closes.
        """
        if self.opened is None:
            return lines
        text = ["try:", *indent(lines, 1)]
        if self._bare:
            text += ["except StopAsyncIteration as exc:", f"    error = unyielded([{self._bare}], exc)"]
            text += [f"    await abort({self.opened}, error)", "    raise error from None"]
        return [*text, "except BaseException as exc:", f"    await abort({self.opened}, exc)", "    raise", *after]


def _is_list_kept(injection: Injection) -> bool:
    """Tell whether a request keeps the list `opened`: something is open that is no variable of its own."""
    return injection.container is not None or any(map(_is_listed, injection.calls))


def _is_bare(call: Call) -> bool:
    return call.kind == "async generator" and not call.waits


def _is_listed(call: Call) -> bool:
    return "generator" in call.kind and not _is_bare(call)

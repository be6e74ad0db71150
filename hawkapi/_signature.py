"""The one reader of callables: their parameters, their type hints, whether they are async, where they stand."""

import dis
import functools
import inspect
import os
from collections.abc import Callable
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal, TypeAlias, get_type_hints

import msgspec

EMPTY: Any = inspect.Parameter.empty
"""Stands for an annotation or a default that is not there."""


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a callable, its annotation evaluated.

    Attributes:
        name: As written.
        annotation: The evaluated hint with its `Annotated` metadata, or `EMPTY`.
        default: The default value, or `EMPTY`.
        keyword_only: It must be passed by name.
        variadic: It is a `*args` or `**kwargs`.
        given: A partial gives it by keyword: nobody else is asked for it, unless what it gives is a marker.
    """

    name: str
    annotation: Any
    default: Any
    keyword_only: bool
    variadic: bool
    given: bool = False


class UnreadableSignature(Exception):  # noqa: N818  # it says what was found, like StopIteration
    """A callable's parameters or annotations cannot be read; the text says why."""


class Signature(msgspec.Struct, frozen=True):
    """The parameters of a callable and what it says it returns (`EMPTY` without an annotation)."""

    parameters: tuple[Parameter, ...]
    returns: Any


def read_signature(fn: Callable[..., Any]) -> Signature:
    """Read a function, method, class, partial or object with `__call__`.

    Raises:
        UnreadableSignature: If it has no signature, or an annotation names what cannot be found.
    """
    try:
        raw = inspect.signature(fn)
    except (TypeError, ValueError) as exc:
        raise UnreadableSignature(f"its parameters cannot be read: {exc}") from exc
    try:
        hints = _hints(fn)
    except Exception as exc:  # evaluating an annotation runs user code: whatever it raises is the finding
        raise UnreadableSignature(f"its annotations cannot be evaluated: {type(exc).__name__}: {exc}") from exc
    given = _given(fn)
    parameters = tuple(
        Parameter(
            name=p.name,
            annotation=hints.get(p.name, p.annotation),
            default=p.default,
            keyword_only=p.kind is inspect.Parameter.KEYWORD_ONLY,
            variadic=p.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD),
            given=p.name in given,
        )
        for p in raw.parameters.values()
    )
    return Signature(parameters=parameters, returns=hints.get("return", EMPTY))


def _hints(fn: Callable[..., Any]) -> dict[str, Any]:
    function = _function(fn)
    # Hints of closures may name what stands in the enclosing function, as test apps do all the time.
    code, closure = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    local: dict[str, Any] = {}
    for name, cell in zip(code.co_freevars if code else (), closure or (), strict=True):
        try:
            local[name] = cell.cell_contents
        except ValueError:  # a name that is not bound yet
            continue
    return get_type_hints(function, localns=local, include_extras=True)


def _given(fn: Any) -> frozenset[str]:
    """Name what partials give by keyword."""
    names: frozenset[str] = frozenset()
    while isinstance(fn, functools.partial):
        names |= fn.keywords.keys()
        fn = fn.func  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # partial of anything
    return names


def _without_partials(fn: Any) -> Any:
    while isinstance(fn, functools.partial):
        fn = fn.func  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # partial of anything
    return fn


def _function(fn: Any) -> Any:
    """Find the function that carries the hints: through partials, wrappers, classes and callable objects."""
    fn = inspect.unwrap(_without_partials(fn))
    if inspect.isclass(fn):
        return fn.__new__ if fn.__init__ is object.__init__ and fn.__new__ is not object.__new__ else fn.__init__
    if inspect.isroutine(fn):
        return getattr(fn, "__func__", fn)
    return getattr(type(fn).__call__, "__func__", type(fn).__call__)


CallKind: TypeAlias = Literal["class", "async generator", "generator", "async", "wrapped async", "sync"]


def call_kind(fn: Any) -> CallKind:
    """Tell what calling `fn` gives: through partials, methods and objects with `__call__`.

    A plain function that wraps another one (`functools.wraps`) is taken to hand on what that one gives, a generator
    say; it may give something else.
    """
    fn = _without_partials(fn)
    if inspect.isclass(fn):
        return "class"
    called = _called(fn)
    kind = _own_kind(called)
    if kind is not None:
        return kind
    while kind is None and hasattr(called, "__wrapped__"):
        called = called.__wrapped__
        kind = _own_kind(called)
    return "wrapped async" if kind == "async" else kind or "sync"


def _own_kind(fn: Any) -> Literal["async generator", "generator", "async"] | None:
    if inspect.iscoroutinefunction(fn):
        return "async"
    if inspect.isasyncgenfunction(fn):
        return "async generator"
    return "generator" if inspect.isgeneratorfunction(fn) else None


def _called(fn: Any) -> Any:
    return fn if inspect.isroutine(fn) else fn.__class__.__call__


def is_async_callable(fn: Any) -> bool:
    """Tell whether calling `fn` gives a coroutine, as `call_kind` does."""
    return call_kind(fn) in ("async", "wrapped async")


def never_waits(fn: Any) -> bool:
    """Tell whether a call gives an async generator that is known to have no `await` in it: it cannot wait."""
    called = _called(_without_partials(fn))
    return inspect.isasyncgenfunction(called) and all(step.opname != "SEND" for step in dis.get_instructions(called))


def without_manager(fn: Any) -> Any:
    """Give the generator function that `contextlib` made a context manager of; anything else as it is."""
    given: Any = fn
    if isinstance(fn, functools.partial):
        inner = without_manager(given.func)
        return given if inner is given.func else functools.partial(inner, *given.args, **given.keywords)
    if getattr(fn, "__code__", None) not in _MANAGERS:
        return fn
    function, owner = fn.__wrapped__, getattr(fn, "__self__", None)
    return function if owner is None else function.__get__(owner)


_MAKERS: tuple[Any, ...] = (contextmanager, asynccontextmanager)
_MANAGERS: frozenset[Any] = frozenset(maker(iter).__code__ for maker in _MAKERS)
"""What runs when a function is called that `contextlib` has decorated."""


def location(fn: Any) -> str:
    """Give `file.py:12`, relative to the current folder where the file lies below it, or `<built-in>`."""
    code = getattr(_function(fn), "__code__", None)
    if code is None:
        return "<built-in>"
    return f"{_short(code.co_filename)}:{code.co_firstlineno}"


def caller_location(depth: int) -> str:
    """Give `file.py:12` of the frame `depth` calls above the caller, as `location` writes it."""
    frame = inspect.currentframe()
    for _ in range(depth + 1):
        if frame is None:
            break
        frame = frame.f_back
    return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno}" if frame is not None else "<unknown>"


def _short(filename: str) -> str:
    below = os.path.join(os.getcwd(), "")
    return filename.removeprefix(below)


def qualified_name(fn: Any) -> str:
    """Give the name a reader knows the callable by, without `<locals>`; an object goes by its class."""
    fn = _without_partials(fn)
    name: str = getattr(fn, "__qualname__", None) or fn.__class__.__qualname__
    return name.rpartition("<locals>.")[2]


def describe(fn: Any) -> str:
    """Give `name (file.py:12)`, the form in which every message of the framework names a callable."""
    return f"{qualified_name(fn)} ({location(fn)})"

"""From declared middleware to the app that it makes: once, when what it wraps is built."""

from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any, cast

from hawkapi._errors import HawkAPIError
from hawkapi._signature import describe, is_async_callable, location, qualified_name
from hawkapi._types import ASGIApp
from hawkapi.middleware.base import has_own_call, layer_of
from hawkapi.middleware.entry import MiddlewareEntry
from hawkapi.middleware.noting import Noting


def build_stack(items: Iterable[Any], app: ASGIApp) -> tuple[ASGIApp, list[str]]:
    """Wrap an app in middleware, the first item outermost.

    Args:
        items: Classes, pairs `(class, {options})` and entries.
        app: What is wrapped.

    Returns:
        The outermost layer, and the texts of what is wrong with items; these are left out.
    """
    mistakes: list[str] = []
    may_send = False
    for item in reversed(list(items)):
        try:
            layer = _wrap(_entry(item), app)
        except UnusableMiddleware as exc:
            mistakes.insert(0, str(exc))
        else:
            may_send = may_send or has_own_call(layer) or getattr(layer, "app", None) is not app
            app = layer_of(layer)
    return Noting(app).enter if may_send else app, mistakes


class UnusableMiddleware(HawkAPIError):  # noqa: N818  # it says what was found
    """An item that is no middleware, or one that cannot be constructed; the text says why."""


def _entry(item: Any) -> MiddlewareEntry:
    if isinstance(item, MiddlewareEntry):
        return item
    if isinstance(item, tuple) and len(pair := cast("tuple[Any, ...]", item)) == 2:
        return MiddlewareEntry(*pair)
    return MiddlewareEntry(cast("Any", item))


def _wrap(entry: MiddlewareEntry, app: ASGIApp) -> ASGIApp:
    cls = entry.cls
    if not callable(cls) or not isinstance(entry.kwargs, Mapping) or _is_app(cls):  # pyright: ignore[reportUnnecessaryIsInstance, reportUnnecessaryComparison]  # users without a type checker
        given = (cls, entry.kwargs) if entry.kwargs else cls
        raise UnusableMiddleware(f"middleware {given!r} must be a class, or a pair (class, {{options}})")
    try:
        layer = cls(app, **entry.kwargs)
    except Exception as exc:
        raise UnusableMiddleware(f"middleware {_describe(cls)}: {type(exc).__name__}: {exc}") from exc
    if not callable(layer):  # pyright: ignore[reportUnnecessaryComparison]  # see above
        raise UnusableMiddleware(f"middleware {_describe(cls)}: it has no __call__(scope, receive, send)")
    return layer


def _is_app(cls: object) -> bool:
    """Tell whether an instance stands where its class should."""
    return not isinstance(cls, type) and is_async_callable(cls)


def _describe(cls: Callable[..., Any]) -> str:
    """Name a class with the place of its first method: an inherited constructor stands elsewhere."""
    methods = [member for member in getattr(cls, "__dict__", {}).values() if isinstance(member, FunctionType)]
    return f"{qualified_name(cls)} ({location(methods[0])})" if methods else describe(cls)

"""Dependencies and middleware, as given to a router, a controller or a route."""

from collections.abc import Iterable
from typing import Any

from hawkapi._signature import qualified_name
from hawkapi.di.depends import Depends


def read_dependencies(given: object, what: str) -> tuple[Depends, ...]:
    """Read what is called before a handler.

    Args:
        given: As the user wrote it.
        what: Names the option.

    Raises:
        TypeError: If it is anything but `Depends` in a list.
    """
    items = _items(given, what, "Depends(...)")
    for item in items:
        if not isinstance(item, Depends):
            fix = f"; write Depends({qualified_name(item)})" if callable(item) else ""
            raise TypeError(f"{what} must be a list of Depends(...), and {item!r} is none{fix}")
    return tuple(items)


def read_middleware(given: object, what: str) -> tuple[Any, ...]:
    """Read middleware into a tuple that nobody else has, though the same list may be given again.

    Its items are looked at when the app is sealed.

    Args:
        given: As the user wrote it.
        what: Names the option.

    Raises:
        TypeError: If it is no list.
    """
    return tuple(_items(given, what, "classes and pairs (class, {options})"))


def _items(given: object, what: str, wanted: str) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"{what} must be a list of {wanted}, not {given!r}")
    return list(given)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # users without a type checker

"""What constructors of middleware check: a mistake is told at the start, with the name of the argument."""

from collections.abc import Iterable
from typing import Any, cast


def texts(argument: str, given: Iterable[str]) -> list[str]:
    """Copy a list of texts.

    Args:
        argument: The name of the argument.
        given: Its value; a single text is a mistake, since it would be taken letter by letter.

    Raises:
        TypeError: If it is no list of texts.
    """
    values: list[Any] = [] if isinstance(given, (str, bytes)) else list(given)
    if isinstance(given, (str, bytes)) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"{argument} must be a list of str, not {given!r}")
    return values


def whole_number(argument: str, given: int, *, minimum: int) -> int:
    """Give back a whole number.

    Raises:
        TypeError: If it is none.
        ValueError: If it is below `minimum`.
    """
    if type(cast("object", given)) is not int:
        raise TypeError(f"{argument} must be an int, not {given!r}")
    if given < minimum:
        raise ValueError(f"{argument} must be at least {minimum}, not {given}")
    return given

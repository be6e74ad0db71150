"""Query strings: `application/x-www-form-urlencoded` as the URL standard reads it."""

from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import unquote_plus

from hawkapi.requests.errors import URITooLong

T = TypeVar("T")


class QueryParams:
    """The parameters of a query string, read-only; a name may have several values, a value may be empty.

    Args:
        query: The raw query string, without the question mark.
        max_pairs: Pairs it may have at most.

    Raises:
        URITooLong: If it has more.
    """

    __slots__ = ("_values",)

    def __init__(self, query: bytes, max_pairs: int = 1000) -> None:
        self._values = parse_query_lists(query, max_pairs)

    def get(self, name: str, default: T = None) -> str | T:
        """Give the first value of `name`."""
        values = self._values.get(name)
        return default if values is None else values[0]

    def getlist(self, name: str) -> list[str]:
        """Give all values of `name` in their order, none if it does not occur."""
        return list(self._values.get(name, ()))

    def to_dict(self) -> dict[str, str]:
        """Give a new dict of the first value of every name."""
        return {name: values[0] for name, values in self._values.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name][0]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"QueryParams({self._values!r})"


def parse_query(query: bytes, max_pairs: int = 1000) -> dict[str, str]:
    """Read a query string; of a repeated name the first value counts.

    Only `&` separates. What is not UTF-8, percent-encoded or not, becomes replacement characters.

    Raises:
        URITooLong: If it has more than `max_pairs` pairs.
    """
    values: dict[str, str] = {}
    if not query:
        return values
    text = _text(query, max_pairs)
    if "%" in text or "+" in text:
        for name, value in _pairs(text):
            values.setdefault(name, value)
        return values
    for pair in text.split("&"):  # most query strings, so without a call for each pair
        name, _, value = pair.partition("=")
        if name not in values and pair:
            values[name] = value
    return values


def parse_query_lists(query: bytes, max_pairs: int = 1000) -> dict[str, list[str]]:
    """Read a query string as `parse_query` does, with all values of every name.

    Raises:
        URITooLong: If it has more than `max_pairs` pairs.
    """
    values: dict[str, list[str]] = {}
    for name, value in _pairs(_text(query, max_pairs)):
        values.setdefault(name, []).append(value)
    return values


def _text(query: bytes, max_pairs: int) -> str:
    if query.count(b"&") >= max_pairs and query:
        raise URITooLong(f"Query string has more than {max_pairs} parameters")
    return query.decode("utf-8", "replace")


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            yield unquote_plus(name), unquote_plus(value)

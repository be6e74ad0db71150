"""Request headers."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


class Headers:
    """The headers of a request, read-only; names in any case, values as latin-1 text.

    Args:
        raw: Pairs of bytes as ASGI carries them; they are copied, so what a server appends later is not seen.
    """

    __slots__ = ("_first", "_raw")

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = tuple(raw)
        self._first: dict[bytes, bytes] | None = None

    def get(self, name: str, default: T = None) -> str | T:
        """Give the first value of `name`."""
        value = self._index().get(_key(name))
        return default if value is None else value.decode("latin-1")

    def getlist(self, name: str) -> list[str]:
        """Give all values of `name` in their order, none if there is no such header."""
        key = _key(name)
        return [value.decode("latin-1") for other, value in self._raw if other.lower() == key]

    def __getitem__(self, name: str) -> str:
        value = self._index().get(_key(name))
        if value is None:
            raise KeyError(name)
        return value.decode("latin-1")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _key(name) in self._index()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for name, value in self._raw:
            yield name.decode("latin-1").lower(), value.decode("latin-1")

    def __len__(self) -> int:
        return len(self._raw)

    def __repr__(self) -> str:
        return f"Headers({', '.join(name for name, _ in self)})"  # names only: a value may be a credential

    def _index(self) -> dict[bytes, bytes]:
        first = self._first
        if first is None:
            first = self._first = {}
            for name, value in self._raw:
                first.setdefault(name.lower(), value)
        return first


def _key(name: str) -> bytes:
    return name.lower().encode("latin-1", "replace")  # a "?" stands in no header name, so it is not found

"""What a session holds: a dict that knows whether somebody has looked into it."""

from collections.abc import Callable, Mapping
from functools import wraps
from secrets import token_urlsafe
from typing import Any

import msgspec

encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode
"""Text, numbers, lists and dicts come back as they were; other types that msgspec knows as what JSON has for them."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Session(dict[str, Any]):
    """The data of a visitor's session, in `scope["session"]`.

    It is a dict. What is changed in it, however deep, is kept when the head of the answer goes out. The values must be
    such as JSON can hold.

    Args:
        data: What it holds.
        id: Its id, if it has one already.
        came_as: The JSON that `data` was made of; empty for a new session.

    Attributes:
        accessed: It was read or changed: then the answer depends on the cookie. Code in C that takes the entries of a
            dict without asking it is not seen: give it `dict(session)`.
        id: Names the session: in a store, and for what is bound to it; `None` while nobody has needed it. A secret.
        came_as: As given.
        came_with: The id as given.
    """

    __slots__ = ("accessed", "came_as", "came_with", "id")

    def __init__(self, data: Mapping[str, Any] | None = None, *, id: str | None = None, came_as: bytes = b"") -> None:
        if data is not None:
            super().__init__(data)
        self.accessed: bool = False
        self.id: str | None = id
        self.came_with: str | None = id
        self.came_as: bytes = came_as

    def rotate(self) -> None:
        """Keep the data under another id, and forget the former one: whoever knew that knows nothing.

        To be called when a visitor becomes somebody else: at the login, and with every further right. `clear()` does
        the same. Form tokens that were bound to the session are void from then on.
        """
        self.accessed = True
        self.id = None

    def clear(self) -> None:
        """Forget everything; what is put in afterwards is a new session."""
        self.rotate()
        super().clear()

    def identify(self) -> str | None:
        """Give the id, `None` while the session is empty; one that has none gets one."""
        if not super().__len__():
            return None
        if self.id is None:
            self.accessed = True
            self.id = new_id()
        return self.id

    def plain(self) -> dict[str, Any]:
        """Give the data as a dict of its own, and do not count that as access."""
        return super().copy()


def new_id() -> str:
    """Make an id of 256 random bits."""
    return token_urlsafe(32)


def decode(data: bytes) -> dict[str, Any] | None:
    """Read what `encode` has made, `None` if it is no JSON object."""
    try:
        return _decode(data)
    except (ValueError, RecursionError):
        return None


def _noting(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    @wraps(method)
    def noted(self: Session, *args: Any, **kwargs: Any) -> Any:
        self.accessed = True
        return method(self, *args, **kwargs)

    return noted


# Overridden in a loop, since all do the same. With `__iter__` among them `dict(session)` and `**session` ask, too.
for _name in (
    *("__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__", "__len__", "__ne__", "__or__"),
    *("__repr__", "__reversed__", "__ror__", "__setitem__", "copy", "get", "items", "keys", "pop", "popitem"),
    *("setdefault", "update", "values"),
):
    setattr(Session, _name, _noting(_name))

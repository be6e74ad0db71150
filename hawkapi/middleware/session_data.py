"""What a session holds: a dict that knows whether somebody has looked into it."""

from collections.abc import Callable, Mapping
from functools import wraps
from secrets import token_urlsafe
from typing import Any

import msgspec

from hawkapi.serialization.hooks import StandIn

encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode
"""Text, numbers, lists and dicts come back as they were; other types that msgspec knows as what JSON has for them."""

ID_KEY = "hawkapi.id"
"""Where the id stands in the JSON of a signed session that has one; in no dict, so that it is never mixed up."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Session(dict[str, Any]):
    """The data of a visitor's session, in `scope["session"]`.

    It is a dict. What is changed in it, however deep, is kept when the head of the answer goes out. The values must be
    such as JSON can hold. Its copies are plain dicts. The key `hawkapi.id` is taken: whoever puts something in under it
    gets a `ValueError`, and nothing is changed.

    The data stands in a dict of its own, which all methods ask. For code in C that goes past them there is a
    `StandIn` under each key: msgspec encodes them as what they stand for, and that is noted.

    Args:
        data: What it holds; it is taken over.
        id: Its id, if it has one already.
        came_as: The JSON that `data` was made of; empty for a new session.

    Attributes:
        id: Names the session: in a store, and for what is bound to it; `None` while nobody has needed it. A secret.
        came_as: As given.
        came_with: The id as given.
    """

    __slots__ = ("_access", "_data", "came_as", "came_with", "id")

    def __init__(self, data: dict[str, Any] | None = None, *, id: str | None = None, came_as: bytes = b"") -> None:
        self._access = access = _Access()
        if data is None:
            self._data: dict[str, Any] = {}
        else:
            self._data = data
            put, note = super().__setitem__, access.note
            for key, value in data.items():
                put(key, StandIn(value, note))
        self.id: str | None = id
        self.came_with: str | None = id
        self.came_as: bytes = came_as

    @property
    def accessed(self) -> bool:
        """Whether it was read or changed: then the answer depends on the cookie."""
        return self._access.noted

    def rotate(self) -> None:
        """Keep the data under another id, and forget the former one: whoever knew that knows nothing.

        To be called when a visitor becomes somebody else: at the login, and with every further right. `clear()` does
        the same. Form tokens that were bound to the session are void from then on.
        """
        self._access.note()
        self.id = None

    def identify(self) -> str | None:
        """Give the id, `None` while the session is empty; one that has none gets one."""
        if not self._data:
            return None
        if self.id is None:
            self._access.note()
            self.id = new_id()
        return self.id

    def plain(self) -> dict[str, Any]:
        """Give the data as a dict of its own, and do not count that as access."""
        return self._data.copy()

    def become(self, data: Mapping[str, Any]) -> None:
        """Hold other data, under the same id."""
        self._looked_at().clear()
        super().clear()
        self.update(data)

    def clear(self) -> None:
        """Forget everything; what is put in afterwards is a new session."""
        self.rotate()
        self._data.clear()
        super().clear()

    def __setitem__(self, key: str, value: Any, /) -> None:
        if key == ID_KEY:
            raise _taken()
        self._looked_at()[key] = value
        super().__setitem__(key, StandIn(value, self._access.note))

    def __delitem__(self, key: str, /) -> None:
        del self._looked_at()[key]
        super().__delitem__(key)

    def setdefault(self, key: str, default: Any = None, /) -> Any:
        """Give a value, and put it in if there is none."""
        if key == ID_KEY:
            raise _taken()
        value = self._looked_at().setdefault(key, default)
        super().setdefault(key, StandIn(value, self._access.note))
        return value

    def pop(self, key: str, /, *default: Any) -> Any:
        """Take a value out, by its key."""
        value = self._looked_at().pop(key, *default)
        super().pop(key, None)
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take out what was put in last."""
        item = self._looked_at().popitem()
        super().popitem()
        return item

    def update(self, *given: Any, **named: Any) -> None:
        """Put in whatever a dict can be made of."""
        data, note = self._looked_at(), self._access.note
        new = dict[str, Any](*given, **named)
        if ID_KEY in new:
            raise _taken()
        data.update(new)
        super().update({key: StandIn(value, note) for key, value in new.items()})

    def __ior__(self, other: Any, /) -> "Session":
        self.update(other)
        return self

    # The operators below see to it that the other side, if it is a session too, is asked in its turn.

    def __or__(self, other: Any, /) -> dict[Any, Any]:
        return self._looked_at() | other

    def __ror__(self, other: Any, /) -> dict[Any, Any]:
        return other | self._looked_at()

    def __eq__(self, other: object, /) -> bool:
        return self._looked_at() == other

    def __ne__(self, other: object, /) -> bool:
        return self._looked_at() != other

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self._looked_at(),)

    def _looked_at(self) -> dict[str, Any]:
        self._access.noted = True
        return self._data


class _Access:
    """Whether somebody has looked; apart from the session, which its stand-ins thus need not know: no cycle."""

    noted = False  # of the class: nothing to set for one that nobody looks into

    def note(self) -> None:
        self.noted = True


def _taken() -> ValueError:
    return ValueError(f"{ID_KEY!r} cannot be put into a session: its id stands under that key. Choose another one")


def new_id() -> str:
    """Make an id of 256 random bits."""
    return token_urlsafe(32)


def decode(data: bytes) -> dict[str, Any] | None:
    """Read what `encode` has made, `None` if it is no JSON object."""
    try:
        return _decode(data)
    except (ValueError, RecursionError):
        return None


def _reading(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    @wraps(method)
    def read(self: Session, *args: Any) -> Any:
        return method(self._looked_at(), *args)  # pyright: ignore[reportPrivateUsage]  # a method of it

    return read


# Overridden in a loop, since all do the same. With `__iter__` among them `dict(session)` and `**session` ask, too.
for _name in (
    *("__contains__", "__getitem__", "__iter__", "__len__", "__repr__", "__reversed__"),
    *("copy", "get", "items", "keys", "values"),
):
    setattr(Session, _name, _reading(_name))

"""What the encoders do with a value that msgspec does not know."""

from collections.abc import Callable, Mapping
from typing import Any

from hawkapi.serialization.pydantic import is_pydantic_model


class StandIn:
    """Stands in a dict or a list for a value of which its owner must know when it is read.

    Code in C takes what a subclass of `dict` holds past its methods. A stand-in is nothing that msgspec knows, so that
    it asks, and `encode_unknown` answers. What compares it compares the value.

    Args:
        value: What is sent in its place.
        note: Called when that is read.
    """

    __slots__ = ("_note", "_value")

    def __init__(self, value: Any, note: Callable[[], None]) -> None:
        self._value, self._note = value, note

    def read(self) -> Any:
        """Give the value, and tell its owner."""
        self._note()
        return self._value

    def __eq__(self, other: object, /) -> bool:
        return self.read() == other


def encode_unknown(value: Any) -> Any:
    """Give a representation made of types that msgspec knows.

    Pydantic v2 models become what `model_dump(mode="json", by_alias=True)` says, a `StandIn` its value, any other
    mapping a dict.

    Raises:
        TypeError: If there is none; the text names the type.
    """
    if is_pydantic_model(type(value)):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, StandIn):
        return value.read()
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # items are encoded by msgspec
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} has no JSON representation")

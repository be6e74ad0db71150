"""What the encoders do with a value that msgspec does not know."""

from collections.abc import Mapping
from sys import modules
from typing import Any


def encode_unknown(value: Any) -> Any:
    """Give a representation made of types that msgspec knows.

    Pydantic v2 models become what `model_dump(mode="json")` says; pydantic is never imported for it: a
    model cannot exist before its library does. Any other mapping becomes a dict.

    Raises:
        TypeError: If there is none; the text names the type.
    """
    pydantic = modules.get("pydantic")
    if pydantic is not None and isinstance(value, pydantic.BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # items are encoded by msgspec
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} has no JSON representation")

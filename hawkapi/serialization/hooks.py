"""What the encoders do with a value that msgspec does not know."""

from collections.abc import Mapping
from typing import Any

from hawkapi.serialization.pydantic import is_pydantic_model


def encode_unknown(value: Any) -> Any:
    """Give a representation made of types that msgspec knows.

    Pydantic v2 models become what `model_dump(mode="json", by_alias=True)` says, any other mapping becomes a dict.

    Raises:
        TypeError: If there is none; the text names the type.
    """
    if is_pydantic_model(type(value)):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # items are encoded by msgspec
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} has no JSON representation")

"""What a value of unknown type is, told to the type checker too."""

from typing import Any, TypeGuard


def is_class(kind: object) -> TypeGuard[type[Any]]:
    """Tell whether an annotation is a class."""
    return isinstance(kind, type)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a decoded value was a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a decoded value was a JSON array."""
    return isinstance(value, list)

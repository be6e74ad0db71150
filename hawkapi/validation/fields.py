"""The fields of Structs, dataclasses and TypedDicts, read alike."""

import dataclasses
from functools import lru_cache
from typing import Any, NamedTuple, NotRequired, Required, get_args, get_origin, get_type_hints, is_typeddict

import msgspec


class Field(NamedTuple):
    """A field of a model.

    Attributes:
        name: In Python.
        key: In the data.
        kind: Its annotation.
        required: A missing one is an error.
    """

    name: str
    key: str
    kind: Any
    required: bool


@lru_cache(maxsize=1024)  # types do not change
def fields_of(kind: Any) -> tuple[Field, ...] | None:
    """Give the fields of a class whose data is an object with these keys; `None` for any other class.

    Of generic types only Structs are read: of the others no parameter is put in its place.
    """
    origin = get_origin(kind) or kind
    if issubclass(origin, msgspec.Struct):
        if origin.__struct_config__.array_like:
            return None
        return tuple(Field(f.name, f.encode_name, f.type, f.required) for f in msgspec.structs.fields(kind))
    if get_args(kind):
        return None
    if dataclasses.is_dataclass(origin):
        hints = get_type_hints(origin, include_extras=True)
        return tuple(
            Field(f.name, f.name, hints[f.name], _is_required(f)) for f in dataclasses.fields(origin) if f.init
        )
    if is_typeddict(origin):
        required: frozenset[str] = origin.__required_keys__
        hints = get_type_hints(origin, include_extras=True)
        return tuple(Field(name, name, _bare(hint), name in required) for name, hint in hints.items())
    return None


def _bare(hint: Any) -> Any:
    """Take `Required[...]` and `NotRequired[...]` off a TypedDict's field."""
    return get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING

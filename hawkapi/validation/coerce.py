"""Text to values: what a path segment, a query value, a header or a form field becomes."""

import enum
import math
import re
import types
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, NewType, Union, get_args, get_origin
from uuid import UUID

import msgspec

from hawkapi.validation.shapes import is_class

INVALID: Final[Any] = object()
"""What a conversion gives when the text does not convert; no raise, since bad input is ordinary."""

_INT_MAX, _INT_MIN = 2**63 - 1, -(2**63)
_is_int = re.compile(r"-?[0-9]{1,20}", re.ASCII).fullmatch
_is_float = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?", re.ASCII).fullmatch
_is_uuid = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
_BOOLS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def to_str(text: str) -> Any:
    """Give the text itself; an empty path segment never gets here."""
    return text


def to_int(text: str) -> Any:
    """Read `-?[0-9]+` in ASCII, within 64 bits."""
    if text.isdigit() and text.isascii() and len(text) < 19:
        return int(text)
    if _is_int(text) is None:
        return INVALID
    value = int(text)
    return value if _INT_MIN <= value <= _INT_MAX else INVALID


def to_float(text: str) -> Any:
    """Read a finite decimal number, with or without an exponent."""
    if _is_float(text) is None:
        return INVALID
    value = float(text)
    return value if math.isfinite(value) else INVALID


def to_bool(text: str) -> Any:
    """Read `true/1/yes/on` and `false/0/no/off`, in any case."""
    return _BOOLS.get(text.lower(), INVALID)


def to_uuid(text: str) -> Any:
    """Read the canonical form of a UUID (RFC 9562): 32 hexadecimal digits in five groups."""
    return UUID(text) if _is_uuid(text) is not None else INVALID


def to_decimal(text: str) -> Any:
    """Read a finite decimal number exactly; its exponent has four digits at most, so that `int()` of it is harmless."""
    return Decimal(text) if _is_float(text) is not None else INVALID


class UnsupportedType(TypeError):  # noqa: N818  # it says what was found
    """A type cannot be made from text; the text of the error names it."""


class TextConverter(msgspec.Struct, frozen=True):
    """How a text becomes a value of one type.

    Attributes:
        convert: Gives the value, constraints checked, or `INVALID`.
        explain: Says what is wrong with a text that does not convert; the text itself is named only if `reveal`.
        kind: `"str"` or `"int"` where generated code may convert by itself, else `"other"`.
        bounds: For `kind == "int"`: operator and number of each failing comparison (`("<", 1)` refuses values below 1).
    """

    convert: Callable[[str], Any]
    explain: Callable[[str, bool], str]
    kind: Literal["str", "int", "other"] = "other"
    bounds: tuple[tuple[str, int], ...] = ()


_SIMPLE: dict[Any, tuple[Callable[[str], Any], str]] = {
    str: (to_str, "string"),
    int: (to_int, "integer"),
    float: (to_float, "number"),
    bool: (to_bool, "boolean"),
    UUID: (to_uuid, "UUID"),
    Decimal: (to_decimal, "decimal number"),
}
_BY_MSGSPEC = {datetime: "datetime", date: "date", time: "time", timedelta: "duration", bytes: "base64 text"}


def split_annotated(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Split `Annotated[T, a, b]` into `T` and `(a, b)`, through `NewType`s and aliases; others have no metadata."""
    metadata: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            metadata = (*annotation.__metadata__, *metadata)
            annotation = annotation.__origin__
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif (member := _only_member(annotation)) is not None:
            metadata = (*member.__metadata__, *metadata)  # Annotated[T, Depends(f)] | None
            annotation = Union[member.__origin__, None]  # noqa: UP007  # the type is data here
        elif type(annotation).__name__ == "TypeAliasType":  # `type X = ...` of Python 3.12
            annotation = annotation.__value__
        else:
            return annotation, metadata


def _only_member(annotation: Any) -> Any:
    """Give the annotated type of which a union says that it may be `None`; of any other annotation `None`."""
    members = union_members(annotation)
    if members == (annotation,) or len(members) != 1 or get_origin(members[0]) is not Annotated:
        return None
    return members[0]


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Give the members of a union without `None`; of any other annotation the annotation alone."""
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(member for member in get_args(annotation) if member is not types.NoneType)
    return (annotation,)


def text_converter(annotation: Any, metas: tuple[msgspec.Meta, ...] = ()) -> TextConverter:
    """Make the converter of a type.

    Args:
        annotation: The type: str, int, float, bool, UUID, Decimal, date and time types, Enum, Literal, or a union of
            them; `Annotated[T, msgspec.Meta(...)]` anywhere. In a union `str` is tried last. `Any` is taken for `str`.
        metas: Constraints from outside the annotation.

    Raises:
        UnsupportedType: If values of the type cannot be made from text, or a constraint does not fit it.
    """
    base, metadata = split_annotated(annotation)
    metas = (*(m for m in metadata if isinstance(m, msgspec.Meta)), *metas)
    members = union_members(base)
    if len(members) > 1:
        ordered = sorted(members, key=lambda member: split_annotated(member)[0] is str)
        return _first_of([text_converter(member, metas) for member in ordered], _expected_union(ordered))
    if members and members[0] is not base:
        return text_converter(members[0], metas)
    if base is Any:
        base = str
    convert, expected = _converter(base)
    if not metas:
        return _plain(base, convert, expected)
    return _constrained(base, convert, expected, metas)


def _converter(base: Any) -> tuple[Callable[[str], Any], str]:
    simple = _SIMPLE.get(base)
    if simple is not None:
        return simple
    if base in _BY_MSGSPEC:
        return _through_msgspec(base, strict=True), _BY_MSGSPEC[base]
    if is_class(base) and issubclass(base, enum.Enum):
        check_type(base)
        return _through_msgspec(base, strict=False), _one_of(tuple(member.value for member in base))
    if get_origin(base) is Literal:
        choices = tuple(choice for choice in get_args(base) if choice is not None)
        if all(type(choice) in (str, int) for choice in choices):
            return _through_msgspec(Literal[choices], strict=False), _one_of(choices)
    raise UnsupportedType(f"{_name(base)} cannot be made from text")


def _one_of(choices: tuple[Any, ...]) -> str:
    return "one of " + ", ".join(repr(choice) for choice in choices)


def check_type(annotation: Any) -> None:
    """Refuse a type that msgspec cannot make.

    Raises:
        UnsupportedType: If it is none, a constraint does not fit it, or it names what cannot be found.
    """
    try:
        msgspec.json.Decoder(annotation)
    except Exception as exc:  # reading a type evaluates annotations of the user: whatever it raises is the finding
        raise UnsupportedType(str(exc)) from exc


def _expected_union(members: list[Any]) -> str:
    return " or ".join(_converter(split_annotated(member)[0])[1] for member in members)


def _through_msgspec(base: Any, *, strict: bool) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        try:
            return msgspec.convert(text, base, strict=strict)
        except msgspec.ValidationError:
            return INVALID

    return convert


def _got(expected: str, text: str, reveal: bool) -> str:
    return f"Expected {expected}, got {text[:200]!r}" if reveal else f"Expected {expected}"


def _plain(base: Any, convert: Callable[[str], Any], expected: str) -> TextConverter:
    kind = "str" if base is str else "int" if base is int else "other"
    return TextConverter(convert, lambda text, reveal: _got(expected, text, reveal), kind)


def _first_of(converters: list[TextConverter], expected: str) -> TextConverter:
    def convert(text: str) -> Any:
        for converter in converters:
            value = converter.convert(text)
            if value is not INVALID:
                return value
        return INVALID

    return TextConverter(convert, lambda text, reveal: _got(expected, text, reveal))


def _constrained(
    base: Any, convert: Callable[[str], Any], expected: str, metas: tuple[msgspec.Meta, ...]
) -> TextConverter:
    constrained: Any = Annotated[(base, *metas)]  # pyright: ignore[reportInvalidTypeForm]  # the type is data here
    check_type(constrained)

    def problem(value: Any) -> str | None:
        try:
            msgspec.convert(value, constrained)
        except msgspec.ValidationError as exc:
            return str(exc)
        return None

    def checked(text: str) -> Any:
        value = convert(text)
        return value if value is not INVALID and problem(value) is None else INVALID

    def explain(text: str, reveal: bool) -> str:
        value = convert(text)
        return (problem(value) if value is not INVALID else None) or _got(expected, text, reveal)

    bounds = _bounds(metas) if base is int else None
    if bounds is not None:
        return TextConverter(checked, explain, "int", bounds)
    return TextConverter(checked, explain)


def _bounds(metas: tuple[msgspec.Meta, ...]) -> tuple[tuple[str, int], ...] | None:
    """Give the comparisons that refuse a value, or `None` where a constraint is more than a comparison."""
    found: list[tuple[str, int]] = []
    for meta in metas:
        if meta.multiple_of is not None:
            return None
        for operator, bound in (("<", meta.ge), (">", meta.le), ("<=", meta.gt), (">=", meta.lt)):
            if bound is not None:
                found.append((operator, int(bound)))
    return tuple(found)


def _name(annotation: Any) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else repr(annotation)


PLAIN_TEXT: Final = text_converter(str)
"""Takes any text as it is."""

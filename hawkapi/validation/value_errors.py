"""All errors of decoded data: it is walked beside its type, since a decoder stops at the first."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Annotated, Any, NamedTuple, TypeAlias, get_args, get_origin

import msgspec

from hawkapi.serialization.pydantic import decode_unknown, is_pydantic_model, model_errors
from hawkapi.validation.coerce import split_annotated, union_members
from hawkapi.validation.errors import VALUE_LIMIT, ValidationErrorDetail, error_detail
from hawkapi.validation.fields import fields_of
from hawkapi.validation.shapes import is_array, is_class, is_object

MOST_ERRORS = 1000
"""Errors of one body that are reported: the answer to a hostile list must not outgrow the list."""

MOST_VALUES = 20_000
"""Values of one body that are looked at: the loop stands still meanwhile. What lies beyond is not reported."""

_Path: TypeAlias = "tuple[_Path, str] | None"
"""The way to a value from the inside out; it becomes text where there is an error, which is seldom."""

_at_path = re.compile(r" - at (?:`key` in )?`\$(.*)`\Z", re.DOTALL).search
_missing_field = re.compile(r"Object missing required field `([^`]*)`").match
_steps = re.compile(r"\[(\d+)\]|\.?([^.\[]+|\[)", re.DOTALL).findall

_ANYTHING = (Any, msgspec.Raw)
_PLAIN = (str, int, bool)


def value_errors(data: Any, annotation: Any) -> list[ValidationErrorDetail]:
    """Find every error of data made of dicts, lists, texts and numbers.

    Args:
        data: What was decoded.
        annotation: The type it should have.
    """
    walk = _Walk()
    walk.run(data, annotation)
    return walk.errors


def failure_error(failure: Exception, data: Any, path: _Path = None) -> ValidationErrorDetail:
    """Report what msgspec or a user's model raised for data: msgspec's text has the rest of the path at its end."""
    text = str(failure)
    if inside := _at_path(text):
        text, path, data = text[: inside.start()], (path, inside.group(1)), _follow(data, inside.group(1))
    if missing := _missing_field(text):
        path, data = (path, f".{missing.group(1)}"), msgspec.UNSET
    return error_detail(_field(path), text, data)


def _follow(data: Any, path: str) -> Any:
    """Give what stands at a path as msgspec writes it, or `UNSET` where it names no key."""
    try:
        for index, key in _steps(path):
            data = data[int(index) if index else key]
    except (LookupError, TypeError):  # "[...]" for the values of a dict, or a name with a dot in it
        return msgspec.UNSET
    return data


def _field(path: _Path) -> str:
    steps: list[str] = []
    while path is not None:
        path, step = path
        steps.append(step)
    return "".join(reversed(steps)).removeprefix(".") or "$"


class _Container(NamedTuple):
    """A value whose parts are being looked at.

    Attributes:
        value: Itself.
        base: Its type.
        path: The way to it.
        parts: Value, type and path of each part that is still to come.
        errors: Errors that were known before it.
        seen: Values that were seen before it.
    """

    value: Any
    base: Any
    path: _Path
    parts: Iterator[tuple[Any, Any, _Path]]
    errors: int
    seen: int


class _Walk:
    """One look at a value and all that is in it, without recursion: data nests deeper than Python may call."""

    def __init__(self) -> None:
        self.errors: list[ValidationErrorDetail] = []
        self._seen = 0
        self._open: list[_Container] = []

    def run(self, data: Any, annotation: Any) -> None:
        """Look at the data until the end, or until there is enough."""
        self._look(data, annotation, None)
        while self._open and self._seen < MOST_VALUES and len(self.errors) < MOST_ERRORS:
            part = next(self._open[-1].parts, None)
            if part is None:
                self._close(self._open.pop())
            else:
                self._look(*part)

    def _look(self, value: Any, annotation: Any, path: _Path) -> None:
        self._seen += 1
        base, metas = _resolve(annotation, value)
        if base in _ANYTHING or (base in _PLAIN and type(value) is base and not metas):
            return
        if is_pydantic_model(base):
            self._check_model(value, base, path)
            return
        missing, parts = _parts(value, base, path)
        if parts is None:
            self._check(value, annotation, path)
            return
        known = len(self.errors)
        if metas:
            self._check(value, Annotated[(type(value), *metas)], path)  # pyright: ignore[reportInvalidTypeForm]  # the type is data here
        for key in missing:
            self.errors.append(error_detail(_field((path, f".{key}")), f"Object missing required field `{key}`"))
        self._open.append(_Container(value, base, path, parts, known, self._seen))

    def _close(self, container: _Container) -> None:
        """Ask a model whose fields are all right what it says as a whole; the effort counts as a second look."""
        if len(self.errors) == container.errors and _has_own_checks(container.base):
            self._check(container.value, container.base, container.path)
            self._seen += self._seen - container.seen

    def _check(self, value: Any, annotation: Any, path: _Path) -> None:
        try:
            msgspec.convert(value, annotation, dec_hook=decode_unknown, str_keys=True)
        except msgspec.ValidationError as exc:
            self.errors.append(failure_error(exc, value, path))

    def _check_model(self, value: Any, model: Any, path: _Path) -> None:
        try:
            model.model_validate(value)
        except ValueError as exc:
            for error in model_errors(exc):
                self.errors.append(error_detail(_field((path, error.path)), error.message, error.value))


def _resolve(annotation: Any, value: Any) -> tuple[Any, tuple[msgspec.Meta, ...]]:
    """Give the type that counts for a value, out of `Annotated`, `T | None` and unions of tagged Structs."""
    base, metadata = split_annotated(annotation)
    metas = tuple(m for m in metadata if isinstance(m, msgspec.Meta))
    members = tuple(m for m in union_members(base) if m is not msgspec.UnsetType)
    if value is not None and len(members) == 1 and members[0] is not base:
        inner, more = _resolve(members[0], value)
        return inner, (*more, *metas)
    if len(members) > 1 and is_object(value):
        return next((member for member in members if _tag_fits(member, value)), base), metas
    return base, metas


def _tag_fits(member: Any, value: Mapping[str, Any]) -> bool:
    config = _struct_config(get_origin(member) or member)
    return config is not None and config.tag is not None and value.get(config.tag_field) == config.tag


def _is_mistagged(origin: Any, value: Mapping[str, Any]) -> bool:
    config = _struct_config(origin)
    return config is not None and config.tag is not None and value.get(config.tag_field, config.tag) != config.tag


def _has_own_checks(base: Any) -> bool:
    """Tell whether a model refuses more than its fields do."""
    origin = get_origin(base) or base
    config = _struct_config(origin)
    return hasattr(origin, "__post_init__") or (config is not None and config.forbid_unknown_fields)


def _struct_config(origin: Any) -> Any:
    return origin.__struct_config__ if is_class(origin) and issubclass(origin, msgspec.Struct) else None


_NO_PARTS: tuple[list[str], None] = ([], None)


def _parts(value: Any, base: Any, path: _Path) -> tuple[list[str], Iterator[tuple[Any, Any, _Path]] | None]:
    """Give the keys that a value lacks and an iterator over its parts; no iterator for what is looked at as one."""
    origin = get_origin(base) or base
    if not is_class(origin):
        return _NO_PARTS
    kinds = get_args(base)
    if is_array(value):
        if not kinds or not issubclass(origin, Collection) or issubclass(origin, Mapping):
            return _NO_PARTS
        if origin is tuple and kinds[-1] is not ...:
            return ([], _indexed(value, kinds, path)) if len(kinds) == len(value) else _NO_PARTS
        return [], _items(value, kinds[0], path)
    if not is_object(value):
        return _NO_PARTS
    if issubclass(origin, Mapping) and kinds:
        return ([], _entries(value, kinds[1], path)) if split_annotated(kinds[0]) == (str, ()) else _NO_PARTS
    fields = None if _is_mistagged(origin, value) else fields_of(base)
    if fields is None:
        return _NO_PARTS
    missing = [field.key for field in fields if field.required and field.key not in value]
    return missing, ((value[f.key], f.kind, (path, f".{f.key}")) for f in fields if f.key in value)


def _items(values: Iterable[Any], kind: Any, path: _Path) -> Iterator[tuple[Any, Any, _Path]]:
    return ((value, kind, (path, f"[{i}]")) for i, value in enumerate(values))


def _indexed(values: Iterable[Any], kinds: Iterable[Any], path: _Path) -> Iterator[tuple[Any, Any, _Path]]:
    return ((value, kind, (path, f"[{i}]")) for i, (value, kind) in enumerate(zip(values, kinds, strict=True)))


def _entries(values: Mapping[str, Any], kind: Any, path: _Path) -> Iterator[tuple[Any, Any, _Path]]:
    return ((value, kind, (path, f".{key[:VALUE_LIMIT]}")) for key, value in values.items())

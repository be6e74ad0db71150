"""JSON bodies: decoded straight into their type, and all their errors found when that fails."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints, is_typeddict

import msgspec

from hawkapi.validation.coerce import split_annotated, union_members
from hawkapi.validation.errors import ValidationErrorDetail, error_detail
from hawkapi.validation.specs import is_pydantic_model

MOST_ERRORS = 1000
"""Errors of one body that are reported: the answer to a hostile list must not outgrow the list."""

_at_path = re.compile(r" - at `\$(.*)`\Z", re.DOTALL).search
_missing_field = re.compile(r"Object missing required field `([^`]*)`").match


def body_decoder(annotation: Any) -> Callable[[bytes], Any]:
    """Make the function that decodes a JSON body into a type.

    It raises `ValueError` (msgspec's and pydantic's errors are of that class) for a body that does not fit.
    """
    base = split_annotated(annotation)[0]
    if is_pydantic_model(base):
        return base.model_validate_json
    return msgspec.json.Decoder(annotation, dec_hook=decode_unknown).decode


def decode_unknown(kind: type, value: Any) -> Any:
    """Decode a type that msgspec does not know: a pydantic model."""
    if is_pydantic_model(kind):
        return kind.model_validate(value)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]  # just asked
    raise NotImplementedError(f"{kind.__qualname__} cannot be decoded from JSON")


def body_errors(body: bytes, annotation: Any, failure: Exception) -> list[ValidationErrorDetail]:
    """Find every error of a body that did not decode.

    Args:
        body: The body as received, not empty.
        annotation: The type it should have.
        failure: What decoding raised.

    Returns:
        At least one entry; a body that is no JSON at all has one, with field `$`.
    """
    try:
        data = msgspec.json.decode(body)
    except UnicodeDecodeError:
        return [ValidationErrorDetail("$", "JSON is malformed: invalid UTF-8")]
    except (ValueError, RecursionError) as exc:
        return [ValidationErrorDetail("$", str(exc))]
    errors = value_errors(data, annotation)
    return errors or [_from_failure(failure, data)]


def value_errors(data: Any, annotation: Any, *, strict: bool = True) -> list[ValidationErrorDetail]:
    """Find every error of data made of dicts, lists, texts and numbers.

    Args:
        data: What was decoded.
        annotation: The type it should have.
        strict: False lets texts stand for numbers and booleans, as in forms.
    """
    errors: list[ValidationErrorDetail] = []
    for found in _walk(data, annotation, "", strict):
        errors.append(error_detail(found.path or "$", found.message, found.value))
        if len(errors) == MOST_ERRORS:
            break
    return errors


def _from_failure(failure: Exception, data: Any) -> ValidationErrorDetail:
    """Report what only the whole type saw: a `__post_init__` or a validator across fields."""
    found = _Found.of(failure, "", msgspec.UNSET)
    return error_detail(found.path or "$", found.message, data if not found.path else msgspec.UNSET)


class _Found(NamedTuple):
    path: str
    message: str
    value: Any

    @classmethod
    def of(cls, exc: Exception, path: str, value: Any) -> "_Found":
        """Read msgspec's text: the path stands at its end, a missing field in its middle."""
        text = str(exc)
        inside = _at_path(text)
        if inside is not None:
            text, value = text[: inside.start()], msgspec.UNSET
            path += inside.group(1)
        missing = _missing_field(text)
        if missing is not None:
            path, value = f"{path}.{missing.group(1)}", msgspec.UNSET
        return cls(path.removeprefix("."), text, value)


def _walk(value: Any, annotation: Any, path: str, strict: bool) -> Iterator[_Found]:
    base, metadata = split_annotated(annotation)
    members = union_members(base)
    if len(members) == 1 and members[0] is not base:
        if value is not None:
            yield from _walk(value, members[0], path, strict)
        return
    parts = None if metadata else _parts(value, base)
    if parts is None:
        yield from _leaf(value, annotation, path, strict)
        return
    for name in parts.missing:
        yield _Found(f"{path}.{name}".removeprefix("."), f"Object missing required field `{name}`", msgspec.UNSET)
    for step, item, kind in parts.items:
        yield from _walk(item, kind, f"{path}{step}", strict)


class _Parts(NamedTuple):
    """What a container holds: its parts with the step to each and their types, and the fields that are not there."""

    items: list[tuple[str, Any, Any]]
    missing: list[str]


def _parts(value: Any, base: Any) -> _Parts | None:
    origin = get_origin(base) or base
    if isinstance(value, list):
        kinds = get_args(base)
        if not kinds or origin is dict or not isinstance(origin, type) or (origin is tuple and kinds[-1] is not ...):
            return None
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]  # JSON
        return _Parts([(f"[{i}]", item, kinds[0]) for i, item in enumerate(items)], [])
    if not isinstance(value, Mapping):
        return None
    data: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]  # JSON
    if origin is dict and len(get_args(base)) == 2 and split_annotated(get_args(base)[0])[0] is str:
        kind = get_args(base)[1]
        return _Parts([(f".{key}", item, kind) for key, item in data.items()], [])
    fields = _fields(base, origin)
    if fields is None:
        return None
    return _Parts(
        [(f".{name}", data[name], kind) for name, kind, _ in fields if name in data],
        [name for name, _, required in fields if required and name not in data],
    )


@lru_cache(maxsize=1024)  # types do not change
def _fields(base: Any, origin: Any) -> list[tuple[str, Any, bool]] | None:
    """Give name, type and whether it is required of each field, for types whose fields stand side by side."""
    if not isinstance(origin, type):
        return None
    if issubclass(origin, msgspec.Struct):
        config = origin.__struct_config__
        if config.array_like or config.tag is not None:
            return None
        return [(f.encode_name, f.type, f.required) for f in msgspec.structs.fields(base)]
    if dataclasses.is_dataclass(origin):
        hints = get_type_hints(origin, include_extras=True)
        return [
            (f.name, hints[f.name], f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING)
            for f in dataclasses.fields(origin)
            if f.init
        ]
    if is_typeddict(origin):
        hints = get_type_hints(origin, include_extras=True)
        required: frozenset[str] = origin.__required_keys__  # pyright: ignore[reportAttributeAccessIssue]  # a TypedDict
        return [(name, _without_requirement(kind), name in required) for name, kind in hints.items()]
    return None


def _without_requirement(kind: Any) -> Any:
    """Take `Required[...]` and `NotRequired[...]` off a TypedDict's field."""
    return get_args(kind)[0] if str(get_origin(kind)).endswith("Required") else kind


def _leaf(value: Any, annotation: Any, path: str, strict: bool) -> Iterator[_Found]:
    base = split_annotated(annotation)[0]
    if is_pydantic_model(base):
        yield from _pydantic_errors(lambda: base.model_validate(value), path)
        return
    try:
        msgspec.convert(value, annotation, strict=strict, dec_hook=decode_unknown, str_keys=True)
    except msgspec.ValidationError as exc:
        yield _Found.of(exc, path, value)


def _pydantic_errors(validate: Callable[[], Any], path: str) -> Iterator[_Found]:
    try:
        validate()
    except ValueError as exc:
        for error in exc.errors():  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue]  # pydantic
            steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"])  # pyright: ignore[reportUnknownVariableType]  # pydantic
            value = msgspec.UNSET if error["type"] == "missing" else error["input"]
            yield _Found(f"{path}{steps}".removeprefix("."), error["msg"], value)

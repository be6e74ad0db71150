"""Pydantic v2 models beside msgspec types; pydantic is never imported for it: no model exists before its library."""

from collections.abc import Callable, Iterator
from itertools import islice
from sys import modules
from typing import Any, NamedTuple, TypeGuard

import msgspec

MOST_ERRORS = 1000
"""Errors of one model that are told apart: pydantic makes a dict of each."""


class ModelError(NamedTuple):
    """One error of a model: where (`.items[0].id`, empty for the model as a whole), what, and the offending value."""

    path: str
    message: str
    value: Any


def is_pydantic_model(kind: Any) -> TypeGuard[Any]:
    """Tell whether a type is a pydantic v2 model."""
    pydantic = modules.get("pydantic")
    return pydantic is not None and isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)


def model_decoder(model: Any) -> Callable[[bytes], Any]:
    """Make the function that decodes a JSON text into a model; it raises `ValueError` for one that does not fit."""
    validate = model.model_validate_json

    def decode(body: bytes) -> Any:
        _check_syntax(body)  # pydantic also takes NaN
        return validate(body)

    return decode


_check_syntax = msgspec.json.Decoder(msgspec.Raw).decode


def decode_unknown(kind: type, value: Any) -> Any:
    """Decode a type that msgspec does not know: a pydantic model, or `object`, which any value is.

    Raises:
        ValueError: If the value does not fit; the text repeats nothing of it.
        NotImplementedError: If it is another type.
    """
    if kind is object:
        return value
    if not is_pydantic_model(kind):
        raise NotImplementedError(f"{kind.__qualname__} cannot be decoded")
    try:
        return kind.model_validate(value)
    except ValueError as exc:
        raise ValueError(_summary(exc)) from None


def model_dumper(annotation: Any, **exclusion: bool) -> Callable[[Any], Any]:
    """Make the function that brings a value to pydantic models and gives what they are sent as.

    An instance of a subclass is sent by the fields of the model, other objects are read by their attributes.

    Args:
        annotation: The model, or lists, dicts and unions of models.
        exclusion: `exclude_none`, `exclude_unset` and `exclude_defaults` of `model_dump`.

    Returns:
        A function that raises `ValueError` for a value that does not fit; the text repeats nothing of it.
    """
    adapter = modules["pydantic"].TypeAdapter(annotation)

    def dump(value: Any) -> Any:
        try:
            model = adapter.validate_python(value, from_attributes=True)
        except ValueError as exc:
            raise ValueError(_summary(exc)) from None
        return adapter.dump_python(model, mode="json", by_alias=True, **exclusion)

    return dump


def model_data(model: Any) -> dict[str, Any]:
    """Give the data from which a model could be made again, under the names that it is validated by.

    What `model_dump` gives may be written for the reader: renamed, formatted, computed.
    """
    fields: dict[str, Any] = model.__class__.model_fields
    named = {_validated_name(name, field): getattr(model, name) for name, field in fields.items()}
    return named | (model.model_extra or {})


def plain_value(value: Any) -> Any:
    """Give what pydantic makes of a value in JSON (a `SecretStr`, a URL), `UNSET` if it does not know it either."""
    core = modules.get("pydantic_core")
    if core is None:
        return msgspec.UNSET
    try:
        return core.to_jsonable_python(value)
    except ValueError:
        return msgspec.UNSET


def _validated_name(name: str, field: Any) -> str:
    alias = field.validation_alias
    alias = alias.choices[0] if hasattr(alias, "choices") else alias
    return alias if isinstance(alias, str) else name


def is_model_failure(exc: Exception) -> bool:
    """Tell whether an exception is pydantic's `ValidationError`."""
    pydantic = modules.get("pydantic")
    return pydantic is not None and isinstance(exc, pydantic.ValidationError)


def model_errors(failure: Any) -> Iterator[ModelError]:
    """Give the errors in pydantic's `ValidationError`, all of them unless there are too many to look at."""
    if failure.error_count() > MOST_ERRORS:
        yield ModelError("", f"{failure.error_count()} errors", msgspec.UNSET)
        return
    for error in failure.errors(include_url=False, include_context=False):
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"])
        has_value = error["type"] not in ("missing", "json_invalid")
        yield ModelError(path, error["msg"], error["input"] if has_value else msgspec.UNSET)


def _summary(failure: Any) -> str:
    """Say what is wrong, without the values."""
    found = islice(model_errors(failure), 3)
    return "; ".join(f"{error.path.removeprefix('.')}: {error.message}".removeprefix(": ") for error in found)

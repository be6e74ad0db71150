"""What is wrong with a request's input: one entry an error, all entries of a request together."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from hawkapi._errors import HawkAPIError
from hawkapi.serialization.encoder import encode_response

VALUE_LIMIT = 200
"""Characters of an offending value that are sent back."""

_SECRETS = ("password", "secret", "token", "api_key")


class ValidationErrorDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """One error.

    Attributes:
        field: Dotted path in the body (`items[0].id`, `$` for the body as a whole), or the name of a parameter.
        message: What was expected.
        value: The offending value as received; `UNSET` when there is none or it must not be shown.
    """

    field: str
    message: str
    value: Any = msgspec.UNSET


class ProblemDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem document (RFC 9457) as the framework sends it, for clients and documentation."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[ValidationErrorDetail] | None = None


class RequestValidationError(HawkAPIError):
    """A request's input is wrong.

    Args:
        errors: Every error that was found.
    """

    def __init__(self, errors: Iterable[ValidationErrorDetail]) -> None:
        self.errors = list(errors)
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "; ".join(f"{error.field}: {error.message}" for error in self.errors)


def error_detail(field: str, message: str, value: Any = msgspec.UNSET) -> ValidationErrorDetail:
    """Make an entry whose value may be sent back: cut to 200 characters, left out where it looks like a secret."""
    if value is msgspec.UNSET or is_secret(field) or _carries_secret(value):
        return ValidationErrorDetail(field, message)
    return ValidationErrorDetail(field, message, _cut(value))


@lru_cache(maxsize=1024)
def is_secret(field: str) -> bool:
    """Tell whether a field's name says that its value must not be shown."""
    name = field.lower().replace("-", "_")
    return any(word in name for word in _SECRETS)


def _carries_secret(value: Any) -> bool:
    if not isinstance(value, Mapping | list):
        return False
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            if any(is_secret(str(key)) for key in item):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON
                return True
            pending.extend(item.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]  # JSON
        elif isinstance(item, list):
            pending.extend(item)  # pyright: ignore[reportUnknownArgumentType]  # JSON
    return False


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:VALUE_LIMIT]
    if isinstance(value, int | float | bool | None):
        return value
    text = encode_response(value)
    return value if len(text) <= VALUE_LIMIT else text[:VALUE_LIMIT].decode("utf-8", "ignore")


def count_text(count: int) -> str:
    """Give the problem's `detail`: `1 validation error`, `2 validation errors`."""
    return "1 validation error" if count == 1 else f"{count} validation errors"

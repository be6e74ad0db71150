"""What is wrong with a request's input: one entry an error, all entries of a request together."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from hawkapi._errors import HawkAPIError
from hawkapi.serialization.encoder import encode_response
from hawkapi.validation.shapes import is_array, is_object

VALUE_LIMIT = 200
"""Characters of an offending value that are sent back."""

MESSAGE_LIMIT = 500
"""Characters of a message: some repeat what was sent."""

_SECRETS = ("password", "secret", "token", "api_key")

_strings = re.compile(r'"((?:[^"\\]|\\.)*)"(:?)').findall
_echo = re.compile(r"\A(Invalid (?:enum )?value) .*", re.DOTALL)


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
        self.errors: list[ValidationErrorDetail] = list(errors)
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "; ".join(f"{error.field}: {error.message}" for error in self.errors)


def error_detail(field: str, message: str, value: Any = msgspec.UNSET) -> ValidationErrorDetail:
    """Make an entry that may be sent back: bounded in size, without a value where it looks like a secret."""
    if is_secret(field):
        return ValidationErrorDetail(field[:VALUE_LIMIT], _echo.sub(r"\1", message[:MESSAGE_LIMIT]))
    return ValidationErrorDetail(field[:VALUE_LIMIT], message[:MESSAGE_LIMIT], _shown(value))


def is_secret(field: str) -> bool:
    """Tell whether a field's name says that its value must not be shown."""
    name = field.lower().replace("-", "_")
    return any(word in name for word in _SECRETS)


def _shown(value: Any) -> Any:
    """Give what may be sent back of a value: the beginning of a long one, `UNSET` where a key names a secret."""
    if isinstance(value, str):
        return value[:VALUE_LIMIT]
    if not is_object(value) and not is_array(value):
        return value
    raw = encode_response(value)
    text = raw[:VALUE_LIMIT].decode("utf-8", "ignore")
    # JSON that was just written has nothing escaped in a key that could hide a word. What was cut off is not shown.
    if any(colon and is_secret(name) for name, colon in _strings(text)):
        return msgspec.UNSET
    return value if len(raw) <= VALUE_LIMIT else text


def count_text(count: int) -> str:
    """Give the problem's `detail`: `1 validation error`, `2 validation errors`."""
    return "1 validation error" if count == 1 else f"{count} validation errors"

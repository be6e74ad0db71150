"""JSON bodies: decoded straight into their type, and all their errors found when that fails."""

from collections.abc import Callable
from typing import Any

import msgspec

from hawkapi.serialization.pydantic import (
    decode_unknown,
    is_model_failure,
    is_pydantic_model,
    model_decoder,
    model_errors,
)
from hawkapi.validation.coerce import split_annotated
from hawkapi.validation.errors import ValidationErrorDetail, error_detail
from hawkapi.validation.value_errors import failure_error, value_errors


def body_decoder(annotation: Any) -> Callable[[bytes], Any]:
    """Make the function that decodes a JSON body into a type.

    It raises `ValueError` (msgspec's and pydantic's errors are of that class) for a body that does not fit.
    """
    base = split_annotated(annotation)[0]
    if is_pydantic_model(base):
        return model_decoder(base)
    return msgspec.json.Decoder(annotation, dec_hook=decode_unknown).decode


def body_errors(body: bytes, annotation: Any, failure: Exception) -> list[ValidationErrorDetail]:
    """Find every error of a body that did not decode.

    Args:
        body: The body as received, not empty.
        annotation: The type it should have.
        failure: What decoding raised.

    Returns:
        At least one entry; a body that is no JSON at all has one, with field `$`.
    """
    if is_model_failure(failure):
        return [error_detail(e.path.removeprefix(".") or "$", e.message, e.value) for e in model_errors(failure)]
    try:
        data = msgspec.json.decode(body)
    except msgspec.ValidationError:  # a number that no type holds
        return [failure_error(failure, msgspec.UNSET)]
    except UnicodeDecodeError:
        return [ValidationErrorDetail("$", "JSON is malformed: invalid UTF-8")]
    except (ValueError, RecursionError) as exc:
        return [ValidationErrorDetail("$", str(exc))]
    # Nothing found: it lies beyond the values that are looked at, and the decoder's own error has to do.
    return value_errors(data, annotation) or [failure_error(failure, data)]

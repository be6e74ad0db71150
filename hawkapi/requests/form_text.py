"""The text of a form: its charset, and its limits."""

from typing import Final

from hawkapi.requests.errors import MalformedBody, PayloadTooLarge

# Not every codec that Python knows: the client chooses, and some take the square of the length.
_CODECS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
}


def decode(text: bytes | bytearray, charset: str | None, field: str) -> str:
    """Decode text of a form.

    Args:
        text: As it was sent.
        charset: As the client calls it; `None` is UTF-8.
        field: Named by the errors.

    Raises:
        MalformedBody: If the charset is none of those that forms are written in, or the text is not in it.
    """
    codec = _CODECS.get((charset or "utf-8").lower())
    if codec is None:
        raise MalformedBody(field, f"Unsupported charset {charset!r}"[:200])
    try:
        return text.decode(codec)
    except UnicodeDecodeError:
        raise MalformedBody(field, f"Text is not valid {codec}") from None


def field_too_large(limit: int) -> PayloadTooLarge:
    """Make the error of a field with more than `limit` bytes."""
    return PayloadTooLarge(f"Form field exceeds maximum size of {limit} bytes")


def too_many(what: str, limit: int) -> PayloadTooLarge:
    """Make the error of a form with more than `limit` fields or files."""
    return PayloadTooLarge(f"Form has more than {limit} {what}")

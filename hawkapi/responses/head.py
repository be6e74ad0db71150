"""The head of a response: the one place where header names and values become bytes."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias, cast

from hawkapi._types import RawHeaders

Header: TypeAlias = tuple[bytes, bytes]
HeaderItems: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]
"""Headers before they are encoded; pairs, unlike a mapping, may repeat a name."""

_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_CONTROLS = bytes(code for code in (*range(32), 127) if code != 9)
LENGTHS = [(b"content-length", b"%d" % length) for length in range(1024)]
"""The `content-length` pairs of small contents, for who looks up faster than `content_length` is called."""


def response_head(
    status: int,
    headers: HeaderItems,
    *,
    content_type: str | None,
    length: int | None,
    to_head: bool = False,
) -> RawHeaders:
    """Make the header pairs of an answer, a new list each time.

    Args:
        status: The status sent.
        headers: What the response's author gave. A content type among them wins over `content_type`; a
            content length counts only where no body goes out (HEAD, 304) or where `length` is unknown;
            transfer codings are the server's and left out, as ASGI asks.
        content_type: The media type of the content, `None` for none.
        length: Bytes in the content, `None` for a stream.
        to_head: Whether the request was HEAD: it gets the head of GET.

    Raises:
        ValueError: If a name among `headers` is no token.
    """
    if not headers and length is not None and content_type is not None and allows_body(status):
        return [_content_type(content_type), content_length(length)]
    given: Header | None = None
    typed = content_type is None or not allows_body(status)
    pairs: RawHeaders = []
    for pair in raw_headers(headers):
        name = pair[0]
        if name == b"content-length":
            given = given or (pair if pair[1].isdigit() else None)
        elif name != b"transfer-encoding":
            typed = typed or name == b"content-type"
            pairs.append(pair)
    if not typed and content_type is not None:
        pairs.insert(0, _content_type(content_type))
    if status < 200 or status == 204:  # RFC 9110 8.6: never there
        return pairs
    if length is None or (given is not None and (to_head or status == 304)):
        return pairs if given is None else [*pairs, given]
    if status != 304 or length:  # a 304 names the length of the 200, which an empty content does not tell
        pairs.append(content_length(length))
    return pairs


def raw_headers(headers: HeaderItems) -> RawHeaders:
    """Turn headers into the pairs that ASGI carries.

    Raises:
        ValueError: If a name is no token (RFC 9110).
    """
    pairs = cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers
    return [(header_name(name), header_value(value)) for name, value in pairs]


@lru_cache(maxsize=1024)
def header_name(name: str) -> bytes:
    """Encode a header name in lower case.

    Raises:
        ValueError: If it is no token (RFC 9110).
    """
    if not _is_token(name):
        raise ValueError(f"{name!r} is no header name: RFC 9110 allows letters, digits and !#$%&'*+-.^_`|~")
    return name.lower().encode("ascii")


def header_value(value: str) -> bytes:
    """Encode a header value without control characters but tabs (RFC 9110 5.5), and without white space round it.

    A line break would begin another header; the others make servers give no answer at all. What does not fit latin-1
    goes out as UTF-8, and what fits neither as `?`.
    """
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        raw = value.encode("utf-8", "replace")
    return raw.translate(None, _CONTROLS).strip(b" \t")


def content_length(length: int) -> Header:
    """Give the header pair for a content of `length` bytes; small ones are ready-made."""
    return LENGTHS[length] if length < 1024 else (b"content-length", b"%d" % length)


def allows_body(status: int) -> bool:
    """Tell whether an answer of that status may have content (RFC 9110)."""
    return status >= 200 and status not in (204, 304)


def with_defaults(given: Mapping[str, str], defaults: Mapping[str, str]) -> list[tuple[str, str]]:
    """Put the defaults whose names are not given, in whatever case, in front of the given headers."""
    names = {name.lower() for name in given}
    return [*((name, value) for name, value in defaults.items() if name not in names), *given.items()]


@lru_cache(maxsize=256)
def _content_type(value: str) -> Header:
    return b"content-type", header_value(value)

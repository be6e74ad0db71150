"""The `Cookie` header (RFC 6265)."""

from hawkapi.requests.errors import HeaderFieldsTooLarge


def parse_cookies(header: str, max_size: int = 8192) -> dict[str, str]:
    """Read a `Cookie` header; of a repeated name the first value counts, which is the most specific one.

    Cookies without a name are dropped: `=__Host-id=1` must not pass for `__Host-id`. Quotes round a value are
    taken off, nothing else is decoded.

    Args:
        header: The header's value; of several headers the values joined by `; `.
        max_size: Characters it may have at most.

    Raises:
        HeaderFieldsTooLarge: If it has more.
    """
    if len(header) > max_size:
        raise _too_large(max_size)
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        name = name.strip()
        if name and equals and name not in cookies:
            cookies[name] = _unquote(value)
    return cookies


def find_cookie(header: str, wanted: str, max_size: int = 8192) -> str | None:
    """Give one cookie of a `Cookie` header as `parse_cookies` would, without reading the others.

    Raises:
        HeaderFieldsTooLarge: If the header has more than `max_size` characters.
    """
    if len(header) > max_size:  # written out, like the end: a call costs a tenth of this function
        raise _too_large(max_size)
    for pair in header.split(";"):
        if wanted in pair:
            name, equals, value = pair.partition("=")
            if equals and name.strip() == wanted:
                return _unquote(value) if '"' in value else value.strip()
    return None


def _too_large(max_size: int) -> HeaderFieldsTooLarge:
    return HeaderFieldsTooLarge(f"Cookie header exceeds maximum size of {max_size} bytes")


def _unquote(value: str) -> str:
    value = value.strip()
    return value[1:-1] if value[:1] == '"' == value[-1:] and len(value) > 1 else value

"""The `vary` header of an answer on its way out (RFC 9110 12.5.5): appended to, never replaced."""

from hawkapi._types import RawHeaders


def with_vary(headers: RawHeaders, name: bytes) -> RawHeaders:
    """Say that an answer depends on one more request header.

    Args:
        headers: The headers of an answer; they stay as they are.
        name: The request header, in the case it is written with.

    Returns:
        A new list, in which `vary` names it: as before if it did already, in any case of letters, or if it said `*`.
    """
    at = -1
    for index, (key, value) in enumerate(headers):
        if key == b"vary" or (len(key) == 4 and key.lower() == b"vary"):
            at = index
            if names(value, name):
                return list(headers)
    if at < 0:
        return [*headers, (b"vary", name)]
    result = list(headers)
    key, value = result[at]
    result[at] = (key, value + b", " + name if value.strip(b" \t,") else name)
    return result


def names(value: bytes, name: bytes) -> bool:
    """Tell whether a `vary` value covers a request header: by its name in any case, or by `*`."""
    members = [member.strip() for member in value.lower().split(b",")]
    return name.lower() in members or b"*" in members

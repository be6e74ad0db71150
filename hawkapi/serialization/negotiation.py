"""Content negotiation (RFC 9110, 12.5.1) between JSON and MessagePack."""

from functools import lru_cache
from typing import Any

from hawkapi.serialization.encoder import encode_response, encode_response_msgpack

MSGPACK_TYPES = frozenset({"application/msgpack", "application/x-msgpack"})
"""The names that MessagePack goes by; the first is the registered one."""

_JSON = "application/json"
_KNOWN = {
    _JSON: _JSON,
    "application/msgpack": "application/msgpack",
    "application/x-msgpack": "application/x-msgpack",
    "application/*": _JSON,
    "*/*": _JSON,
}
_LONGEST = 1024


def negotiate_content_type(accept: str | None) -> str:
    """Choose the media type of an answer.

    The highest `q` wins, ties in order; a malformed `q` counts as 1, `q=0` excludes. What the header does not decide
    is JSON.

    Args:
        accept: The Accept header, `None` without one.

    Returns:
        `application/json`, `application/msgpack` or `application/x-msgpack`.
    """
    if not accept:
        return _JSON
    # Clients send the same few headers again and again; a long one is somebody's experiment and not worth keeping.
    return _remembered(accept) if len(accept) <= _LONGEST else _negotiate(accept)


def encode_for_content_type(data: Any, content_type: str) -> bytes:
    """Encode `data` as the media type says: MessagePack for its two names, JSON for all others.

    Raises:
        TypeError: If a value in `data` has no representation.
    """
    return encode_response_msgpack(data) if content_type in MSGPACK_TYPES else encode_response(data)


def _negotiate(accept: str) -> str:
    best, best_quality = _JSON, 0.0
    for item in accept.lower().split(","):
        name, *parameters = item.split(";")
        found = _KNOWN.get(name.strip())
        if found is not None and (quality := _quality(parameters)) > best_quality:
            best, best_quality = found, quality
    return best


_remembered = lru_cache(maxsize=256)(_negotiate)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 1.0
            return quality if 0.0 <= quality <= 1.0 else 1.0
    return 1.0

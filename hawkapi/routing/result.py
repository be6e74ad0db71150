"""From a handler's result to what is sent: the response model, and the encoding that the client accepts."""

from collections.abc import Callable
from typing import Any

import msgspec

from hawkapi.serialization.encoder import encode_response, encode_response_msgpack
from hawkapi.serialization.hooks import encode_unknown
from hawkapi.serialization.negotiation import MSGPACK_TYPES, negotiate_content_type
from hawkapi.serialization.pydantic import decode_unknown

JSON_HEADER = (b"content-type", b"application/json")
VARY_HEADER = (b"vary", b"Accept")

PLAIN_ACCEPTS = frozenset(
    {b"*/*", b"application/json", b"application/json, text/plain, */*", b"application/json, */*", b"text/html"}
)
"""Accept headers that mean JSON: found in a set, most requests need no parsing."""

_MSGPACK_HEADERS = {name: (b"content-type", name.encode()) for name in MSGPACK_TYPES}


def encode_accepted(result: Any, accept: bytes) -> tuple[tuple[bytes, bytes], bytes]:
    """Encode a result as the Accept header asks; gives the content type's header pair and the body."""
    header = _MSGPACK_HEADERS.get(negotiate_content_type(accept.decode("latin-1")))
    if header is None:
        return JSON_HEADER, encode_response(result)
    return header, encode_response_msgpack(result)


def response_filter(model: Any) -> Callable[[Any], Any]:
    """Make the function that filters a result to a response model and validates it.

    It goes by the data, not by the class: an instance of a subclass of the model loses its further fields too. It
    raises `ValueError` for a result that does not fit.
    """

    def shape(result: Any) -> Any:
        plain = msgspec.to_builtins(result, enc_hook=encode_unknown, str_keys=True)
        return msgspec.convert(plain, model, dec_hook=decode_unknown, str_keys=True)

    return shape

"""From a handler's result to what is sent: the response model, and the encoding that the client accepts."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from hawkapi.serialization.encoder import encode_response, encode_response_msgpack
from hawkapi.serialization.hooks import encode_unknown
from hawkapi.serialization.negotiation import MSGPACK_TYPES, negotiate_content_type
from hawkapi.serialization.pydantic import decode_unknown, is_pydantic_model, model_data, plain_value

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
    raises `ValueError` for a result that does not fit, and `TypeError` for one that is no data.
    """

    def shape(result: Any) -> Any:
        plain = msgspec.to_builtins(result, builtin_types=_NATIVE, enc_hook=_take_apart, str_keys=True)
        return msgspec.convert(plain, model, dec_hook=decode_unknown, str_keys=True)

    return shape


_NATIVE = (bytes, datetime, date, time, timedelta, Decimal, UUID)
"""Stay what they are: MessagePack has a form of its own for some."""


def _take_apart(value: Any) -> Any:
    """Give what a value is made of; the fields of a pydantic model may hold what only pydantic knows."""
    if is_pydantic_model(type(value)):
        return model_data(value)
    try:
        return encode_unknown(value)
    except TypeError:
        plain = plain_value(value)
        if plain is msgspec.UNSET:
            raise
        return plain

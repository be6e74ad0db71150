"""Results to bytes: JSON and MessagePack by msgspec, with one hook for what msgspec does not know."""

from typing import Any

import msgspec

from hawkapi.serialization.hooks import encode_unknown

encode_response = msgspec.json.Encoder(enc_hook=encode_unknown).encode
encode_response_msgpack = msgspec.msgpack.Encoder(enc_hook=encode_unknown).encode


def encode_for_content_type(data: Any, content_type: str) -> bytes:
    """Encode `data` as the media type says: MessagePack for its two names, JSON for all others.

    Raises:
        TypeError: If a value in `data` has no representation.
    """
    if content_type in MSGPACK_TYPES:
        return encode_response_msgpack(data)
    return encode_response(data)


MSGPACK_TYPES = frozenset({"application/msgpack", "application/x-msgpack"})

"""Results to bytes: JSON and MessagePack by msgspec, with one hook for what msgspec does not know."""

from collections.abc import Callable
from typing import Any

import msgspec

from hawkapi.serialization.hooks import encode_unknown

encode_response: Callable[[Any], bytes] = msgspec.json.Encoder(enc_hook=encode_unknown).encode
encode_response_msgpack: Callable[[Any], bytes] = msgspec.msgpack.Encoder(enc_hook=encode_unknown).encode

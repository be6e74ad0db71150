"""Serialization: JSON and MessagePack, chosen by what the client accepts."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.serialization.encoder import encode_response as encode_response
    from hawkapi.serialization.encoder import encode_response_msgpack as encode_response_msgpack
    from hawkapi.serialization.negotiation import encode_for_content_type as encode_for_content_type
    from hawkapi.serialization.negotiation import negotiate_content_type as negotiate_content_type

__all__ = [
    "encode_for_content_type",
    "encode_response",
    "encode_response_msgpack",
    "negotiate_content_type",
]

_TABLE = {
    "encode_for_content_type": "hawkapi.serialization.negotiation",
    "encode_response": "hawkapi.serialization.encoder",
    "encode_response_msgpack": "hawkapi.serialization.encoder",
    "negotiate_content_type": "hawkapi.serialization.negotiation",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

"""How much of a request is read before it is refused."""

import msgspec

KIB = 1024
MIB = 1024 * KIB


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes (bytes) and counts up to which a request is accepted; exactly the limit is fine.

    Attributes:
        body: Whole request body, counted as it arrives (413).
        fields: Fields of a form (413).
        files: Files of a form (413).
        field_size: One form field (413).
        part_headers: Headers of one part of a multipart form (400).
        part_header_size: One such header, name included (400).
        spool: An uploaded file above this size goes to disk.
        nesting: Depth of arrays and objects in a body (400).
        query_pairs: Name-value pairs of a query string (414).
        cookies: The `Cookie` header (431).
        path: The path (414).
        websocket_message: One message of a WebSocket (close code 1009).

    Raises:
        ValueError: If a limit is below what can work at all.
    """

    body: int = 10 * MIB
    fields: int = 1000
    files: int = 1000
    field_size: int = MIB
    part_headers: int = 16
    part_header_size: int = 8 * KIB
    spool: int = MIB
    nesting: int = 512
    query_pairs: int = 1000
    cookies: int = 8 * KIB
    path: int = 8 * KIB
    websocket_message: int = 16 * MIB

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value, minimum = getattr(self, name), _MINIMUM.get(name, 0)
            if value < minimum:
                raise ValueError(f"Limits.{name} must be at least {minimum}, not {value}")


# 0 switches a thing off. A part of a form cannot do without its `Content-Disposition`, nor a request without "/".
_MINIMUM = {"part_headers": 1, "part_header_size": 128, "nesting": 1, "path": 1, "websocket_message": 1}

DEFAULT_LIMITS = Limits()

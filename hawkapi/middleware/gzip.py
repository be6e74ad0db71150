"""Answers compressed with gzip."""

from hawkapi._types import ASGIApp
from hawkapi.middleware.arguments import whole_number
from hawkapi.middleware.codings import gzip
from hawkapi.middleware.encoding import EncodingMiddleware


class GZipMiddleware(EncodingMiddleware):
    """Compresses answers for clients that take gzip.

    What goes out in one message stays one message; each message of a stream is sent when it comes. Left alone are
    answers that are encoded or dense already, parts of a content, `cache-control: no-transform`, and what has no body.

    Args:
        app: The app it wraps.
        minimum_size: Bytes; a body known to have fewer is left as it is.
        compresslevel: 1 (fast) to 9 (small).

    Raises:
        TypeError: If an argument is no whole number.
        ValueError: If it is out of range.

    Attributes:
        minimum_size: As given.
        compresslevel: As given.
    """

    def __init__(self, app: ASGIApp, *, minimum_size: int = 500, compresslevel: int = 6) -> None:
        self.compresslevel: int = whole_number("compresslevel", compresslevel, minimum=1)
        if compresslevel > 9:
            raise ValueError(f"compresslevel must be at most 9, not {compresslevel}")
        super().__init__(app, [gzip(compresslevel)], minimum_size=minimum_size)

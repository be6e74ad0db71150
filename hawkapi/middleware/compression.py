"""Answers compressed with the best coding that the client takes."""

from collections.abc import Iterable

from hawkapi._types import ASGIApp
from hawkapi.middleware.arguments import texts
from hawkapi.middleware.codings import brotli, gzip, zstd
from hawkapi.middleware.encoding import EncodingMiddleware

_GZIP_LEVEL = 6

_MAKERS = {"zstd": zstd, "br": brotli, "gzip": lambda: gzip(_GZIP_LEVEL)}

_PACKAGES = {"zstd": "zstandard", "br": "brotli"}


class CompressionMiddleware(EncodingMiddleware):
    """Compresses answers with Zstandard, Brotli or gzip: the one of which the client thinks most, in that order.

    What is compressed, and how it passes, is as with `GZipMiddleware`. For server-sent events the order is gzip,
    Zstandard, Brotli, by the memory of a stream that stays open.

    Args:
        app: The app it wraps.
        minimum_size: Bytes; a body known to have fewer is left as it is.
        encodings: Names of codings, the preferred one first: `zstd`, which needs `zstandard` before Python 3.14, `br`,
            which needs `brotli` or `brotlicffi`, `gzip`. If left out, all of them whose libraries are installed.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If it is out of range, or an encoding is not known or not installed.

    Attributes:
        minimum_size: As given.
        encodings: What is offered.
    """

    def __init__(self, app: ASGIApp, *, minimum_size: int = 500, encodings: Iterable[str] | None = None) -> None:
        names = list(_MAKERS) if encodings is None else texts("encodings", encodings)
        unknown = [name for name in names if name not in _MAKERS]
        if unknown or not names:
            raise ValueError(f"encodings must name some of {', '.join(_MAKERS)}, not {', '.join(unknown) or 'none'}")
        made = {name: _MAKERS[name]() for name in names}
        missing = [name for name, coding in made.items() if coding is None]
        if missing and encodings is not None:
            raise ValueError(f"encodings: {missing[0]!r} needs a library: pip install {_PACKAGES[missing[0]]}")
        codings = [coding for coding in made.values() if coding is not None]
        super().__init__(app, codings, minimum_size=minimum_size)
        self.encodings: list[str] = [coding.name.decode() for coding in codings]

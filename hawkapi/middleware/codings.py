"""Content codings (RFC 9110 8.4.1): gzip from the standard library, Brotli and Zstandard from optional ones.

The levels are for answers made while the client waits. A body of known size is coded in one call, a stream with a
window that keeps its memory low, and events, whose streams stay open for hours, with the least that is of use.
"""

import zlib
from collections.abc import Callable
from functools import partial
from importlib import import_module
from threading import local
from typing import Any

import msgspec

_GZIP = 16  # added to the window, it asks zlib for the gzip format
_BROTLI_LEVEL = 4
_ZSTD_LEVEL = 3


class Encoder:
    """Codes one body, part by part.

    Args:
        compress: Takes a part, and gives what is ready.
        flush: Gives what is left of the parts so far.
        finish: Gives that too, and the end.
    """

    __slots__ = ("_compress", "_finish", "_flush")

    def __init__(
        self, compress: Callable[[bytes], bytes], flush: Callable[[], bytes], finish: Callable[[], bytes]
    ) -> None:
        self._compress, self._flush, self._finish = compress, flush, finish

    def part(self, data: bytes) -> bytes:
        """Code a part in such a way that the client can decode all of it at once."""
        return self._compress(data) + self._flush()

    def last(self, data: bytes) -> bytes:
        """Code the last part."""
        return self._compress(data) + self._finish()


class Coding(msgspec.Struct, frozen=True, kw_only=True):
    """A content coding, and the ways to code with it.

    Attributes:
        name: As it stands in `content-encoding`.
        whole: Codes a body of known size.
        stream: Begins one that comes in parts.
        events: Begins one that stays open; it keeps little memory.
    """

    name: bytes
    whole: Callable[[bytes], bytes]
    stream: Callable[[], Encoder]
    events: Callable[[], Encoder]


def gzip(level: int) -> Coding:
    """Make the coding `gzip` (RFC 1952).

    Args:
        level: 1 (fast) to 9 (small).
    """

    def begin(window: int, memory: int) -> Encoder:
        """Begin a stream; `window` and `memory` are zlib's."""
        made = zlib.compressobj(level, zlib.DEFLATED, _GZIP + window, memory)
        return Encoder(made.compress, partial(made.flush, zlib.Z_SYNC_FLUSH), made.flush)

    def whole(data: bytes) -> bytes:
        """Code a body; no window is larger than it, since to clear one costs more than to code a small body."""
        made = zlib.compressobj(level, zlib.DEFLATED, _GZIP + min(max(len(data).bit_length(), 9), 15))
        return made.compress(data) + made.flush()

    return Coding(name=b"gzip", whole=whole, stream=partial(begin, 15, 8), events=partial(begin, 12, 5))


def brotli() -> Coding | None:
    """Make the coding `br` (RFC 7932), if `brotli` or `brotlicffi` is installed."""
    library = _first_of("brotli", "brotlicffi")
    if library is None:
        return None

    def begin() -> Encoder:
        """Begin a stream, with a window of 256 KiB."""
        made = library.Compressor(quality=_BROTLI_LEVEL, lgwin=18)
        return Encoder(made.process, made.flush, made.finish)

    whole = partial(library.compress, quality=_BROTLI_LEVEL)
    return Coding(name=b"br", whole=whole, stream=begin, events=begin)


def zstd() -> Coding | None:
    """Make the coding `zstd` (RFC 8878), if Python has it (3.14 and later) or `zstandard` is installed."""
    library = _first_of("compression.zstd")
    if library is not None:
        return _standard_zstd(library)
    library = _first_of("zstandard")
    return None if library is None else _installed_zstd(library)


def _standard_zstd(library: Any) -> Coding:
    names = library.CompressionParameter

    def begin(window: int, table: int) -> Encoder:
        """Begin a stream; both sizes are exponents of 2."""
        made = library.ZstdCompressor(
            options={
                names.compression_level: _ZSTD_LEVEL,
                names.window_log: window,
                names.hash_log: table,
                names.chain_log: table,
            }
        )
        return Encoder(made.compress, partial(made.flush, made.FLUSH_BLOCK), made.flush)

    return _zstd(partial(library.compress, level=_ZSTD_LEVEL), begin)


def _installed_zstd(library: Any) -> Coding:
    def begin(window: int, table: int) -> Encoder:
        """Begin a stream; both sizes are exponents of 2."""
        parameters = library.ZstdCompressionParameters.from_level(
            _ZSTD_LEVEL, window_log=window, hash_log=table, chain_log=table
        )
        made = library.ZstdCompressor(compression_params=parameters).compressobj()
        return Encoder(made.compress, partial(made.flush, library.COMPRESSOBJ_FLUSH_BLOCK), made.flush)

    kept = local()

    def whole(data: bytes) -> bytes:
        """Code a body; each thread keeps its compressor, since to make one costs more than to code a small body."""
        try:
            made = kept.made
        except AttributeError:
            made = kept.made = library.ZstdCompressor(level=_ZSTD_LEVEL)
        return made.compress(data)

    return _zstd(whole, begin)


def _zstd(whole: Callable[[bytes], bytes], begin: Callable[[int, int], Encoder]) -> Coding:
    return Coding(name=b"zstd", whole=whole, stream=partial(begin, 18, 15), events=partial(begin, 12, 11))


def _first_of(*names: str) -> Any:
    """Import the first of some optional libraries that is there; they have no types, or differ by version of Python."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None

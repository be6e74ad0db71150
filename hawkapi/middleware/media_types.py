"""Which media types are worth coding."""

from functools import lru_cache

_KINDS = (b"image/", b"audio/", b"video/", b"font/woff")
_IMAGES = frozenset({b"image/svg+xml", b"image/bmp", b"image/x-icon", b"image/vnd.microsoft.icon"})
_ARCHIVES = frozenset(
    b"application/" + name
    for name in (
        b"epub+zip",
        b"gzip",
        b"java-archive",
        b"vnd.rar",
        b"x-7z-compressed",
        b"x-bzip2",
        b"x-gzip",
        b"x-rar-compressed",
        b"x-xz",
        b"zip",
        b"zstd",
    )
)


@lru_cache(maxsize=256)
def is_dense(content_type: bytes) -> bool:
    """Tell whether what has a media type is compressed by itself: pictures, sound, films, archives."""
    kind = content_type.partition(b";")[0].strip().lower()
    return kind in _ARCHIVES or (kind.startswith(_KINDS) and kind not in _IMAGES)

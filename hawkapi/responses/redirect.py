"""Redirects."""

from collections.abc import Mapping
from urllib.parse import quote

from hawkapi.responses.response import Response

_KEPT = "!#$%&'()*+,/:;=?@[]~"  # what RFC 3986 gives a meaning, and escapes that are there already
_DROPPED = str.maketrans("", "", "\r\n\0")


class RedirectResponse(Response):
    """An answer that sends the client elsewhere.

    A path never becomes another host: what starts with several slashes or backslashes, which browsers
    read as `//host`, starts with one slash. Whole URLs are sent as given: whoever takes one from a
    request decides where its users may go.

    Args:
        url: The target, absolute or a path. What a URL may not hold is percent-encoded.
        status_code: 307 and 308 keep the method; 303 turns it into GET.
        headers: Further headers.

    Raises:
        ValueError: If the status is out of range.
    """

    def __init__(self, url: str, *, status_code: int = 307, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status_code=status_code, headers=headers, content_type=None)
        for name in [name for name in self.headers if name.lower() == "location"]:
            del self.headers[name]
        self.headers["location"] = location(url)


def location(url: str) -> str:
    """Encode a redirect's target so that it is ASCII, one line, and on this host if it is a path."""
    url = url.translate(_DROPPED)
    path = url.lstrip("/\\")
    if len(url) - len(path) > 1:
        url = "/" + path
    return quote(url, safe=_KEPT, errors="replace")

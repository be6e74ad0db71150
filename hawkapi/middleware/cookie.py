"""The one cookie that a middleware keeps with a client: how it is found, and how it is set."""

import re
from typing import Any, TypeAlias

from hawkapi._types import Scope
from hawkapi.requests.context import RequestContext
from hawkapi.requests.cookies import find_cookie
from hawkapi.requests.limits import DEFAULT_LIMITS

Header: TypeAlias = tuple[bytes, bytes]

MOST_BYTES = 4096
"""Bytes of a cookie with its attributes that every browser keeps (RFC 6265, 6.1)."""

_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_is_path = re.compile(r"/[!-:<-~ ]*").fullmatch  # RFC 6265, 4.1.1: no control characters, no ";"


class KeptCookie:
    """A cookie of one name and one set of attributes (RFC 6265).

    Args:
        name: Its name.
        argument: What the user calls the name; errors say it.
        prefix: What the names of the following arguments begin with where the user gives them.
        max_age: Seconds for which a browser keeps it; `None` until it is closed.
        path: Where it is sent.
        httponly: Scripts do not see it.
        secure: It is sent by HTTPS only.
        samesite: `lax`, `strict` or `none`: whether it comes with requests of other sites.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If it would be no cookie, or one that browsers drop.
    """

    def __init__(
        self,
        name: str,
        *,
        argument: str,
        prefix: str = "",
        max_age: int | None = None,
        path: str,
        httponly: bool,
        secure: bool,
        samesite: str,
    ) -> None:
        _check(argument, name, str)
        _check(f"{prefix}path", path, str)
        _check(f"{prefix}httponly", httponly, bool)
        _check(f"{prefix}secure", secure, bool)
        _check(f"{prefix}samesite", samesite, str)
        if not _is_token(name):
            raise ValueError(
                f"{argument} must be a cookie's name, of letters, digits and !#$%&'*+-.^_`|~, not {name!r}"
            )
        if not _is_path(path):
            raise ValueError(f"{prefix}path must begin with '/' and be printable ASCII without ';', not {path!r}")
        if samesite.lower() not in ("lax", "strict", "none"):
            raise ValueError(f"{prefix}samesite must be 'lax', 'strict' or 'none', not {samesite!r}")
        if not secure and (samesite.lower() == "none" or name.lower().startswith(("__secure-", "__host-"))):
            raise ValueError(f"{prefix}secure must be True: browsers drop such a cookie otherwise")
        if path != "/" and name.lower().startswith("__host-"):
            raise ValueError(f"{prefix}path must be '/': browsers drop a cookie named {name!r} otherwise")
        flags = ("; HttpOnly" if httponly else "") + ("; Secure" if secure else "")
        attributes = f"; Path={path}{flags}; SameSite={samesite}".encode()
        self._name = name
        self._start = name.encode() + b"="
        self._end = attributes if max_age is None else b"; Max-Age=%d" % max_age + attributes
        self.deletion: Header = (b"set-cookie", self._start + b"; Max-Age=0" + attributes)

    def find(self, scope: Scope) -> bytes | None:
        """Give its value as a client sent it; the first one counts.

        Raises:
            HeaderFieldsTooLarge: If the client's cookies are too large together.
        """
        values = [value for name, value in scope.get("headers", ()) if name == b"cookie"]
        if not values:
            return None
        context: RequestContext | None = scope.get("hawkapi")
        limits = DEFAULT_LIMITS if context is None or context.limits is None else context.limits
        header = values[0] if len(values) == 1 else b"; ".join(values)  # HTTP/2 clients split it
        value = find_cookie(header.decode("latin-1"), self._name, limits.cookies)
        return None if value is None else value.encode("latin-1")

    def holding(self, value: bytes) -> Header:
        """Make the `set-cookie` header that sets it."""
        return b"set-cookie", self._start + value + self._end


def _check(argument: str, given: Any, wanted: type) -> None:
    if type(given) is not wanted:
        raise TypeError(f"{argument} must be of type {wanted.__name__}, not {given!r}")

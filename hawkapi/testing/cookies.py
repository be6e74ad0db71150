"""The cookie jar of a test client (RFC 6265, with one app as its whole world)."""

from collections.abc import Callable, Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from time import time

import msgspec


class Cookies(dict[str, str]):
    """Cookies by name: sent with each request, fed by `Set-Cookie`.

    All of them go to the one app: domain, path and `Secure` play no part. Expiry is looked at when a cookie arrives.
    """

    def feed(self, set_cookie: Iterable[str]) -> None:
        """Take in the values of `Set-Cookie` headers; an expired cookie is deleted."""
        for cookie in map(parse_set_cookie, set_cookie):
            if cookie is None:
                continue
            if cookie.expired:
                self.pop(cookie.name, None)
            else:
                self[cookie.name] = cookie.value

    def header(self) -> str:
        """Write the value of the `Cookie` header."""
        return "; ".join(f"{name}={value}" for name, value in self.items())


class SetCookie(msgspec.Struct, frozen=True):
    """One `Set-Cookie` header, as far as a client with one app needs it."""

    name: str
    value: str
    expired: bool


def parse_set_cookie(header: str, now: Callable[[], float] = time) -> SetCookie | None:
    """Read the value of a `Set-Cookie` header; one without a name is `None`.

    Args:
        header: The value.
        now: Seconds since the epoch; tests pass their own.
    """
    pair, *attributes = header.split(";")
    name, equals, value = pair.partition("=")
    name = name.strip()
    if not equals or not name:
        return None
    expires: float | None = None
    max_age: int | None = None
    for attribute in attributes:
        key, _, given = attribute.partition("=")
        match key.strip().lower():
            case "max-age":
                max_age = _whole_number(given.strip())
            case "expires":
                expires = _timestamp(given.strip())
            case _:
                pass
    expired = max_age <= 0 if max_age is not None else expires is not None and expires <= now()
    return SetCookie(name, value.strip(), expired)


def _whole_number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _timestamp(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

"""The head of an answer on its way out, as `after_response` sees it."""

from collections.abc import Iterable, Iterator, MutableMapping
from typing import cast

import msgspec

from hawkapi._types import Message, RawHeaders
from hawkapi.responses.head import allows_body, header_name, header_value


class ResponseHead(msgspec.Struct, eq=False):
    """Status and headers of an answer; what is changed here is what is sent.

    Args:
        message: The `http.response.start` message; it is never changed, nor are its headers.
    """

    _message: Message
    _status: int | None = None
    _headers: "ResponseHeaders | None" = None

    @property
    def status_code(self) -> int:
        """The status; one that is set and allows no body (204, 304) drops that of the answer, and its length."""
        return self._message["status"] if self._status is None else self._status

    @status_code.setter
    def status_code(self, status: int) -> None:
        """Set another status.

        Raises:
            ValueError: If it is not within 200..599.
        """
        if not 200 <= status <= 599:
            raise ValueError(f"status_code must be within 200..599, not {status}")
        self._status = status

    @property
    def headers(self) -> "ResponseHeaders":
        """The headers, to be read and changed."""
        headers = self._headers
        if headers is None:
            headers = self._headers = ResponseHeaders(self._message.get("headers", ()))
        return headers

    @property
    def loses_body(self) -> bool:
        """Whether the answer has a body that the changed status does not allow."""
        return not allows_body(self.status_code) and allows_body(self._message["status"])

    def start(self) -> Message:
        """Give the message to send: the one there was if nothing has changed, else a new one."""
        message, headers, status = self._message, self._headers, self.status_code
        if status == message["status"]:
            return {**message, "headers": headers.raw} if headers is not None and headers.changed else message
        if self.loses_body:
            self.headers.pop("content-length", None)
            return {"type": message["type"], "status": status, "headers": self.headers.raw}  # no trailers either
        return {**message, "status": status, "headers": self.headers.raw}

    def __repr__(self) -> str:
        return f"ResponseHead({self.status_code}, {self.headers!r})"


class ResponseHeaders(MutableMapping[str, str]):
    """The headers of an answer, by names in any case; a name that is there several times has its first value.

    Setting a name replaces all of its values; `append` adds one, as several `set-cookie` need it. Control
    characters but tabs are removed from what is set.

    Args:
        raw: Pairs of bytes as ASGI carries them. They are copied before the first change.

    Attributes:
        raw: The pairs as they are now.
        changed: Whether they are others than those given.
    """

    __slots__ = ("changed", "raw")

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self.changed: bool = not isinstance(raw, list)
        self.raw: RawHeaders = list(raw) if self.changed else cast("RawHeaders", raw)

    def getlist(self, name: str) -> list[str]:
        """Give all values of a name in their order, none if there is no such header."""
        key = _key(name)
        return [value.decode("latin-1") for other, value in self.raw if other.lower() == key]

    def append(self, name: str, value: str) -> None:
        """Add a header beside those of the same name.

        Raises:
            ValueError: If the name is no token (RFC 9110).
        """
        self._change([*self.raw, (header_name(name), header_value(value))])

    def __getitem__(self, name: str) -> str:
        key = _key(name)
        for other, value in self.raw:
            if other.lower() == key:
                return value.decode("latin-1")
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        key = header_name(name)
        kept = [pair for pair in self.raw if pair[0].lower() != key]
        kept.append((key, header_value(value)))
        self._change(kept)

    def __delitem__(self, name: str) -> None:
        key = _key(name)
        kept = [pair for pair in self.raw if pair[0].lower() != key]
        if len(kept) == len(self.raw):
            raise KeyError(name)
        self._change(kept)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.decode("latin-1").lower() for name, _ in self.raw))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self.raw})

    def __repr__(self) -> str:
        return f"ResponseHeaders({', '.join(self)})"  # names only: a value may be a credential

    def _change(self, raw: RawHeaders) -> None:
        self.raw = raw
        self.changed = True


def _key(name: str) -> bytes:
    return name.lower().encode("latin-1", "replace")  # a "?" stands in no header name, so it is not found

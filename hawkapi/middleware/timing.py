"""How long an answer took, told to the client."""

from collections.abc import Awaitable, Callable
from math import isfinite
from time import perf_counter

import msgspec

from hawkapi._types import ASGIApp, Message, Receive, Scope, Send
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.heads import checked_name, without
from hawkapi.requests.connection import HTTPConnection
from hawkapi.responses.head import header_name

MAX_ENTRIES = 32
"""Names of parts that an answer tells at most; proxies refuse large heads."""

_ENTRIES = "server_timing"
_TOTAL = "total"


def record(connection: HTTPConnection, name: str, seconds: float) -> None:
    """Tell the client of a part of the time, beside the total; what a name has already is added to.

    Nothing happens without a `TimingMiddleware`, when the head has gone out, or with more than 32 names.

    Args:
        connection: The request.
        name: What took the time, as `db`.
        seconds: How long.

    Raises:
        ValueError: If there is a `TimingMiddleware`, and the name is `total` or no token (RFC 9110), or the time is not
            finite.
    """
    entries: dict[str, float] | None = connection.scope.get(_ENTRIES)
    if entries is None:
        return
    if not isfinite(seconds):
        raise ValueError(f"{name!r} cannot have taken {seconds!r} seconds: a part of the time is a finite number")
    if name not in entries:
        if name == _TOTAL:
            raise ValueError(f"{name!r} is no part of the time: TimingMiddleware itself tells the whole by that name")
        try:
            header_name(name)
        except ValueError:
            raise ValueError(f"{name!r} cannot name a part of the time: RFC 9110 wants a token") from None
        if len(entries) >= MAX_ENTRIES:
            return
    entries[name] = entries.get(name, 0.0) + seconds


class TimingMiddleware(Middleware):
    """Adds the time until the head of an answer: in seconds to a header, in milliseconds to `server-timing`.

    Handlers add parts of it by `record`. The header takes the place of one that was there; `server-timing` (W3C) is a
    list, and what was there stays.

    Args:
        app: The app it wraps.
        header_name: Of the header.
        clock: Monotonic seconds; tests pass their own.

    Raises:
        TypeError: If the name is no text.
        ValueError: If it is no token (RFC 9110).

    Attributes:
        header_name: As given.
    """

    def __init__(
        self, app: ASGIApp, *, header_name: str = "x-process-time", clock: Callable[[], float] = perf_counter
    ) -> None:
        super().__init__(app)
        self.header_name: str = header_name
        self._name = checked_name("header_name", header_name)
        self._clock = clock

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            entries: dict[str, float] = {}
            scope[_ENTRIES] = entries
            send = _Timed(send, self._name, self._clock, self._clock(), entries).send
        return self.app(scope, receive, send)


class _Timed(msgspec.Struct, eq=False):
    """One answer on its way out."""

    onward: Send
    name: bytes
    clock: Callable[[], float]
    began: float
    entries: dict[str, float]

    def send(self, message: Message) -> Awaitable[None]:
        """Be the `send` of what is inside."""
        if message["type"] == "http.response.start":
            seconds = self.clock() - self.began
            timing = b"total;dur=%.2f" % (seconds * 1000)
            for name, part in self.entries.items():
                timing += b", %b;dur=%.2f" % (name.encode(), part * 1000)
            headers = without(message, self.name)
            headers += (self.name, b"%.6f" % seconds), (b"server-timing", timing)
            message = {**message, "headers": headers}
        return self.onward(message)

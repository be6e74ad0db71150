"""Server-sent events (WHATWG HTML, 9.2)."""

import re
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from hawkapi._types import Scope
from hawkapi.responses.head import HeaderItems, with_defaults
from hawkapi.responses.streaming import StreamingResponse

_line_end = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of a stream.

    Args:
        data: The text; each of its lines becomes a `data` field, and the client puts them together again.
        event: The event's name; clients listen to `message` where there is none.
        id: What a client that reconnects sends as `Last-Event-ID`.
        retry: Milliseconds a client waits before it reconnects.

    Raises:
        ValueError: If `event` or `id` holds a line break, `id` a NUL, or `retry` is negative.
    """

    data: str
    _: KW_ONLY
    event: str | None = None
    id: str | None = None
    retry: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("event", self.event), ("id", self.id)):
            if value is not None and ("\r" in value or "\n" in value):
                raise ValueError(f"{name} must be one line, not {value!r}")
        if self.id is not None and "\0" in self.id:
            raise ValueError("id must hold no NUL: clients ignore such an id")
        if self.retry is not None and self.retry < 0:
            raise ValueError(f"retry must be 0 or more milliseconds, not {self.retry}")

    def encode(self) -> bytes:
        """Give the event as it goes over the wire: its fields and a blank line."""
        fields = (("id", self.id), ("event", self.event), ("retry", self.retry))
        lines = [f"{name}: {value}\n" for name, value in fields if value is not None]
        lines += [f"data: {line}\n" for line in _line_end.split(self.data)]
        return ("".join(lines) + "\n").encode()


class EventSourceResponse(StreamingResponse):
    """A stream of events, for the browser's `EventSource`.

    Args:
        content: Async or sync iterable of events; a `str` is the data of an event without a name.
        status_code: 200; clients do not reconnect after another one.
        headers: Further headers; they win over `cache-control: no-cache` and `connection: keep-alive`.

    Raises:
        ValueError: If the status is out of range.
        TypeError: If the content cannot be iterated.
    """

    def __init__(
        self,
        content: AsyncIterable[ServerSentEvent | str] | Iterable[ServerSentEvent | str],
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        events: Any = content  # encoded chunk by chunk
        super().__init__(events, status_code=status_code, headers=headers, content_type="text/event-stream")

    def _given(self, scope: Scope) -> HeaderItems:
        defaults = {"cache-control": "no-cache", "connection": "keep-alive"}
        if scope.get("http_version", "1.1") >= "2":  # RFC 9113 8.2.2: such a header breaks the stream
            del defaults["connection"]
        return with_defaults(self.headers, defaults)

    def _encode(self, chunk: Any) -> bytes:
        event = chunk if isinstance(chunk, ServerSentEvent) else ServerSentEvent(chunk)
        return event.encode()

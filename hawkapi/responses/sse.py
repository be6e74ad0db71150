"""Server-sent events (WHATWG HTML, 9.2)."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from hawkapi._types import Receive, Scope, Send
from hawkapi.responses.body_writer import BodyWriter
from hawkapi.responses.feed import Comment, Feed
from hawkapi.responses.head import HeaderItems, with_defaults
from hawkapi.responses.problem import phrase, problem_response
from hawkapi.responses.streaming import StreamingResponse, opened
from hawkapi.runtime.generators import closing
from hawkapi.runtime.interruption import until_gone
from hawkapi.runtime.runtime import of

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

    While no event comes, a comment goes out now and then, so that proxies do not take the connection for dead. When the
    app drains, the stream ends in order, with a `retry` field that differs from client to client; a stream that would
    begin after that is answered 503. A client that comes back says in the header `Last-Event-ID` what it has seen last.

    Args:
        content: Async or sync iterable of events; a `str` is the data of an event without a name. It runs in a task of
            its own.
        status_code: 200; clients do not reconnect after another one.
        headers: Further headers; they win over `cache-control: no-cache` and `connection: keep-alive`.
        heartbeat: Seconds without an event after which a comment is sent; `None`: none is.

    Raises:
        ValueError: If the status is out of range, or the heartbeat not above 0.
        TypeError: If the content cannot be iterated.
    """

    def __init__(
        self,
        content: AsyncIterable[ServerSentEvent | str] | Iterable[ServerSentEvent | str],
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        heartbeat: float | None = 15.0,
    ) -> None:
        events: Any = content  # encoded chunk by chunk
        super().__init__(events, status_code=status_code, headers=headers, content_type="text/event-stream")
        if heartbeat is not None and heartbeat <= 0:
            raise ValueError(f"heartbeat must be above 0 seconds, or None, not {heartbeat}")
        self.heartbeat = heartbeat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until there are no more, the client leaves or the app drains."""
        runtime = of(scope)
        if not runtime.streams.releasing:
            await super().__call__(scope, receive, send)
            return
        async with closing(opened(self.body_iterator, runtime)):
            detail = "The server is going away: connect again"
            refusal = problem_response("draining", phrase(503), 503, detail=detail, headers={"retry-after": "1"})
            await refusal(scope, receive, send)

    async def _stream(self, chunks: AsyncIterator[Any], out: BodyWriter, scope: Scope, receive: Receive) -> None:
        feed = Feed(chunks, self.heartbeat)
        with of(scope).streams.open("sse", feed.end):
            async with until_gone(receive, feed.stop) as client, feed.running():
                await self._start(out, scope)
                async for event in feed:
                    if client.interrupted or not await out.write(self._encode(event)):
                        return
                await out.end()

    def _given(self, scope: Scope) -> HeaderItems:
        defaults = {"cache-control": "no-cache", "connection": "keep-alive"}
        if scope.get("http_version", "1.1") >= "2":  # RFC 9113 8.2.2: such a header breaks the stream
            del defaults["connection"]
        return with_defaults(self.headers, defaults)

    def _encode(self, chunk: Any) -> bytes:
        if isinstance(chunk, Comment):
            return chunk.text
        event = chunk if isinstance(chunk, ServerSentEvent) else ServerSentEvent(chunk)
        return event.encode()

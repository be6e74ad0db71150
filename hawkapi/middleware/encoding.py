"""The base of middleware that codes answers: which ones, and how they pass."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NamedTuple

import msgspec

from hawkapi._types import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from hawkapi.middleware.accept_encoding import choose_coding
from hawkapi.middleware.arguments import whole_number
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.codings import Coding, Encoder
from hawkapi.middleware.heads import settled
from hawkapi.middleware.media_types import is_dense
from hawkapi.middleware.vary import with_vary
from hawkapi.responses.head import content_length
from hawkapi.runtime import threads
from hawkapi.runtime.runtime import of

INLINE = 64 * 1024
"""Bytes of a message that are coded in the event loop, in about a millisecond; larger ones go to a worker thread."""

_EVENTS = (b"gzip", b"zstd", b"br")  # by what an open stream keeps in memory: 0.04, 0.1 and 0.5 MB

_BINDING = frozenset(
    {b"content-encoding", b"content-range", b"content-digest", b"repr-digest", b"digest", b"content-md5"}
)
"""Headers that are true of the body as it is."""

_UNTRUE = frozenset({b"content-length", b"accept-ranges"})
"""Headers that are not true of a coded body; a range of it would be one of the other."""

_BODILESS = frozenset({204, 205})

_OF_A_PART = frozenset({b"content-range", b"content-length"})
"""Headers of a part (206) that the whole has not; the others, and `vary`, are those of the whole (RFC 9110 15.3.7)."""


class EncodingMiddleware(Middleware):
    """Codes the answers of what it wraps, as the client takes them.

    Args:
        app: The app it wraps.
        codings: What is offered, the preferred one first.
        minimum_size: Bytes; a body known to have fewer is left as it is.

    Raises:
        TypeError: If the size is no whole number.
        ValueError: If it is negative.

    Attributes:
        minimum_size: As given.
    """

    def __init__(self, app: ASGIApp, codings: Sequence[Coding], *, minimum_size: int) -> None:
        super().__init__(app)
        self.minimum_size: int = whole_number("minimum_size", minimum_size, minimum=0)
        self._codings = {coding.name: coding for coding in codings}
        self._offered = tuple(self._codings)
        self._offered_for_events = tuple(name for name in _EVENTS if name in self._codings)

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            asked = scope.get("headers", ())
            send = _Answer(self, scope, asked, len(asked), send).send
        return self.app(scope, receive, send)

    def choose(self, asked: RawHeaders, *, events: bool) -> Coding | None:
        """Choose the coding of an answer by the headers of its request."""
        name = choose_coding(asked, self._offered_for_events if events else self._offered)
        return None if name is None else self._codings[name]


class _Held(NamedTuple):
    """A head that is kept back, and how its body would be coded."""

    message: Message
    coding: Coding


class _Answer(msgspec.Struct, eq=False):
    """One answer on its way out.

    Unless its head says that nothing is coded, or that events follow, it is kept back until the first message of the
    body tells whether there will be others.

    Attributes:
        owner: The middleware.
        scope: The request's.
        asked: The headers of the request.
        asked_count: How many there were when it came: trailers, which some servers add, decide nothing.
        onward: Its `send`.
        rest: What takes all further messages, once it is decided.
        held: What is kept back.
    """

    owner: EncodingMiddleware
    scope: Scope
    asked: RawHeaders
    asked_count: int
    onward: Send
    rest: Send | None = None
    held: _Held | None = None

    def send(self, message: Message) -> Awaitable[None]:
        """Be the `send` of what is inside."""
        if self.rest is not None:
            return self.rest(message)
        if self.held is not None:
            return self._decide(self.held, message)
        if message["type"] == "http.response.start":
            return self._start(settled(message))
        return self.onward(message)

    def _start(self, message: Message) -> Awaitable[None]:
        kind = _kind_of(message, self.owner.minimum_size)
        if kind == "fixed":
            self.rest = self.onward
            return self.onward(message)
        coding = self.owner.choose(self.asked[: self.asked_count], events=kind == "events")
        if coding is None or message["status"] == 206:
            return self._leave(message)
        if message["status"] == 304 or self.scope.get("method") == "HEAD":
            return self._leave({**message, "headers": _weakly_tagged(message["headers"])})
        if kind == "events":
            return self._stream(message, coding.name, coding.events())
        self.held = _Held(message, coding)
        return _nothing()

    async def _decide(self, held: _Held, message: Message) -> None:
        start, coding = held
        if message["type"] != "http.response.body":  # a file, which the server sends by itself
            await self._leave(start)
        elif message.get("more_body", False):
            await self._stream(start, coding.name, coding.stream())
        else:
            await self._whole(start, coding, message)
            return
        await self.send(message)

    async def _whole(self, start: Message, coding: Coding, message: Message) -> None:
        """Send a body of one message as one."""
        body = message.get("body", b"")
        if not body or len(body) < self.owner.minimum_size:
            await self._leave(start)
        else:
            coded = await _work(self.scope, coding.whole, body)
            self.rest = self.onward
            await self.onward(_coded(start, coding.name, len(coded)))
            message = {**message, "body": coded}
        await self.onward(message)

    def _stream(self, start: Message, name: bytes, encoder: Encoder) -> Awaitable[None]:
        """Go on with a coded body of many messages."""
        self.rest = _Coded(self.scope, encoder, self.onward).send
        return self.onward(_coded(start, name))

    def _leave(self, start: Message) -> Awaitable[None]:
        """Go on with what could have been coded, and is not."""
        self.rest = self.onward
        return self.onward({**start, "headers": with_vary(start["headers"], b"Accept-Encoding")})


class _Coded(msgspec.Struct, eq=False):
    """A coded body of many messages, each of which the client can read when it comes."""

    scope: Scope
    encoder: Encoder
    onward: Send

    async def send(self, message: Message) -> None:
        """Code a part and send it."""
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            if not message.get("more_body", False):
                message = {**message, "body": await _work(self.scope, self.encoder.last, body)}
            elif body:
                message = {**message, "body": await _work(self.scope, self.encoder.part, body)}
        await self.onward(message)


async def _work(scope: Scope, fn: Callable[[bytes], bytes], data: bytes) -> bytes:
    """Code data, much of it in a worker thread.

    The pool is that of files: like their work this one moves the bytes of answers, is soon over and waits for nobody.
    A health check must not wait behind it (`internal`), nor it behind a slow handler (`handlers`).
    """
    if len(data) <= INLINE:
        return fn(data)
    return await threads.run(fn, data, limiter=of(scope).files)


def _kind_of(start: Message, minimum: int) -> Literal["fixed", "body", "events"]:
    """Tell by its head what an answer is: one to be left alone, one to be coded, or one of events."""
    status = start["status"]
    if status < 200 or status in _BODILESS:
        return "fixed"
    headers: RawHeaders = start["headers"]
    if status == 206:
        headers = [pair for pair in headers if pair[0].lower() not in _OF_A_PART]
    kind = "body"
    for name, value in headers:
        name = name.lower()
        if name == b"content-type":
            if is_dense(value):
                return "fixed"
            if value[:17].lower() == b"text/event-stream":
                kind = "events"
        elif name == b"content-length":
            if len(value) < 16 and value.isdigit() and int(value) < minimum:
                return "fixed"
        elif name in _BINDING or (name == b"cache-control" and b"no-transform" in value.lower()):
            return "fixed"
    return kind


def _coded(start: Message, name: bytes, length: int | None = None) -> Message:
    """Make the head of a coded answer; `length` is that of a body of one message."""
    kept = [pair for pair in _weakly_tagged(start["headers"]) if pair[0].lower() not in _UNTRUE]
    kept.append((b"content-encoding", name))
    if length is not None:
        kept.append(content_length(length))
    return {**start, "headers": with_vary(kept, b"Accept-Encoding")}


def _weakly_tagged(headers: RawHeaders) -> RawHeaders:
    """Make an entity tag weak: the same content is now there in several sequences of bytes (RFC 9110 8.8.1)."""
    return [
        (name, b"W/" + value) if name.lower() == b"etag" and not value.startswith(b"W/") else (name, value)
        for name, value in headers
    ]


async def _nothing() -> None:
    """Be what is awaited where nothing is sent yet."""

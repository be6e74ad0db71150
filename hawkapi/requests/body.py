"""Reading the body of a request: once, counted, and never more than allowed."""

from collections.abc import AsyncIterator

from hawkapi._types import Message, RawHeaders, Receive
from hawkapi.requests.errors import BadRequest, ClientDisconnected, RequestEntityTooLarge, RequestError


class BodyReader:
    """The one reader of a request's body; whoever wants the body asks this object.

    The headers are checked before the first byte is read: see `check_framing`.

    Args:
        receive: The ASGI callable of the request.
        headers: The header list of the scope. What is appended to it while the body arrives is removed again: some
            servers put trailers there, and what a header decides must not change in mid-request.
        limit: Bytes the body may have at most.
    """

    __slots__ = ("_body", "_claim", "_error", "_headers", "_limit", "_receive")

    def __init__(self, receive: Receive, headers: RawHeaders, limit: int) -> None:
        self._receive = receive
        self._headers = headers
        self._limit = limit
        self._body: bytes | None = None
        self._claim: str | None = None
        self._error: RequestError | None = None

    async def read(self) -> bytes:
        """Give the whole body; the same object at every call.

        Raises:
            RequestEntityTooLarge: If it is larger than the limit.
            ClientDisconnected: If the client left before the end.
            RuntimeError: If a stream has taken it.
        """
        if self._body is None:
            if self._error is not None:
                raise self._error
            self._claim_for("a body() that did not finish")
            receive = self._receiver()
            try:
                self._body = await read_rest(await receive(), receive, self._limit)
            except RequestError as error:
                self._error = error  # whoever asks next gets the same answer, and no half a body
                raise
        return self._body

    def stream(self) -> AsyncIterator[bytes]:
        """Iterate over the body in non-empty chunks as they arrive; a body that was read is one chunk.

        Raises:
            RequestEntityTooLarge: At the chunk that makes it larger than the limit.
            ClientDisconnected: If the client left before the end.
            RuntimeError: If another stream has taken it.
        """
        body = self._body
        if body is None:
            self._claim_for("stream()")
            return _Chunks(self._receiver(), self._limit)

        return _Chunks(_replaying(body), len(body))

    def replay(self) -> Receive:
        """Give a `receive` for an app that reads the messages itself: a body that was read comes once more."""
        replayed = False

        async def receive() -> Message:
            """Give the body as one message, then what follows it; all there is if nobody has read it."""
            nonlocal replayed
            if self._body is None or replayed:
                return await self._receive()
            replayed = True
            return {"type": "http.request", "body": self._body, "more_body": False}

        return receive

    def _claim_for(self, reader: str) -> None:
        if self._claim is not None:
            raise RuntimeError(f"Body already consumed by {self._claim}")
        check_framing(self._headers, self._limit)
        self._claim = reader

    def _receiver(self) -> Receive:
        return without_trailers(self._receive, self._headers)


def without_trailers(receive: Receive, headers: RawHeaders) -> Receive:
    """Wrap `receive` so that what it appends to the headers from now on is removed again.

    Some servers put the trailers of a request there, and what a header decides must not change in mid-request.
    """
    count = len(headers)

    async def receive_without_trailers() -> Message:
        """Receive, and cut the headers back."""
        message = await receive()
        if len(headers) > count:
            del headers[count:]
        return message

    return receive_without_trailers


async def read_rest(message: Message, receive: Receive, limit: int) -> bytes:
    """Read a body of which the first message has come.

    Args:
        message: What the first `receive()` gave.
        receive: Gives the others; not called if there are none.
        limit: Bytes the body may have at most.

    Raises:
        RequestEntityTooLarge: If it is larger.
        ClientDisconnected: If the client left before the end.
    """
    chunks = _Chunks(receive, limit)
    body = chunks.take(message)
    if chunks.ended:
        return body
    buffer = bytearray(body)  # a list of chunks costs forty bytes of memory for each that a client sends singly
    async for chunk in chunks:
        buffer += chunk
    return bytes(buffer)


def check_framing(headers: RawHeaders, limit: int) -> None:
    """Refuse by its headers a body that is too large, or whose end is a matter of opinion (RFC 9112, 6.3).

    Raises:
        RequestEntityTooLarge: If `content-length` is over the limit.
        BadRequest: If `content-length` is no number, comes twice, or stands beside `transfer-encoding`.
    """
    length = encoding = None
    for name, value in headers:
        if name == b"content-length":
            if length is not None:
                raise _unframed("More than one Content-Length header")
            length = value
        elif name == b"transfer-encoding":
            encoding = value
    if encoding is not None:
        refuse_both(length)
    elif length is not None:
        check_content_length(length, limit)


def refuse_both(length: bytes | None) -> None:
    """Refuse a `content-length` of a request that has `transfer-encoding` too.

    Raises:
        BadRequest: If there is one.
    """
    if length is not None:
        raise _unframed("Both Content-Length and Transfer-Encoding headers")


def check_content_length(value: bytes, limit: int) -> None:
    """Refuse a `content-length` that is over the limit or no number of ASCII digits.

    Raises:
        RequestEntityTooLarge: If it is over the limit.
        BadRequest: If it is no number.
    """
    if not value.isdigit():  # of bytes: ASCII digits, at least one
        raise _unframed("Invalid Content-Length header")
    if len(value) > 18 or int(value) > limit:  # no quadratic int() of a thousand digits
        raise RequestEntityTooLarge(limit)


def _unframed(detail: str) -> BadRequest:
    # Where the next request begins is unknown, so this connection must not carry one.
    return BadRequest(detail, headers={"connection": "close"})


def _replaying(body: bytes) -> Receive:
    async def replay() -> Message:
        return {"type": "http.request", "body": body}

    return replay


class _Chunks:
    """Iterate over the non-empty chunks of a body.

    Not an async generator: one that its user leaves early would have to be closed by hand (trio warns).
    """

    __slots__ = ("_limit", "_receive", "_size", "ended")

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._size = 0
        self.ended = False

    def __aiter__(self) -> "_Chunks":
        return self

    async def __anext__(self) -> bytes:
        while not self.ended:
            chunk = self.take(await self._receive())
            if chunk:
                return chunk
        raise StopAsyncIteration

    def take(self, message: Message) -> bytes:
        """Give the bytes of a message, which are counted."""
        self.ended = not message.get("more_body", False)
        if message["type"] != "http.request":
            raise ClientDisconnected
        chunk = message.get("body", b"")
        self._size += len(chunk)
        if self._size > self._limit:
            self.ended = True
            raise RequestEntityTooLarge(self._limit)
        return chunk

"""The response whose body is made while it is sent."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast

from hawkapi._types import Receive, Scope, Send
from hawkapi.responses.base import BaseResponse, as_bytes
from hawkapi.responses.body_writer import BodyWriter
from hawkapi.responses.head import HeaderItems, allows_body, response_head
from hawkapi.runtime.generators import closing, iterate
from hawkapi.runtime.interruption import until_gone
from hawkapi.runtime.runtime import Runtime, of

READY_CHUNKS = 64
"""A list or tuple of no more chunks is sent without watching for the client to leave."""


class StreamingResponse(BaseResponse):
    """A body sent chunk by chunk, as its iterator makes them.

    The iterator is run and closed in the task that sends, a sync one in worker threads. It is closed in
    all cases: when the client leaves, when it fails, and when the request was HEAD, which does not run it.
    If it fails in mid-stream the exception is raised on, so that the server breaks the connection.

    Args:
        content: The chunks; text is sent as UTF-8, empty chunks are skipped. A single `str` or `bytes` is
            one chunk.
        status_code: 100 to 599.
        headers: Further headers, a known `content-length` among them.
        content_type: The media type, unless `headers` names one; `None` for none.

    Raises:
        ValueError: If the status is out of range.
        TypeError: If the content cannot be iterated.
    """

    is_stream: ClassVar[bool] = True

    def __init__(
        self,
        content: AsyncIterable[str | bytes] | Iterable[str | bytes],
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = "application/octet-stream",
    ) -> None:
        super().__init__(status_code, headers, content_type)
        if not hasattr(content, "__aiter__") and not hasattr(content, "__iter__"):
            raise TypeError(f"content must be an iterable of str or bytes, not {type(content).__name__}")
        self.body_iterator = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head, the chunks, and an empty message at the end; stop when the client leaves."""
        out = BodyWriter(scope, send)
        bodiless = scope.get("method") == "HEAD" or not allows_body(self.status_code)
        ready = _ready(self.body_iterator)
        if ready is not None:
            await self._start(out, scope)
            for chunk in () if bodiless else ready:
                await out.write(self._encode(chunk))
            await out.end()
            return
        chunks = opened(self.body_iterator, of(scope))
        if bodiless:
            async with closing(chunks):
                await self._start(out, scope)
                await out.end()
            return
        await self._stream(chunks, out, scope, receive)

    async def _stream(self, chunks: AsyncIterator[Any], out: BodyWriter, scope: Scope, receive: Receive) -> None:
        async with until_gone(receive) as client, closing(chunks):
            await self._start(out, scope)
            while True:
                try:
                    chunk = await client.next(chunks)
                except StopAsyncIteration:
                    await out.end()
                    return
                if client.interrupted or not await out.write(self._encode(chunk)):
                    return

    async def _start(self, out: BodyWriter, scope: Scope) -> None:
        to_head = scope.get("method") == "HEAD"
        headers = response_head(
            self.status_code, self._given(scope), content_type=self.content_type, length=None, to_head=to_head
        )
        await out.start(self.status_code, headers)

    def _given(self, scope: Scope) -> HeaderItems:  # noqa: ARG002 - what server-sent events add depends on it
        return self.headers

    def _encode(self, chunk: Any) -> bytes:
        return as_bytes(chunk)


def _ready(content: Any) -> Sequence[Any] | None:
    """Give the chunks of a content that is there already and small."""
    if isinstance(content, (str, bytes)):
        return (content,)
    if isinstance(content, (list, tuple)) and len(cast("Sequence[Any]", content)) <= READY_CHUNKS:
        return cast("Sequence[Any]", content)
    return None


def opened(content: Any, runtime: Runtime) -> AsyncIterator[Any]:
    """Give an async iterator of any iterable; to be closed."""
    if isinstance(content, AsyncIterable):
        return aiter(cast("AsyncIterable[Any]", content))
    return iterate(cast("Iterable[Any]", content), runtime.handlers, cleanup=runtime.cleanup)

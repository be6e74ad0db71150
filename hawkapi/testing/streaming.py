"""Answers that a test reads while the app makes them."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeAlias

from anyio.from_thread import BlockingPortal

from hawkapi._types import RawHeaders
from hawkapi.testing.response import CaseInsensitiveDict

NextChunk: TypeAlias = Callable[[], Awaitable[bytes | None]]


class AsyncStreamedResponse:
    """The head of an answer, and its body as it comes: the app waits at each chunk until it is asked for.

    Args:
        status_code: The HTTP status.
        headers: Header pairs as ASGI carries them.
        next_chunk: Waits for the next chunk; `None` is the end.
    """

    def __init__(self, status_code: int, headers: RawHeaders, next_chunk: NextChunk) -> None:
        self.status_code = status_code
        self.headers: CaseInsensitiveDict = CaseInsensitiveDict.decode(headers)
        self.next_chunk = next_chunk

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """Iterate over the chunks as the app sends them, without empty ones.

        Raises:
            Exception: What left the app, as it was raised.
            ProtocolError: If the app ended in the middle.
        """
        return _AsyncChunks(self.next_chunk)

    def aiter_lines(self) -> AsyncIterator[str]:
        r"""Iterate over the lines without their ends (`\n`, `\r\n`), as UTF-8; errors are those of `aiter_bytes`."""
        return _AsyncLines(self.next_chunk)

    async def aread(self) -> bytes:
        """Read what is left; errors are those of `aiter_bytes`."""
        return b"".join([chunk async for chunk in self.aiter_bytes()])


class StreamedResponse:
    """The twin of `AsyncStreamedResponse` for tests that are no coroutines.

    Args:
        portal: Leads to the loop in which the app runs.
        response: The answer there.
    """

    def __init__(self, portal: BlockingPortal, response: AsyncStreamedResponse) -> None:
        self._portal = portal
        self._next_chunk = response.next_chunk
        self.status_code: int = response.status_code
        self.headers: CaseInsensitiveDict = response.headers

    def iter_bytes(self) -> Iterator[bytes]:
        """Iterate over the chunks as the app sends them, without empty ones.

        Raises:
            Exception: What left the app, as it was raised.
            ProtocolError: If the app ended in the middle.
        """
        return filter(None, self._chunks())

    def iter_lines(self) -> Iterator[str]:
        r"""Iterate over the lines without their ends (`\n`, `\r\n`), as UTF-8; errors are those of `iter_bytes`."""
        lines = _Lines()
        for chunk in self._chunks():
            yield from lines.feed(chunk)
        yield from lines.rest()

    def read(self) -> bytes:
        """Read what is left; errors are those of `iter_bytes`."""
        return b"".join(self._chunks())

    def _chunks(self) -> Iterator[bytes]:
        while (chunk := self._portal.call(self._next_chunk)) is not None:
            yield chunk


# Classes, not async generators: a test may break out of its loop and leave them, and nobody would close a generator.
class _AsyncChunks(AsyncIterator[bytes]):
    def __init__(self, next_chunk: NextChunk) -> None:
        self._next_chunk = next_chunk

    async def __anext__(self) -> bytes:
        while (chunk := await self._next_chunk()) is not None:
            if chunk:
                return chunk
        raise StopAsyncIteration


class _AsyncLines(AsyncIterator[str]):
    def __init__(self, next_chunk: NextChunk) -> None:
        self._next_chunk = next_chunk
        self._lines = _Lines()
        self._ready: deque[str] = deque()

    async def __anext__(self) -> str:
        while not self._ready:
            chunk = await self._next_chunk()
            self._ready.extend(self._lines.rest() if chunk is None else self._lines.feed(chunk))
            if chunk is None and not self._ready:
                raise StopAsyncIteration
        return self._ready.popleft()


class _Lines:
    """Chunks to lines, wherever the chunks end."""

    def __init__(self) -> None:
        self._open: list[bytes] = []

    def feed(self, chunk: bytes) -> list[str]:
        first, *others = chunk.split(b"\n")
        self._open.append(first)
        if not others:
            return []
        ended = [b"".join(self._open), *others[:-1]]
        self._open = [others[-1]]
        return [self._text(line) for line in ended]

    def rest(self) -> list[str]:
        line = b"".join(self._open)
        self._open = []
        return [self._text(line)] if line else []

    @staticmethod
    def _text(line: bytes) -> str:
        return line.removesuffix(b"\r").decode("utf-8", "replace")

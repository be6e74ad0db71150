"""Sending what was chosen of a file."""

from collections.abc import Iterator
from io import BufferedReader
from typing import TypeAlias

from anyio import get_cancelled_exc_class

from hawkapi._types import RawHeaders, Receive, Scope, Send
from hawkapi.responses.body_writer import BodyWriter, spec_version
from hawkapi.responses.ranges import Span
from hawkapi.runtime import threads
from hawkapi.runtime.disconnect import DisconnectWatch
from hawkapi.runtime.runtime import of

CHUNK = 64 * 1024
"""Most bytes of one body message."""

READ = 1024 * 1024
"""Most bytes of one thread call."""

Segment: TypeAlias = bytes | Span
"""A piece of a body: bytes as they are, or a span of the file."""


class InlineBody:
    """An answer that is in memory.

    Args:
        status: The status.
        headers: The encoded headers.
        body: The body, empty where none goes out.
    """

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, status: int, headers: RawHeaders, body: bytes) -> None:
        self._status, self._headers, self._body = status, headers, body

    async def send(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as `OpenBody`
        """Send head and body; nothing is received."""
        out, body = BodyWriter(scope, send), self._body
        await out.start(self._status, self._headers)
        last = max(len(body) - 1, 0) // CHUNK
        for index in range(last + 1):
            await out.write(body[index * CHUNK : (index + 1) * CHUNK], more=index < last)


class OpenBody:
    """An answer read while it is sent. It owns the file.

    Args:
        status: The status.
        headers: The encoded headers.
        segments: The body.
        file: The file its spans are in.
        whole: The absolute path, if the body is the whole file.
    """

    __slots__ = ("_file", "_headers", "_segments", "_status", "_whole")

    def __init__(
        self, status: int, headers: RawHeaders, segments: list[Segment], file: BufferedReader, whole: str | None
    ) -> None:
        self._status, self._headers, self._segments = status, headers, segments
        self._file, self._whole = file, whole

    async def send(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, or let the server do it; stop when the client leaves; close the file.

        Raises:
            OSError: If the file became shorter meanwhile: the body is not ended then.
        """
        out = BodyWriter(scope, send)
        with self._file:
            await out.start(self._status, self._headers)
            if self._whole is not None and _sends_paths(scope):
                await out.path(self._whole)
                return
            limiter = of(scope).files
            async with DisconnectWatch(receive) as watch:
                for part in _readable(self._segments):
                    data = (
                        part
                        if isinstance(part, bytes)
                        else await threads.run(read_span, self._file, part, limiter=limiter)
                    )
                    for at in range(0, len(data), CHUNK):
                        if watch.gone or not await out.write(data[at : at + CHUNK]):
                            return
                await out.end()


def read_span(file: BufferedReader, span: Span) -> bytes:
    """Read a span of a file. Blocking: for a worker thread.

    Raises:
        OSError: If the file ends before the span does.
    """
    start, stop = span
    file.seek(start)
    data = file.read(stop - start)
    if len(data) < stop - start:
        raise OSError(f"{file.name} became shorter while it was sent")
    return data


def _readable(segments: list[Segment]) -> Iterator[Segment]:
    """Cut spans into what one thread call reads."""
    for segment in segments:
        if isinstance(segment, bytes):
            yield segment
        else:
            start, stop = segment
            yield from ((at, min(at + READ, stop)) for at in range(start, stop, READ))


def _sends_paths(scope: Scope) -> bool:
    """Tell whether the server sends files by their path, and sends all of them.

    anycorn on asyncio cuts large files off; it shows as a server that speaks an old version of ASGI and
    does not run on trio.
    """
    if "http.response.pathsend" not in (scope.get("extensions") or ()):
        return False
    return spec_version(scope) >= (2, 3) or get_cancelled_exc_class().__module__.startswith("trio")

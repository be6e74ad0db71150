"""Multipart forms (RFC 7578): parts of any number and size, within limits, as they arrive."""

from collections.abc import AsyncIterator
from tempfile import TemporaryFile
from typing import Final

from multipart import (  # pyright: ignore[reportMissingTypeStubs]  # no py.typed, annotated in part
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
)

from hawkapi.requests.errors import BadRequest, MalformedBody
from hawkapi.requests.form_data import FormData, UploadFile, add_value
from hawkapi.requests.form_text import decode, field_too_large, too_many
from hawkapi.requests.limits import Limits
from hawkapi.requests.spool import SpooledFile, close_files
from hawkapi.runtime import threads
from hawkapi.runtime.threads import Pool

_MAX_BOUNDARY = 70  # RFC 2046, 5.1.1
_CONTROL_CHARACTERS: Final = dict.fromkeys([*range(32), *range(127, 160)])


async def read_multipart(boundary: str, stream: AsyncIterator[bytes], limits: Limits, limiter: Pool) -> FormData:
    """Read a multipart form.

    Args:
        boundary: The parameter of the content type; empty if it was missing.
        stream: The body.
        limits: Counts and sizes of what the form may hold.
        limiter: Of the worker threads that write large files to disk.

    Raises:
        MalformedBody: At the first thing that is wrong; nothing of the form is kept then.
        PayloadTooLarge: If there are too many fields or files, or a field is too large.
        BadRequest: If the headers of a part are too many or too large.
    """
    if not boundary:
        raise MalformedBody("$", "Multipart form without a boundary")
    if len(boundary) > _MAX_BOUNDARY or not (boundary.isascii() and boundary.isprintable()):
        raise MalformedBody("$", "Invalid multipart boundary")
    parts = _Parts(limits, limiter)
    try:
        await _parse(boundary.encode(), stream, parts, limits)
    except BaseException:
        await close_files(parts.spooled)
        raise
    return FormData(parts.fields, parts.files)


async def _parse(boundary: bytes, stream: AsyncIterator[bytes], parts: "_Parts", limits: Limits) -> None:
    parser = PushMultipartParser(
        boundary,
        max_header_size=limits.part_header_size,
        max_header_count=limits.part_headers,
        strict=True,  # no header on several lines: joining them takes the square of their number
    )
    window = _Window(boundary)
    try:
        async for chunk in stream:
            if data := window.cut(chunk):  # nothing would tell the parser that this is the end
                for event in parser.parse(data):
                    await parts.take(event)
        parser.close()
    except ParserLimitReached:
        raise BadRequest("A part of the form has too many or too large headers") from None
    except MultipartError as error:
        raise MalformedBody("$", f"Malformed multipart form: {error.args[0]}") from None


class _Window:
    """Cut a multipart body down to what stands between its first and its closing delimiter, both included.

    What is before and after is discarded unread (RFC 2046, 5.1.1). The parser in strict mode would refuse it or
    not, depending on how the body is split into chunks.
    """

    def __init__(self, boundary: bytes) -> None:
        self._opening = b"\r\n--" + boundary
        self._closing = self._opening + b"--"
        self._tail: bytes = b"\r\n"  # the first delimiter may stand at the very beginning
        self._opened = self._closed = False

    def cut(self, chunk: bytes) -> bytes:
        if self._closed:
            return b""
        data, given = self._tail + chunk, len(self._tail)
        if not self._opened:
            start = data.find(self._opening)
            if start < 0:
                self._tail = data[1 - len(self._opening) :]
                return b""
            self._opened = True
            data, given = data[start:], 2  # the parser takes the first delimiter without its line break
        end = data.find(self._closing)
        if end >= 0:
            self._closed = True
            return data[given : end + len(self._closing)]
        self._tail = data[1 - len(self._closing) :]
        return data[given:]


class _Parts:
    """Collect the parts of a form from the events of its parser."""

    def __init__(self, limits: Limits, limiter: Pool) -> None:
        self.fields: dict[str, str | list[str]] = {}
        self.files: dict[str, UploadFile | list[UploadFile]] = {}
        self.spooled: list[SpooledFile] = []  # all of them, that of a part which breaks off as well
        self._limits = limits
        self._limiter = limiter
        self._field_count = self._file_count = 0
        self._part: _Field | _File

    async def take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        """Take the head of a part, then pieces of its contents, then `None` at its end."""
        if isinstance(event, MultipartSegment):
            self._part = self._open(event)
        elif event is not None:
            await self._part.write(event)
        elif isinstance(self._part, _Field):
            add_value(self.fields, self._part.name, self._part.text())
        elif (upload := await self._part.upload()) is not None:
            add_value(self.files, self._part.name, upload)

    def _open(self, segment: MultipartSegment) -> "_Field | _File":
        name, filename = segment.name, segment.filename
        if not name:
            raise MalformedBody("$", "Malformed multipart form: A part has no name")
        if any("\n" in value for _, value in segment.headerlist):  # the parser sees those at the end of a chunk
            raise MalformedBody("$", "Malformed multipart form: Invalid line break in segment header")
        if filename is None:
            self._field_count += 1
            if self._field_count > self._limits.fields:
                raise too_many("fields", self._limits.fields)
            return _Field(name, segment.charset, self._limits.field_size)
        self._file_count += 1
        if self._file_count > self._limits.files:
            raise too_many("files", self._limits.files)
        content_type = next((value for key, value in segment.headerlist if key == "Content-Type"), "")
        return _File(name, filename, content_type, self._limits.spool, self._limiter, self.spooled)


class _Field:
    """A part without a file name: text, held in memory."""

    def __init__(self, name: str, charset: str | None, limit: int) -> None:
        self.name = name
        self._charset = charset
        self._limit = limit
        self._held = bytearray()

    async def write(self, chunk: bytes | bytearray) -> None:
        self._held += chunk
        if len(self._held) > self._limit:
            raise field_too_large(self._limit)

    def text(self) -> str:
        return decode(self._held, self._charset, self.name)


class _File:
    """A part with a file name: held in memory up to `spool` bytes, then written to disk in pieces of that size."""

    def __init__(
        self,
        name: str,
        filename: str,
        content_type: str,
        spool: int,
        limiter: Pool,
        spooled: list[SpooledFile],
    ) -> None:
        self.name = name
        self._filename = filename
        self._content_type = content_type
        self._spool = spool
        self._limiter = limiter
        self._spooled = spooled  # where a file on disk is entered, so that it gets closed
        self._held = bytearray()
        self._file: SpooledFile | None = None

    async def write(self, chunk: bytes | bytearray) -> None:
        self._held += chunk
        if len(self._held) > self._spool:
            await self._flush()

    async def upload(self) -> UploadFile | None:
        """Give the upload, `None` for a file input that was left empty."""
        if self._file is None:
            if not self._filename and not self._held:
                return None
            contents = bytes(self._held)
        else:
            contents = await self._flush()
        content_type = self._content_type.translate(_CONTROL_CHARACTERS) or "application/octet-stream"
        return UploadFile(_label(self._filename), content_type, contents)

    async def _flush(self) -> SpooledFile:
        file = self._file
        if file is None:
            file = self._file = SpooledFile(TemporaryFile, self._limiter)
            self._spooled.append(file)
        held, self._held = self._held, bytearray()
        await threads.run(file.append, held, limiter=self._limiter)
        return file


def _label(filename: str) -> str:
    """Reduce a file name to its last component: no directory, no control character, no `..`."""
    name = filename.translate(_CONTROL_CHARACTERS).replace("\\", "/").rpartition("/")[2]
    return "" if name in {".", ".."} else name

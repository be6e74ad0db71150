"""What one request gets of a file: method, conditions and ranges decide."""

import mimetypes
import os
from collections.abc import Mapping
from contextlib import ExitStack
from errno import ENOENT
from io import BufferedReader
from secrets import token_hex
from stat import S_ISREG

import msgspec

from hawkapi._types import RawHeaders, Scope
from hawkapi.responses.conditions import Validators, conditions_of, is_fresh, validators, wanted_spans
from hawkapi.responses.file_body import InlineBody, OpenBody, Segment, read_span
from hawkapi.responses.head import allows_body, header_value, response_head
from hawkapi.responses.problem import PROBLEM_TYPE, problem_body
from hawkapi.responses.ranges import Span

INLINE = 256 * 1024
"""Up to that many bytes are read by the thread call that opens the file."""

_OPEN_FLAGS: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is presented, whoever asks for it.

    Args:
        status: The status of the whole file; conditions and ranges count under 200 alone.
        headers: They win over the file's own.
        content_type: The media type; guessed by the name where there is none.
    """

    status: int = 200
    headers: Mapping[str, str] = {}
    content_type: str | None = None


def answer_file(path: str, scope: Scope, served: Served) -> InlineBody | OpenBody:
    """Open a file and decide what a request gets of it. Blocking: for a worker thread.

    Raises:
        OSError: If it cannot be read; FileNotFoundError also if it is no regular file.
        ValueError: If a header's name is no token.
    """
    with ExitStack() as stack:
        file = stack.enter_context(_open_regular(path))
        info = os.fstat(file.fileno())
        status, headers, segments = _select(path, info, scope, served)
        if _spanned(segments) <= INLINE:
            parts = [part if isinstance(part, bytes) else read_span(file, part) for part in segments]
            return InlineBody(status, headers, b"".join(parts))
        stack.pop_all()
        whole = os.path.abspath(path) if segments == [(0, info.st_size)] else None
        return OpenBody(status, headers, segments, file, whole)


def guess_type(path: str) -> str:
    """Guess a file's media type by its name. A compressed file is named after what compressed it."""
    kind, encoding = mimetypes.guess_type(os.path.basename(path))
    if encoding is not None:
        return "application/gzip" if encoding == "gzip" else "application/octet-stream"
    return kind or "application/octet-stream"


def _open_regular(path: str) -> BufferedReader:
    if S_ISREG(os.stat(path).st_mode):  # asked first: to open a FIFO or a device may already do something
        file = open(path, "rb", opener=_open_at_once)  # noqa: SIM115 - handed on
        if S_ISREG(os.fstat(file.fileno()).st_mode):
            return file
        file.close()
    raise FileNotFoundError(ENOENT, "No regular file", path)


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | _OPEN_FLAGS)


def _select(path: str, info: os.stat_result, scope: Scope, served: Served) -> tuple[int, RawHeaders, list[Segment]]:
    """Choose status, head and body by the request's method, conditions and ranges."""
    status, size, method = served.status, info.st_size, scope.get("method", "GET")
    etag, modified = validators(info)
    headers = {"accept-ranges": "bytes", "last-modified": modified, "etag": etag}
    headers.update((name.lower(), value) for name, value in served.headers.items())
    headers.pop("content-length", None)
    content_type = headers.pop("content-type", None) or served.content_type or guess_type(path)
    segments: list[Segment] = [(0, size)]
    if status == 200 and method in ("GET", "HEAD"):
        conditions = conditions_of(scope)
        current = Validators(headers["etag"], headers["last-modified"])
        if is_fresh(conditions, current):
            return 304, response_head(304, headers, content_type=None, length=0), []
        spans = wanted_spans(conditions, current, size) if method == "GET" else None  # RFC 9110 14.2: GET alone
        if spans == []:
            return _unsatisfiable(size)
        if spans:
            status = 206
            if len(spans) == 1:
                headers["content-range"] = _content_range(spans[0], size)
                segments = [*spans]
            else:
                boundary = token_hex(16)
                segments = _multipart(spans, size, boundary, content_type)
                content_type = f"multipart/byteranges; boundary={boundary}"
    length = _spanned(segments) + sum(len(segment) for segment in segments if isinstance(segment, bytes))
    to_head = method == "HEAD"
    pairs = response_head(status, headers, content_type=content_type, length=length, to_head=to_head)
    return status, pairs, [] if to_head or not allows_body(status) else segments


def _unsatisfiable(size: int) -> tuple[int, RawHeaders, list[Segment]]:
    body = problem_body("http", "Range Not Satisfiable", 416)
    headers = {"accept-ranges": "bytes", "content-range": f"bytes */{size}"}
    return 416, response_head(416, headers, content_type=PROBLEM_TYPE, length=len(body)), [body]


def _multipart(spans: list[Span], size: int, boundary: str, content_type: str) -> list[Segment]:
    """Lay out a `multipart/byteranges` body (RFC 9110 14.6)."""
    segments: list[Segment] = []
    line = f"--{boundary}\r\n".encode()
    for span in spans:
        head = b"content-type: %b\r\ncontent-range: %b\r\n\r\n"
        segments += [line + head % (header_value(content_type), header_value(_content_range(span, size))), span]
        line = f"\r\n--{boundary}\r\n".encode()
    return [*segments, f"\r\n--{boundary}--\r\n".encode()]


def _content_range(span: Span, size: int) -> str:
    return f"bytes {span[0]}-{span[1] - 1}/{size}"


def _spanned(segments: list[Segment]) -> int:
    return sum(segment[1] - segment[0] for segment in segments if not isinstance(segment, bytes))

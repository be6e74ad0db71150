"""The bodies that a test client sends, and the headers that say what they are."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from secrets import token_hex
from typing import Any, TypeAlias

import msgspec

from hawkapi._types import Message
from hawkapi.serialization.encoder import encode_response
from hawkapi.testing.scope import encode_params, fields, refuse_line_break

Chunks: TypeAlias = Iterable[str | bytes] | AsyncIterable[str | bytes]
Body: TypeAlias = str | bytes | Chunks
FileGiven: TypeAlias = bytes | tuple[str, bytes] | tuple[str, bytes, str]
Files: TypeAlias = Mapping[str, FileGiven | list[FileGiven]]


class Content(msgspec.Struct, frozen=True):
    """A body and its headers; one that comes in pieces has no `content-length`."""

    body: bytes | Chunks
    headers: list[tuple[str, str]]


def encode_content(
    method: str, *, json: Any, body: Body | None, data: Mapping[str, Any] | None, files: Files | None
) -> Content:
    """Encode what the test gives for a body.

    Raises:
        ValueError: If it gives more than one; only `data` and `files` go together.
    """
    form = files if data is None else data
    given = [name for name, value in {"json": json, "body": body, "data or files": form}.items() if value is not None]
    if len(given) > 1:
        raise ValueError(f"a request has one body, not {' and '.join(given)}")
    if json is not None:
        return _whole(encode_response(json), "application/json")
    if files:
        boundary = token_hex(16)
        return _whole(_multipart(boundary, data or {}, files), f"multipart/form-data; boundary={boundary}")
    if data is not None:
        return _whole(encode_params(data).encode(), "application/x-www-form-urlencoded")
    if body is None:
        return Content(b"", [("content-length", "0")] if method.upper() in _BODY_EXPECTED else [])
    if isinstance(body, str):
        body = body.encode()
    if isinstance(body, bytes):
        return _whole(body)
    return Content(body, [("transfer-encoding", "chunked")])


async def request_messages(body: bytes | Chunks) -> AsyncGenerator[Message, None]:
    """Yield the body as ASGI messages; only the end of the body makes the one without `more_body`."""
    if isinstance(body, bytes):
        yield {"type": "http.request", "body": body, "more_body": False}
        return
    if isinstance(body, AsyncIterable):
        try:
            async for chunk in body:
                yield _piece(chunk)
        finally:
            if isinstance(body, AsyncGenerator):
                await body.aclose()
    else:
        for chunk in body:
            yield _piece(chunk)
    yield {"type": "http.request", "body": b"", "more_body": False}


def _piece(chunk: str | bytes) -> Message:
    return {"type": "http.request", "body": chunk.encode() if isinstance(chunk, str) else chunk, "more_body": True}


def _whole(body: bytes, content_type: str | None = None) -> Content:
    headers = [("content-length", str(len(body)))]
    if content_type is not None:
        headers.append(("content-type", content_type))
    return Content(body, headers)


def _multipart(boundary: str, data: Mapping[str, Any], files: Files) -> bytes:
    parts: list[bytes] = []

    def add(head: str, content: bytes) -> None:
        parts.append(f"--{boundary}\r\ncontent-disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n")

    for name, value in fields(data):
        add(f'name="{_quoted(name)}"', value.encode())
    for name, given in files.items():
        for file in given if isinstance(given, list) else [given]:
            filename, content, content_type = _file(name, file)
            refuse_line_break(f"the content type of {filename!r}", content_type)
            add(f'name="{_quoted(name)}"; filename="{_quoted(filename)}"\r\ncontent-type: {content_type}', content)
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def _file(name: str, given: FileGiven) -> tuple[str, bytes, str]:
    if isinstance(given, bytes):
        return name, given, _OCTETS
    return given if len(given) == 3 else (*given, _OCTETS)


def _quoted(value: str) -> str:
    # As browsers do (WHATWG HTML, "multipart/form-data encoding algorithm")
    return value.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


_OCTETS = "application/octet-stream"
_BODY_EXPECTED = frozenset({"POST", "PUT", "PATCH"})

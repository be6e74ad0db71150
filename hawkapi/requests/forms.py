"""Forms: `application/x-www-form-urlencoded` and `multipart/form-data`, under the same limits."""

from collections.abc import AsyncIterator
from typing import cast
from urllib.parse import unquote_to_bytes

from multipart import (  # pyright: ignore[reportMissingTypeStubs]  # no py.typed, annotated in part
    parse_options_header,  # pyright: ignore[reportUnknownVariableType]  # the library annotates half of it
)

from hawkapi.requests.errors import MalformedBody
from hawkapi.requests.form_data import FormData, add_value
from hawkapi.requests.form_text import decode, field_too_large, too_many
from hawkapi.requests.limits import Limits
from hawkapi.requests.multipart_form import read_multipart
from hawkapi.runtime.runtime import Runtime


async def read_form(
    content_type: str | None, stream: AsyncIterator[bytes], limits: Limits, runtime: Runtime
) -> FormData:
    """Read a form off the body of a request.

    Args:
        content_type: The `Content-Type` header.
        stream: The body, already bounded in size.
        limits: Counts and sizes of what a form may hold.
        runtime: Its file threads write large uploads.

    Raises:
        MalformedBody: If the body is no form, breaks off, or holds text that is not in its charset.
        PayloadTooLarge: If there are too many fields or files, or a field is too large.
        BadRequest: If the headers of a part are too many or too large.
    """
    media_type, options = cast("tuple[str, dict[str, str]]", parse_options_header(content_type or ""))
    if media_type == "multipart/form-data":
        return await read_multipart(options.get("boundary", ""), stream, limits, runtime.files)
    if media_type == "application/x-www-form-urlencoded":
        body = bytearray()
        async for chunk in stream:
            body += chunk
        return FormData(_parse_urlencoded(bytes(body), options.get("charset"), limits))
    if content_type is None and await _is_empty(stream):
        return FormData()  # a form may be left out where all its fields may
    raise MalformedBody("$", "Expected application/x-www-form-urlencoded or multipart/form-data")


async def _is_empty(stream: AsyncIterator[bytes]) -> bool:
    async for _ in stream:  # of non-empty chunks
        return False
    return True


def _parse_urlencoded(body: bytes, charset: str | None, limits: Limits) -> dict[str, str | list[str]]:
    fields: dict[str, str | list[str]] = {}
    if not body:
        return fields
    if body.count(b"&") >= limits.fields:
        raise too_many("fields", limits.fields)
    for pair in body.split(b"&"):
        if pair:
            raw_name, _, raw_value = pair.partition(b"=")
            name = decode(_unquote(raw_name, limits.field_size), charset, "$")
            add_value(fields, name, decode(_unquote(raw_value, limits.field_size), charset, name))
    return fields


def _unquote(text: bytes, limit: int) -> bytes:
    if len(text) <= 3 * limit:  # else it is too large even with every byte percent-encoded
        text = unquote_to_bytes(text.replace(b"+", b" "))
    if len(text) > limit:
        raise field_too_large(limit)
    return text

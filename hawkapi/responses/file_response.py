"""A file of this machine as a response."""

import os
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import quote

from hawkapi._types import Receive, Scope, Send
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.file_answer import Served, answer_file, guess_type
from hawkapi.responses.head import with_defaults
from hawkapi.runtime import threads
from hawkapi.runtime.runtime import of

_UNQUOTED = str.maketrans("", "", '"\\;' + "".join(map(chr, (*range(32), 127))))


class FileResponse(BaseResponse):
    """A file, read off the loop, with ranges and conditions as RFC 9110 has them.

    Small files are read by the one thread call that opens them, large ones are sent by the server where
    it offers `http.response.pathsend`, else in messages of 64 KiB. The file is opened when the response
    is sent: one that vanished meanwhile fails before anything was sent.

    Args:
        path: A regular file.
        status_code: 100 to 599; ranges and conditions count under 200 alone.
        headers: Further headers; they win over `etag`, `last-modified` and `content-disposition`.
        content_type: The media type; guessed by the file's name where there is none.
        filename: The name a browser saves it under, as an attachment.

    Raises:
        FileNotFoundError: If there is no such file, or it is no regular one.
        ValueError: If the status is out of range.
    """

    is_stream: ClassVar[bool] = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
    ) -> None:
        self.path: str = os.fspath(path)
        if not os.path.isfile(self.path):
            raise FileNotFoundError(f"File not found: {self.path}")
        super().__init__(status_code, headers, content_type or guess_type(self.path))
        self.filename = filename

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open the file in a worker thread and send what the request asks for.

        Raises:
            OSError: If the file cannot be read.
            ValueError: If the name of a header is no token; nothing was sent then.
        """
        defaults = {} if self.filename is None else {"content-disposition": attachment(self.filename)}
        headers = dict(with_defaults(self.headers, defaults))
        served = Served(status=self.status_code, headers=headers, content_type=self.content_type)
        answer = await threads.run(answer_file, self.path, scope, served, limiter=of(scope).files)
        await answer.send(scope, receive, send)


def attachment(filename: str) -> str:
    """Write a `content-disposition` (RFC 6266) that names the file; what could end the name is left out."""
    name = filename.translate(_UNQUOTED)
    plain = "".join(char if char.isascii() else "_" for char in name)
    value = f'attachment; filename="{plain}"'
    if name.isascii():
        return value
    return f"{value}; filename*=UTF-8''{quote(name, safe='', errors='replace')}"

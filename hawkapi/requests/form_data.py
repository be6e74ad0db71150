"""What a form brought: its fields and its files."""

from collections.abc import Mapping
from typing import TypeVar

from hawkapi.requests.spool import SpooledFile, close_files
from hawkapi.runtime import threads

T = TypeVar("T")


class UploadFile:
    """A file that came with a form: in memory if it is small, else in a temporary file on disk.

    Args:
        filename: As the client names it; from a form its last path component, without control characters. It is
            a label, not a path to write to.
        content_type: As the client says.
        data: The contents.
    """

    __slots__ = ("_contents", "_position", "content_type", "filename")

    def __init__(
        self, filename: str, content_type: str = "application/octet-stream", data: bytes | SpooledFile = b""
    ) -> None:
        self.filename: str = filename
        self.content_type: str = content_type
        self._contents = data
        self._position = 0

    @property
    def spooled(self) -> SpooledFile | None:
        """The file on disk, `None` for contents in memory."""
        contents = self._contents
        return contents if isinstance(contents, SpooledFile) else None

    @property
    def data(self) -> bytes:
        """The whole contents. Of a file on disk they are read at each use, and that blocks: prefer `read`."""
        contents = self._contents
        return contents.read_at(0) if isinstance(contents, SpooledFile) else contents

    @property
    def size(self) -> int:
        """The length in bytes."""
        contents = self._contents
        return contents.size if isinstance(contents, SpooledFile) else len(contents)

    async def read(self, size: int = -1) -> bytes:
        """Read on from the position, at most `size` bytes, all if it is negative; empty at the end.

        Raises:
            ValueError: If the file lay on disk and is closed.
        """
        contents, start = self._contents, self._position
        if isinstance(contents, SpooledFile):
            chunk = await threads.run(contents.read_at, start, size, limiter=contents.limiter)
        else:
            chunk = contents[start:] if size < 0 else contents[start : start + size]
        self._position = start + len(chunk)
        return chunk

    async def seek(self, offset: int) -> None:
        """Move the position that `read` starts from.

        Raises:
            ValueError: If `offset` is negative.
        """
        if offset < 0:
            raise ValueError(f"offset must not be negative, not {offset}")
        self._position = offset

    async def close(self) -> None:
        """Delete the file, if it lies on disk; contents in memory stay readable."""
        if self.spooled is not None:
            await close_files([self.spooled])

    def __repr__(self) -> str:
        return f"UploadFile(filename={self.filename!r}, size={self.size})"


class FormData:
    """Fields and files of a form by name; a name that was sent more than once has a list.

    Args:
        fields: Text by name.
        files: Uploads by name.
    """

    __slots__ = ("fields", "files")

    def __init__(
        self,
        fields: Mapping[str, str | list[str]] | None = None,
        files: Mapping[str, UploadFile | list[UploadFile]] | None = None,
    ) -> None:
        self.fields: Mapping[str, str | list[str]] = {} if fields is None else fields
        self.files: Mapping[str, UploadFile | list[UploadFile]] = {} if files is None else files

    def get(self, name: str, default: T = None) -> str | UploadFile | T:
        """Give the first value of `name`, a field before a file."""
        values = self.getlist(name)
        return values[0] if values else default

    def getlist(self, name: str) -> list[str | UploadFile]:
        """Give all values of `name`, fields before files, none if it was not sent."""
        return [*_values(self.fields, name), *_values(self.files, name)]

    async def aclose(self) -> None:
        """Delete all files that lie on disk; a second call does nothing."""
        uploads = [upload for name in self.files for upload in _values(self.files, name)]
        await close_files([upload.spooled for upload in uploads if upload.spooled is not None])

    def __contains__(self, name: object) -> bool:
        return name in self.fields or name in self.files

    def __repr__(self) -> str:
        return f"FormData({', '.join([*self.fields, *self.files])})"  # names only: values may be secrets


V = TypeVar("V", str, UploadFile)


def add_value(group: dict[str, V | list[V]], name: str, value: V) -> None:
    """Add a value to the fields or the files of a form; the second one of a name makes it a list."""
    present = group.get(name)
    if present is None:
        group[name] = value
    elif isinstance(present, list):
        present.append(value)
    else:
        group[name] = [present, value]


def _values(group: Mapping[str, V | list[V]], name: str) -> list[V]:
    value = group.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

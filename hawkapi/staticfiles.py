"""Serving a directory."""

import os
import re
from errno import EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EPERM

from hawkapi._types import Receive, Scope, Send
from hawkapi.responses.file_answer import Served, answer_file
from hawkapi.responses.file_body import InlineBody, OpenBody
from hawkapi.responses.problem import problem_response
from hawkapi.runtime import threads
from hawkapi.runtime.runtime import of

MAX_PATH = 4096
"""A longer path names no file."""

_ABSENT = frozenset({EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EPERM})
_ALLOWED = "GET, HEAD"
_unsafe = re.compile(r"[\0\\:]").search
# What Windows opens instead of a file, in every folder and with every ending.
_is_device = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)", re.IGNORECASE).match


class StaticFiles:
    """An ASGI app that serves the files of a directory, to be mounted.

    Only regular files inside the directory are served, after links are resolved; no dotfiles, and on no
    platform a name that means something else to Windows (backslash, colon, device). Whatever is not
    served is a 404, so an answer does not tell what is there.

    Args:
        directory: The directory, resolved once.
        html: Whether a folder is answered with its `index.html`.
        max_age: Seconds that clients and caches may keep a file without asking; 0 lets them ask each time.

    Raises:
        RuntimeError: If there is no such directory.
        ValueError: If `max_age` is negative.
    """

    def __init__(self, *, directory: str | os.PathLike[str], html: bool = False, max_age: int = 0) -> None:
        if not os.path.isdir(directory):
            raise RuntimeError(f"Static directory not found: {os.fspath(directory)}")
        if max_age < 0:
            raise ValueError(f"max_age must be 0 or more seconds, not {max_age}")
        self._root = os.path.realpath(directory)
        self._html = html
        self._served = Served(headers={"cache-control": f"public, max-age={max_age}" if max_age else "no-cache"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD for the scope's path; scopes other than http are ignored.

        Raises:
            OSError: If a file is there and cannot be read, as when too many files are open.
        """
        if scope.get("type", "http") != "http":
            return
        method, path = scope.get("method", "GET"), scope["path"]
        if method not in ("GET", "HEAD"):
            detail = f"Method {method} not allowed. Allowed: {_ALLOWED}"
            refusal = problem_response(
                "method-not-allowed", "Method Not Allowed", 405, detail=detail, headers={"allow": _ALLOWED}
            )
            await refusal(scope, receive, send)
            return
        answer = await threads.run(self._answer, path, scope, limiter=of(scope).files)
        if answer is None:
            detail = f"No route matches {method} {path}"
            await problem_response("not-found", "Not Found", 404, detail=detail)(scope, receive, send)
        else:
            await answer.send(scope, receive, send)

    def _answer(self, path: str, scope: Scope) -> InlineBody | OpenBody | None:
        """Find and open the file, all in one worker thread."""
        names = _names(path)
        if names is None:
            return None
        try:
            file = self._inside(names)
            if file is not None and self._html and os.path.isdir(file):
                file = self._inside([*names, "index.html"])
            return None if file is None else answer_file(file, scope, self._served)
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
            return None

    def _inside(self, names: list[str]) -> str | None:
        """Resolve names to a path, unless links lead out of the directory or to a dotfile."""
        path = os.path.realpath(os.path.join(self._root, *names))
        if path == self._root:
            return path
        root = os.path.join(self._root, "")  # with the separator at its end: a sibling may begin with the same letters
        if not path.startswith(root) or any(map(_is_hidden, path[len(root) :].split(os.sep))):
            return None
        return path


def _names(path: str) -> list[str] | None:
    """Split a decoded URL path into names that are safe to look up, before any of them is."""
    if len(path) > MAX_PATH or _unsafe(path):
        return None
    names = [name for name in path.split("/") if name]
    if any(_is_hidden(name) or _is_device(name) for name in names):
        return None
    try:
        os.fsencode(path)
    except UnicodeEncodeError:  # a lone surrogate: no file system has such a name
        return None
    return names


def _is_hidden(name: str) -> bool:
    return name.startswith(".")  # and so are "." and ".."

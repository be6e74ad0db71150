"""Sending a body in many messages."""

from anyio.lowlevel import checkpoint

from hawkapi._types import Message, RawHeaders, Scope, Send

CHECKPOINT_EVERY = 16
"""Messages between two checkpoints: a `send` to a client that left neither raises nor waits."""


class BodyWriter:
    """Send a response in as many messages as it takes, and notice a client that is gone.

    Since ASGI 2.4 a server may raise OSError for a client that left: `gone` is set then, every method
    returns False, and nothing more is sent. Under older servers an OSError is an error like any other.

    Args:
        scope: The request's scope; it may lack `asgi`.
        send: The connection's `send`.
    """

    __slots__ = ("_messages", "_raises", "_send", "gone")

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._raises = spec_version(scope) >= (2, 4)
        self._messages = 0
        self.gone: bool = False

    async def start(self, status: int, headers: RawHeaders) -> bool:
        """Send the head."""
        return await self._put({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, chunk: bytes, *, more: bool = True) -> bool:
        """Send one part of the body, the last one with `more=False`. An empty part in between is skipped."""
        if more and not chunk:
            return not self.gone
        return await self._put({"type": "http.response.body", "body": chunk, "more_body": more})

    async def end(self) -> bool:
        """Send the empty message that ends the body."""
        return await self.write(b"", more=False)

    async def path(self, path: str) -> bool:
        """Let the server send a whole file (`http.response.pathsend`)."""
        return await self._put({"type": "http.response.pathsend", "path": path})

    async def _put(self, message: Message) -> bool:
        if self.gone:
            return False
        try:
            await self._send(message)
        except OSError:
            if not self._raises:
                raise
            self.gone = True
            return False
        self._messages += 1
        if self._messages % CHECKPOINT_EVERY == 0:
            await checkpoint()
        return True


def spec_version(scope: Scope) -> tuple[int, ...]:
    """Read which version of the ASGI HTTP specification the server speaks; the oldest if it does not say."""
    version: str = scope.get("asgi", {}).get("spec_version", "2.0")
    return tuple(map(int, version.split(".")))

"""Ending work for a client that has left."""

from types import TracebackType
from typing import Self

from anyio import create_task_group
from anyio.lowlevel import checkpoint

from hawkapi._types import Receive
from hawkapi.runtime.groups import unwrap


class DisconnectWatch:
    """Run a block that is cancelled when the client disconnects.

    A child task reads `receive`; the block runs in the task that entered it, so what it opens is closed
    where it was opened. Leaving the block ends the child. Enter it only after the body was read: messages
    that come meanwhile are dropped. Afterwards `gone` tells whether the client left; inside, look at it
    after shielded work, since a `send` to a client that left neither raises nor waits on most servers.

    Only the cancellation that the watch itself caused ends at the block; any other passes, and errors of
    the block leave as they were raised.

    Args:
        receive: The connection's `receive`; nobody else may call it meanwhile.
    """

    __slots__ = ("_group", "_receive", "gone")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._group = create_task_group()
        self.gone: bool = False

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._group.start_soon(self._watch)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> bool | None:
        self._group.cancel_scope.cancel()
        with unwrap():
            return await self._group.__aexit__(kind, exc, tb)

    async def _watch(self) -> None:
        try:
            while (await self._receive())["type"] != "http.disconnect":
                await checkpoint()  # a receive that always has a message must not freeze the loop
        except Exception:  # noqa: BLE001, S110 - a connection that cannot be read has no client any more
            pass
        self.gone = True
        self._group.cancel_scope.cancel()

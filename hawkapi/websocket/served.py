"""The WebSocket that a handler gets: it reads ahead, and ends with the app."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from logging import getLogger
from typing import Any

from anyio import create_task_group, current_time

from hawkapi._types import Message, Receive, Scope, Send
from hawkapi.exceptions import HTTPException
from hawkapi.requests.limits import Limits
from hawkapi.runtime.groups import unwrap
from hawkapi.runtime.streams import Streams
from hawkapi.websocket.connection import WebSocket, WebSocketState
from hawkapi.websocket.read_ahead import ReadAhead

LEAVE_SECONDS = 5.0
"""How long a handler may go on after its connection was closed for a restart of the server."""

RETRY_AFTER_SECONDS = 5

_NO_STATUS, _SERVICE_RESTART = 1005, 1012

_log = getLogger("hawkapi")


class ServedWebSocket(WebSocket):
    """A WebSocket whose handler an app runs.

    From the accept on a task reads it, so that a client that left is known when the handler sends, on every server,
    and the handler may be cancelled while it waits for a message.

    Args:
        scope: The ASGI scope.
        receive: The ASGI callable; the connect event was taken already.
        send: The ASGI callable.
        path_params: What the router found in the path.
        limits: Bounds of the connection.
        max_size: See `WebSocket`.
        send_timeout: See `WebSocket`.
        idle_timeout: See `WebSocket`.
        streams: The open connections of the event loop, to which this one will belong.
    """

    __slots__ = ("_ahead", "_group", "_opening", "_restarting", "_streams")

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        path_params: dict[str, Any],
        *,
        limits: Limits,
        max_size: int | None,
        send_timeout: float | None,
        idle_timeout: float | None,
        streams: Streams,
    ) -> None:
        super().__init__(
            scope,
            receive,
            send,
            path_params,
            limits=limits,
            max_size=max_size,
            send_timeout=send_timeout,
            idle_timeout=idle_timeout,
        )
        self._streams = streams
        self._ahead = ReadAhead(receive, self._client_left)
        self._group = create_task_group()
        self._opening = False
        self._restarting = False

    async def run(self, handler: Callable[[], Awaitable[object]]) -> None:
        """Run the handler.

        Raises:
            HTTPException: 503 if the server is about to restart, also if the handler did not end in time for it.
            Exception: What the handler raises.
        """
        failure: Exception | None = None
        finished = False
        with unwrap():
            async with self._group:
                try:
                    self._refuse_if_restarting()
                    with self._streams.open("websocket", self.restart):
                        await handler()
                except Exception as exc:  # noqa: BLE001 - raised below: in the group it would cancel a close under way
                    failure = exc
                finished = True
                self._ahead.stop()
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # a frame in the traceback that points at the exception is a reference cycle
        if not finished:
            _log.warning("A WebSocket handler of %r was cancelled: it did not end for the restart", self.path)
            raise _unavailable()

    def restart(self) -> None:
        """Ask the connection to end because the server restarts; does not wait.

        It is closed with 1012, its handler finds that out from the next call, and is cancelled if it does not end
        within `LEAVE_SECONDS`. One that is not accepted yet can no longer be.
        """
        self._restarting = True
        self._group.cancel_scope.deadline = current_time() + LEAVE_SECONDS
        if self._state is WebSocketState.CONNECTED and not self._opening:
            self._group.start_soon(self._end_for_restart)

    async def accept(
        self, subprotocol: str | None = None, headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None
    ) -> None:
        """Open the connection; see `WebSocket.accept`.

        Raises:
            HTTPException: 503 if the server is about to restart.
        """
        if self._state is WebSocketState.CONNECTING:
            self._refuse_if_restarting()
            self._opening = True
        try:
            await super().accept(subprotocol, headers)
        finally:
            self._opening = False
        self._group.start_soon(self._ahead.run)
        if self._restarting:
            await self._end_for_restart()

    async def end(self, code: int, reason: str = "") -> None:
        """Close the connection for a reason that is not the handler's; see `WebSocket.end`."""
        if self._end is None:
            self._ahead.stop()
        await super().end(code, reason)

    async def _take(self) -> Message:
        if self._state is WebSocketState.CONNECTING:
            self._refuse_unless_open("receive")
        message = await self._ahead.next()
        if message is None:
            raise self._gone()
        return message

    def _client_left(self, message: Message) -> None:
        self._leave(message.get("code", _NO_STATUS), message.get("reason") or "")

    async def _end_for_restart(self) -> None:
        await self.end(_SERVICE_RESTART, "service restart")

    def _refuse_if_restarting(self) -> None:
        if self._streams.releasing:
            raise _unavailable()


def _unavailable() -> HTTPException:
    headers = {"retry-after": str(RETRY_AFTER_SECONDS)}
    return HTTPException(503, "The server is about to restart", headers=headers)

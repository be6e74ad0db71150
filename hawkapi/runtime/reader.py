"""The one reader of a request's messages, which may read ahead to see the client leave."""

from anyio import CancelScope, Event, create_task_group
from anyio.lowlevel import checkpoint

from hawkapi._types import Message, Receive
from hawkapi.runtime.tasks import Supervisor

TURNS = 8
"""How many turns of the loop a look waits at most: what has arrived already is read by then."""


class MessageReader:
    """Reads what the server has for a request. Whoever wants the body, or to know whether the client is there, asks it.

    While it reads ahead it holds one message of the body at most, and waits until that is asked for; after the last
    one it waits for the client to leave. No `receive` that may still give a part of the body is cancelled before the
    handler is over: on some servers that part would be lost.

    Args:
        receive: The request's `receive`; nobody else may call it.

    Attributes:
        gone: Whether the client is known to have left.
    """

    __slots__ = ("_changed", "_complete", "_held", "_reading", "_receive", "_task", "gone")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._held: Message | None = None
        self._complete = False
        self._reading = False
        self._changed: Event | None = None
        self._task: CancelScope | None = None
        self.gone: bool = False

    async def receive(self) -> Message:
        """Give the next message, in the place of the server's `receive`; a disconnect again and again."""
        while self._held is None:
            if self.gone:
                # Reading ahead, if any, ends within a round of the loop, and may cancel who is here: then there is no
                # half a body to be answered. Twice, since the turns of one round come in any order.
                await checkpoint()
                await checkpoint()
                return {"type": "http.disconnect"}
            if self._reading:
                await self._change()
            else:
                self._reading = True
                try:
                    self._take(await self._receive())
                finally:
                    self._reading = False
                    self._tell()
        message, self._held = self._held, None
        self._tell()
        return message

    async def run(self) -> Message:
        """Read ahead until the client leaves, and give the disconnect message; an error of `receive` counts as one."""
        while self._reading:
            await self._change()
        self._reading = True
        try:
            while not self.gone:
                if self._held is not None and not self._complete:
                    await self._change()
                else:
                    self._take(await self._receive())
                    if not self.gone:
                        await checkpoint()  # a receive that always has a message must not freeze the loop
        except Exception:  # noqa: BLE001 - a connection that cannot be read has no client any more
            self.gone = True
        finally:
            self._reading = False
            self._tell()
        return {"type": "http.disconnect"}

    async def look(self, supervisor: Supervisor | None, *, bodyless: bool) -> bool:
        """Tell whether the client has left, as far as one can know now.

        Args:
            supervisor: Runs the reading from now on, until `stop`. Without one it lasts as long as the look, and there
                is none while a part of the body is outstanding.
            bodyless: The request has no body.
        """
        if self.gone or self._reading:
            await checkpoint()
        elif self._task is None and supervisor is not None and supervisor.running:
            self._task = CancelScope()
            supervisor.spawn(self._run_within, self._task, serves=True)
            await self._turns()
        elif self._complete or bodyless:
            async with create_task_group() as group:
                group.start_soon(self.run)
                await self._turns()
                group.cancel_scope.cancel()
        return self.gone

    def stop(self) -> None:
        """End the reading that a look has begun. Whoever serves the request calls this at its end."""
        if self._task is not None:
            self._task.cancel()

    async def _run_within(self, task: CancelScope) -> None:
        with task:
            await self.run()

    async def _turns(self) -> None:
        for _ in range(TURNS):
            if self.gone:
                return
            await checkpoint()

    def _take(self, message: Message) -> None:
        if message["type"] != "http.request":
            self.gone = True
        elif self._held is None:  # else it stands behind the end of the body
            self._held = message
            self._complete = not message.get("more_body", False)
        self._tell()

    async def _change(self) -> None:
        if self._changed is None:
            self._changed = Event()
        await self._changed.wait()

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None

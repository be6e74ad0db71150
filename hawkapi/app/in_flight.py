"""How many requests an app is answering, and waiting until there is none."""

from anyio import Event

from hawkapi.runtime.deadlines import shielded


class InFlight:
    """Counts the requests that are being answered; the app counts in and out by hand, every request pays for it.

    Attributes:
        count: Requests in flight.
        idle: Made by a stop that waits: then the app calls `tell` after each request.
    """

    __slots__ = ("count", "idle")

    def __init__(self) -> None:
        self.count: int = 0
        self.idle: Event | None = None

    def tell(self) -> None:
        """Wake the stop that waits, if this was the last request."""
        if self.idle is not None and self.count == 0:
            self.idle.set()

    async def wait_until_idle(self, seconds: float) -> int:
        """Wait until no request runs, at most that long; gives how many still do."""
        if self.count:
            self.idle = Event()
            with shielded(seconds):
                await self.idle.wait()
            self.idle = None
        return self.count

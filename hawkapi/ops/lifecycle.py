"""Where an app is between its start and its end, and that it drains: plain state, told by a signal handler too."""

from collections.abc import Callable, Generator
from enum import StrEnum
from time import monotonic

from anyio import Event
from anyio.lowlevel import RunVar


class LifecycleState(StrEnum):
    """The states of one life, in order; `FAILED` ends it from any of them."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


_ORDER = {state: place for place, state in enumerate(LifecycleState)}


class Draining:
    """Whether the app is going away: true once its drain has begun, awaitable until then.

    `await app.lifecycle.draining` returns when the drain begins, at once if it has begun; in whatever event loop, and
    in any number of tasks.
    """

    __slots__ = ("_begun", "_waiting")

    def __init__(self) -> None:
        self._begun = False
        self._waiting: RunVar[Event | None] = RunVar("hawkapi.ops.draining", None)

    def __bool__(self) -> bool:
        return self._begun

    def __await__(self) -> Generator[object, None, None]:
        if not self._begun:
            yield from self._event().wait().__await__()

    def _event(self) -> Event:
        event = self._waiting.get()
        if event is None:
            event = Event()
            self._waiting.set(event)
        return event

    def begin(self) -> None:
        """Become true; nobody wakes yet, since this may be a signal handler."""
        self._begun = True

    def wake(self) -> None:
        """Wake those who wait in the running event loop."""
        event = self._waiting.get()
        if event is not None:
            self._waiting.set(None)
            event.set()

    def reset(self) -> None:
        """Become false again, for the next life; who still waits goes on waiting, now for the next drain."""
        self._begun = False


class Lifecycle:
    """The state of an app; within one life it only goes forward, and what would go back is ignored.

    Nothing here locks or awaits: `begin_drain` may interrupt anything, since signal handlers call it.

    Args:
        clock: Monotonic seconds; tests pass their own.

    Attributes:
        since: When the present state began, by the clock.
        reason: Why it failed; `None` unless it did.
        draining: True from the beginning of the drain on; `await` it to be told.
        delay: Seconds for which the server goes on accepting after the drain began, as who began it said.
    """

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._on_begin: list[Callable[[], None]] = []
        self._state = LifecycleState.STARTING
        self.since: float = clock()
        self.reason: str | None = None
        self.draining: Draining = Draining()
        self.delay: float = 0.0

    @property
    def state(self) -> LifecycleState:
        """The present state."""
        return self._state

    def on_begin(self, callback: Callable[[], None]) -> None:
        """Have a callback called in the moment the drain begins, in every life.

        It may run in a signal handler: it stores an attribute, no more.
        """
        self._on_begin.append(callback)

    def restart(self) -> None:
        """Begin a new life: starting."""
        self.reason = None
        self.draining.reset()
        self.delay = 0.0
        self._enter(LifecycleState.STARTING)

    def ready(self) -> None:
        """The start is complete."""
        self._advance(LifecycleState.READY)

    def begin_drain(self, delay: float = 0.0) -> None:
        """The app is about to stop: from now on it says that it is not ready. A second call does nothing.

        Args:
            delay: Seconds for which the server will still accept; 0 for one that closes its socket at once.
        """
        if self.draining:
            return
        self.delay = delay
        self.draining.begin()
        self._advance(LifecycleState.DRAINING)
        for callback in self._on_begin:
            callback()

    def begin_stop(self) -> None:
        """The server accepts no more; a drain that nobody began begins now. Wakes nobody: see `publish`."""
        self.begin_drain()
        self._advance(LifecycleState.STOPPING)

    def stopped(self) -> None:
        """The stop is complete."""
        self._advance(LifecycleState.STOPPED)

    def fail(self, reason: str) -> None:
        """The start failed, or the lifespan died: this life does not become ready again.

        Args:
            reason: For the log and who asks; the first one stays.
        """
        if self._state is not LifecycleState.FAILED:
            self.reason = reason
            self._enter(LifecycleState.FAILED)

    def publish(self) -> None:
        """Wake who waits for the drain in the running event loop, if it has begun."""
        if self.draining:
            self.draining.wake()

    def _advance(self, state: LifecycleState) -> None:
        if _ORDER[state] > _ORDER[self._state]:
            self._enter(state)

    def _enter(self, state: LifecycleState) -> None:
        self._state = state
        self.since = self._clock()

"""Background workers: functions that run as long as the app lives, and run again when they fail."""

import random
from collections.abc import Awaitable, Callable
from contextvars import Context
from functools import partial
from logging import Logger, getLogger
from time import monotonic
from typing import Literal, TypeAlias, TypeVarTuple

import msgspec
from anyio import from_thread, sleep

from hawkapi._signature import describe, is_async_callable
from hawkapi.runtime.tasks import Supervisor

Ts = TypeVarTuple("Ts")

Restart: TypeAlias = Literal["on-failure", "always", "never"]

_RESTARTS = ("on-failure", "always", "never")

logger: Logger = getLogger("hawkapi")


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """How long a worker waits before it runs again: longer after each run, until one was healthy.

    Attributes:
        first: Seconds before the first restart.
        factor: By which each wait is longer than the one before.
        most: Seconds that no wait exceeds.
        healthy: A run of that many seconds was healthy: the next wait is the first again.
    """

    first: float = 1.0
    factor: float = 2.0
    most: float = 60.0
    healthy: float = 60.0

    def __post_init__(self) -> None:
        if not (0 <= self.first <= self.most and self.factor >= 1 and self.healthy >= 0):
            raise ValueError(f"a back-off needs 0 <= first <= most, factor >= 1 and healthy >= 0, not {self}")

    def wait(self, restarts: int) -> float:
        """Give the seconds to wait after so many restarts in a row."""
        try:
            return min(self.first * self.factor**restarts, self.most)
        except OverflowError:
            return self.most


class Worker:
    """A function that an app keeps running; made by `Background.start`.

    Attributes:
        name: In logs.
        running: Whether the function runs at this moment.
        restarts: How often it was run again, in all lives of the app.
        error: The exception that ended it last.
    """

    def __init__(
        self,
        call: Callable[[], Awaitable[object]],
        name: str,
        restart: Restart,
        backoff: Backoff,
        max_restarts: int | None,
    ) -> None:
        self._call, self._restart, self._backoff, self._max_restarts = call, restart, backoff, max_restarts
        self.name = name
        self.running: bool = False
        self.restarts: int = 0
        self.error: Exception | None = None

    async def run(
        self,
        supervisor: Supervisor,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
    ) -> None:
        """Run the function, and again as its policy says, until the supervisor is closed."""
        in_a_row = 0
        while True:
            began = clock()
            failed = await self._run_once(supervisor)
            if not supervisor.running or self._restart == "never" or not (failed or self._restart == "always"):
                return
            if clock() - began >= self._backoff.healthy:
                in_a_row = 0
            if in_a_row == self._max_restarts:
                logger.error("the worker %s is given up after %d restarts in a row", self.name, in_a_row)
                return
            await sleep(self._backoff.wait(in_a_row) * jitter())
            in_a_row += 1
            self.restarts += 1

    async def _run_once(self, supervisor: Supervisor) -> bool:
        """Run the function; return whether it failed."""
        self.running = True
        try:
            await self._call()
        except Exception as exc:
            self.error = exc
            supervisor.errors += 1
            logger.exception("the worker %s failed", self.name)
            return True
        finally:
            self.running = False
        return False


class Background:
    """The workers of an app: `app.background`.

    Args:
        supervisor: Gives the supervisor of the running event loop, `None` where the app's lifespan does not run.
        clock: Monotonic seconds; tests pass their own.
        sleep: Waits for seconds; likewise.
        jitter: Gives the factor of a wait, likewise; by default within 0.5..1, so that what failed together does not
            come back together.
    """

    def __init__(
        self,
        supervisor: Callable[[], Supervisor | None],
        *,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = sleep,
        jitter: Callable[[], float] = lambda: random.uniform(0.5, 1.0),  # noqa: S311 - no secret
    ) -> None:
        self._supervisor = supervisor
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        self._remembered: list[tuple[Worker, bool]] = []

    def start(
        self,
        fn: Callable[[*Ts], Awaitable[object]],
        *args: *Ts,
        name: str | None = None,
        restart: Restart = "on-failure",
        backoff: Backoff | None = None,
        max_restarts: int | None = None,
        finishes: bool = False,
    ) -> Worker:
        """Keep `fn(*args)` running.

        While the app's lifespan runs, it starts at once and lives until the stop. Before, it is remembered, and started
        at the end of every start. It has none of the caller's context variables. At the stop it is cancelled, once
        background tasks have ended or their grace is over.

        Args:
            fn: An async function. A sync one would hold a thread for ever and could not be stopped.
            args: Its arguments.
            name: In logs; by default the function's.
            restart: Whether it is run again when it raises (`"on-failure"`), also when it returns (`"always"`), or not.
            backoff: How long it waits before that.
            max_restarts: It is given up after so many restarts in a row, none of them healthy; `None`: never.
            finishes: It ends by itself when `app.lifecycle.draining`: the stop waits for it as for background tasks.

        Returns:
            The worker, to look at.

        Raises:
            TypeError: If `fn` is not async.
            ValueError: If there is no such policy.
            RuntimeError: If the app is served, but its lifespan does not run, or is ending.
        """
        if not is_async_callable(fn):
            raise TypeError(
                f"the worker {describe(fn)} is a sync function, which would hold a thread for ever and cannot be "
                "stopped: make it async, and call what blocks by anyio.to_thread.run_sync"
            )
        if restart not in _RESTARTS:
            raise ValueError(f"restart must be one of {', '.join(_RESTARTS)}, not {restart!r}")
        if max_restarts is not None and max_restarts < 0:
            raise ValueError(f"max_restarts must be 0 or more, not {max_restarts}")
        worker = Worker(partial(fn, *args), name or describe(fn), restart, backoff or Backoff(), max_restarts)
        if _is_worker_thread():
            from_thread.run(self._begin_in_loop, worker, finishes)
        else:
            self._begin(worker, finishes)
        return worker

    def start_remembered(self, supervisor: Supervisor) -> None:
        """Start, in a supervisor, what was asked for before there was one."""
        for worker, finishes in self._remembered:
            self._spawn(supervisor, worker, finishes)

    async def _begin_in_loop(self, worker: Worker, finishes: bool) -> None:
        self._begin(worker, finishes)

    def _begin(self, worker: Worker, finishes: bool) -> None:
        supervisor = self._supervisor()
        if supervisor is None:
            self._remembered.append((worker, finishes))
        else:
            self._spawn(supervisor, worker, finishes)

    def _spawn(self, supervisor: Supervisor, worker: Worker, finishes: bool) -> None:
        run = partial(worker.run, supervisor, clock=self._clock, sleep=self._sleep, jitter=self._jitter)
        supervisor.spawn(run, name=worker.name, context=Context(), serves=not finishes)


def _is_worker_thread() -> bool:
    """Tell whether a thread runs this that an event loop waits for, as it does for sync handlers."""
    try:
        from_thread.check_cancelled()
    except RuntimeError:
        return False
    return True

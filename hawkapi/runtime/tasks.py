"""The supervisor: an app's background work, outside of its requests and apart from each other."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from functools import partial
from logging import Logger, getLogger
from typing import TypeVarTuple

from anyio import CancelScope, Event, create_task_group
from anyio.abc import TaskGroup

from hawkapi.runtime.deadlines import shielded
from hawkapi.runtime.groups import unwrap

Ts = TypeVarTuple("Ts")

logger: Logger = getLogger("hawkapi")


class Supervisor:
    """Runs tasks as long as the app lives. An error of one is logged and counted, and harms no other.

    A task belongs to the supervisor and not to who spawned it: it outlives the request, and the request's cancellation
    does not reach it.

    Args:
        grace: Seconds for which `close` waits for tasks to end by themselves.

    Attributes:
        live: Tasks that run now, without those that serve.
        errors: Tasks that ended with an exception.
        cancelled: Tasks that were cut off at the end of the grace.
    """

    __slots__ = ("_empty", "_grace", "_group", "_idle", "_tasks", "cancelled", "errors", "live")

    def __init__(self, *, grace: float) -> None:
        self._grace = grace
        self._group: TaskGroup | None = None
        self._tasks: set[_Task] = set()
        self._idle: Event | None = None
        self._empty: Event | None = None
        self.live: int = 0
        self.errors: int = 0
        self.cancelled: int = 0

    @property
    def running(self) -> bool:
        """Whether `spawn` takes tasks."""
        return self._group is not None

    @asynccontextmanager
    async def run(self) -> AsyncGenerator["Supervisor", None]:
        """Take tasks during the block; at its end they are closed, if they are not yet."""
        with unwrap():
            async with create_task_group() as group:
                self._group = group
                try:
                    yield self
                finally:
                    try:
                        await self.close()
                    finally:  # a native cancellation goes through every shield
                        self._cancel()

    def spawn(
        self,
        fn: Callable[[*Ts], Awaitable[object]],
        *args: *Ts,
        name: str | None = None,
        context: Context | None = None,
        serves: bool = False,
    ) -> None:
        """Run `fn(*args)` as a task.

        Args:
            fn: An async function.
            args: Its arguments.
            name: In logs; by default the function's.
            context: Its context variables; by default a copy of the caller's.
            serves: It runs until it is cancelled, as what serves others does: `close` does not wait for it.

        Raises:
            RuntimeError: If the supervisor does not run, or is being closed.
        """
        task = _Task(partial(fn, *args), name or getattr(fn, "__qualname__", repr(fn)), serves)
        if self._group is None:
            raise RuntimeError(f"the task {task.name} cannot start: the app's lifespan does not run, or is ending")
        self._tasks.add(task)
        self.live += not serves
        (copy_context() if context is None else context).run(self._group.start_soon, self._guard, task)

    async def close(self) -> None:
        """Take no more tasks. Wait until those that run have ended, for the grace at most; then cancel what is left.

        Cancellation from outside does not shorten the grace.
        """
        self._group = None
        if self.live:
            self._idle = Event()
            with shielded(self._grace):
                await self._idle.wait()
        if self.live:
            self.cancelled += self.live
            logger.error("%d background tasks were cancelled after %g s of shutdown", self.live, self._grace)
        if self._tasks:
            self._empty = Event()
            self._cancel()
            with shielded():
                await self._empty.wait()

    def _cancel(self) -> None:
        for task in self._tasks:
            task.scope.cancel()

    async def _guard(self, task: "_Task") -> None:
        try:
            with task.scope:
                await task.call()
        except Exception:
            self.errors += 1
            logger.exception("the task %s failed", task.name)
        finally:
            self._tasks.discard(task)
            self.live -= not task.serves
            if self._idle is not None and not self.live:
                self._idle.set()
            if self._empty is not None and not self._tasks:
                self._empty.set()


class _Task:
    """One call; shielded, so that only the supervisor cancels it."""

    __slots__ = ("call", "name", "scope", "serves")

    def __init__(self, call: Callable[[], Awaitable[object]], name: str, serves: bool) -> None:
        self.call, self.name, self.serves = call, name, serves
        self.scope = CancelScope(shield=True)

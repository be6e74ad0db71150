"""Background tasks: work that is done after the response was sent."""

from collections import deque
from collections.abc import Awaitable, Callable
from functools import cache, partial
from inspect import isawaitable
from logging import Logger, getLogger
from typing import Any, ParamSpec

from anyio import CancelScope, Event, create_task_group, sleep_forever

from hawkapi._signature import is_async_callable
from hawkapi._types import Scope
from hawkapi.runtime import threads
from hawkapi.runtime.deadlines import begin_cleanup
from hawkapi.runtime.groups import unwrap
from hawkapi.runtime.runtime import Runtime, current

P = ParamSpec("P")

INLINE = "hawkapi.inline_tasks"
"""The ASGI extension by which a caller asks that its call returns when the tasks are done, as our test client does."""

logger: Logger = getLogger("hawkapi")


class BackgroundTasks:
    """The tasks that a request leaves behind, run one after the other once its response was sent.

    A handler gets one by declaring a parameter of this type.
    """

    __slots__ = ("_queue",)

    def __init__(self) -> None:
        self._queue: deque[partial[Any]] = deque()

    def __len__(self) -> int:
        return len(self._queue)

    def add_task(self, fn: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Queue a call of `fn`: an async one runs in the event loop, a sync one in a worker thread."""
        self._queue.append(partial(fn, *args, **kwargs))

    async def run(self, runtime: Runtime | None = None, *, request_id: str | None = None) -> None:
        """Run the queue until it is empty, including what tasks add to it.

        An error is logged and the next task runs. A cancellation ends the run; tasks that have not begun
        stay queued.

        Args:
            runtime: Whose worker threads to use; the running loop's default if None.
            request_id: Stands in the log of an error.
        """
        runtime = runtime or current()
        while self._queue:
            task = self._queue.popleft()
            try:
                if is_async_callable(task):
                    await task()
                else:
                    result = await threads.run(task, limiter=runtime.handlers)
                    if isawaitable(result):  # a plain function round an async one
                        await result
            except Exception:
                if runtime.supervisor is not None:
                    runtime.supervisor.errors += 1
                origin = "" if request_id is None else f" (request id {request_id!r})"
                logger.exception("a background task failed: %r%s", task.func, origin)


async def settle(tasks: BackgroundTasks, scope: Scope, runtime: Runtime) -> None:
    """See that a request's tasks are run, its response having been sent.

    The supervisor takes them, so that they outlive the request. Without a running lifespan they run here, one after
    the other; a cancellation waits for them, within bounds.

    Args:
        tasks: The tasks.
        scope: The request's scope.
        runtime: The runtime of the app that serves it.
    """
    if not tasks:
        return
    run = partial(tasks.run, runtime, request_id=scope.get("request_id"))
    supervisor = runtime.supervisor
    if supervisor is None or not supervisor.running:
        await _run_here(run)
    elif INLINE in scope.get("extensions", ()):
        done = Event()
        supervisor.spawn(_run_and_tell, run, done, name="of background tasks")
        await done.wait()
    else:
        supervisor.spawn(run, name="of background tasks")


async def _run_and_tell(run: Callable[[], Awaitable[None]], done: Event) -> None:
    try:
        await run()
    finally:
        done.set()


async def _run_here(run: Callable[[], Awaitable[None]]) -> None:
    """Run to the end, and when cancelled for some seconds more."""
    _say_that_tasks_run_here()
    work = CancelScope(shield=True)

    async def limit_when_cancelled() -> None:
        try:
            await sleep_forever()
        finally:
            begin_cleanup(work)

    with unwrap():
        async with create_task_group() as group:
            group.start_soon(limit_when_cancelled)
            with work:
                await run()
            group.cancel_scope.cancel()


@cache
def _say_that_tasks_run_here() -> None:
    """Say so once a process."""
    logger.info("no lifespan runs: background tasks are run before the call of the app returns")

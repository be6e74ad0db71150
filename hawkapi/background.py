"""Background tasks: work that is done after the response was sent."""

from collections import deque
from collections.abc import Callable
from functools import partial
from inspect import isawaitable
from logging import getLogger
from typing import Any, ParamSpec

from hawkapi._signature import is_async_callable
from hawkapi.runtime import threads
from hawkapi.runtime.runtime import Runtime, current

P = ParamSpec("P")

logger = getLogger("hawkapi")


class BackgroundTasks:
    """The tasks that a request leaves behind, run one after the other once its response was sent.

    A handler gets one by declaring a parameter of this type.
    """

    __slots__ = ("_queue",)

    def __init__(self) -> None:
        self._queue: deque[partial[Any]] = deque()

    def add_task(self, fn: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Queue a call of `fn`: an async one runs in the event loop, a sync one in a worker thread."""
        self._queue.append(partial(fn, *args, **kwargs))

    async def run(self, runtime: Runtime | None = None) -> None:
        """Run the queue until it is empty, including what tasks add to it.

        An error is logged and the next task runs. A cancellation ends the run; tasks that have not begun
        stay queued.

        Args:
            runtime: Whose worker threads to use; the running loop's default if None.
        """
        while self._queue:
            task = self._queue.popleft()
            try:
                if is_async_callable(task):
                    await task()
                else:
                    result = await threads.run(task, limiter=(runtime or current()).handlers)
                    if isawaitable(result):  # a plain function round an async one
                        await result
            except Exception:
                logger.exception("a background task failed: %r", task.func)

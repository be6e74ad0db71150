"""The one seam between the event loop and its worker threads."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


async def run(fn: Callable[[*Ts], T], *args: *Ts, limiter: CapacityLimiter) -> T:
    """Call `fn(*args)` in a worker thread and return its result.

    The caller's context variables are visible in the thread; what is set there is lost. Waiting for the
    limiter can be cancelled. The call itself cannot: the thread is never abandoned, so a deadline that
    passes meanwhile shows only afterwards, as the scope's `cancel_called`.

    Args:
        fn: A blocking function.
        args: Its arguments.
        limiter: The pool that the thread counts against. A thread must not come back through the loop
            for a second token of the pool it was started from: with all tokens out, that never ends.

    Raises:
        RuntimeError: If `fn` raises StopIteration, which no coroutine can raise.
    """
    (result,) = await to_thread.run_sync(_call, fn, args, limiter=limiter)
    return result


def _call(fn: Callable[[*Ts], T], args: tuple[*Ts]) -> tuple[T]:
    try:
        return (fn(*args),)  # in a tuple, since trio refuses a bare coroutine as a thread's result
    except StopIteration as stop:
        name = getattr(fn, "__qualname__", repr(fn))
        raise RuntimeError(f"{name} raised StopIteration, which cannot leave a worker thread") from stop

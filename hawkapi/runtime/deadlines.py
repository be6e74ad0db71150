"""Deadlines: how long a request may take, and its cleanup once it is over."""

import sys
from math import inf
from time import monotonic
from types import TracebackType
from typing import Self

from anyio import CancelScope, current_time, move_on_after

from hawkapi._errors import HawkAPIError

CLEANUP_SECONDS = 5.0
"""How long one piece of cleanup may await before it is given up."""


def shielded(seconds: float = CLEANUP_SECONDS) -> CancelScope:
    """Make a block that cancellation from outside does not reach, but that ends after `seconds`.

    Afterwards `cancelled_caught` of the scope tells whether it was cut off. Cleanup must be idempotent
    all the same: a native `task.cancel()` goes through every shield.
    """
    return move_on_after(seconds, shield=True)


def begin_cleanup(scope: CancelScope, seconds: float = CLEANUP_SECONDS) -> None:
    """Turn an open scope into what `shielded` makes.

    For code that may hold cancel scopes of its own from before the cleanup, as a generator or a lifespan
    does: scopes nest, so the one round it must have been entered earlier than theirs.
    """
    scope.shield = True
    scope.deadline = current_time() + seconds


class TimeExceeded(HawkAPIError):  # noqa: N818 - it says what happened
    """A block ran past its time limit; what it raised then is the cause.

    Not a `TimeoutError`: user code raises those for reasons of its own.

    Args:
        seconds: The limit.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"exceeded its time limit of {seconds:g}s")
        self.seconds = seconds


class TimeLimit:
    """Cancel a block when its time is over, and raise `TimeExceeded` in its place.

    A block that comes to its end too late, since it did not await or was shielded, has exceeded its time as well:
    neither its result nor its error counts. Cancellation from outside passes.

    Args:
        seconds: How long the block may take, from now on.

    Attributes:
        deadline: When it must be over, in seconds of `time.monotonic`.
    """

    __slots__ = ("_scope", "_seconds", "deadline")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._scope = CancelScope(deadline=current_time() + seconds)
        self.deadline: float = monotonic() + seconds

    def __enter__(self) -> Self:
        self._scope.__enter__()
        return self

    def lift(self) -> None:
        """Let the block go on without a limit, if it has kept it so far.

        Raises:
            TimeExceeded: If it has not.
        """
        if self._scope.cancel_called or monotonic() >= self.deadline:
            raise TimeExceeded(self._seconds)
        self._scope.deadline = self.deadline = inf

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        try:
            caught = self._scope.__exit__(kind, exc, tb)
        except Exception as rest:  # trio takes its cancellation out of a group: this is what else was in it
            raise TimeExceeded(self._seconds) from rest
        error = exc if isinstance(exc, Exception) else None
        if exc is not None and error is None and not caught:
            return
        # The loop's own clock may stand still while a block does not await, so it alone cannot tell.
        if self._scope.cancel_called or monotonic() >= self.deadline:
            raise TimeExceeded(self._seconds) from error


def under_debugger() -> bool:
    """Tell whether somebody steps through the program: then no time limit makes sense."""
    tracer: object = getattr(sys.gettrace(), "__self__", None)
    return "pydevd" in sys.modules or any(cls.__module__ == "bdb" for cls in type(tracer).__mro__)

"""Deadlines: how long cleanup may take once its request is over."""

from anyio import CancelScope, current_time, move_on_after

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

"""A shutdown step by step, in the one cancel scope that is round start and shutdown."""

from collections.abc import Awaitable, Callable
from logging import Logger, getLogger
from math import inf

from anyio import CancelScope, current_effective_deadline, get_cancelled_exc_class

from hawkapi.runtime.deadlines import begin_cleanup, shielded

logger: Logger = getLogger("hawkapi")


class Steps:
    """The steps of a shutdown: each has a deadline of its own, and none keeps the next from running.

    A step may leave scopes and task groups that the start has entered, so no scope of ours is opened round it: one
    scope is round start and shutdown, and its deadline is moved on from step to step. Once it fired, whatever is
    awaited in it is cancelled; each step left gets a scope of its own then.

    Attributes:
        scope: For `conversation`.
    """

    __slots__ = ("_interruption", "scope")

    def __init__(self) -> None:
        self.scope: CancelScope = CancelScope()
        self._interruption: BaseException | None = None

    async def run(self, name: str, step: Callable[[], Awaitable[object]], seconds: float) -> None:
        """Run a step; its error is logged, and so is that it took longer than it may."""
        try:
            overrun = await self._run_within(step, seconds)
        except Exception:
            logger.exception("%s failed", name)
        except BaseException as exc:  # noqa: BLE001 - raised by `end`
            self._interruption = exc
        else:
            if overrun:
                logger.error("%s was given up after %g s", name, seconds)

    def end(self) -> None:
        """Raise what was no error but an end of the task, such as a native cancellation, if there was any."""
        if self._interruption is not None:
            raise self._interruption

    async def _run_within(self, step: Callable[[], Awaitable[object]], seconds: float) -> bool:
        if self.scope.cancel_called:
            with shielded(seconds) as own:
                await step()
            return own.cancelled_caught
        begin_cleanup(self.scope, seconds)
        try:
            await step()
        except BaseException as exc:
            error = _without_cancellation(exc)
            if error is not None and error is not exc:
                raise error from exc
            if error is exc or not (self.scope.cancel_called or is_cancelled()):  # a native one is not ours to swallow
                raise
            return self.scope.cancel_called
        return False


def _without_cancellation(exc: BaseException) -> BaseException | None:
    """Give what is left of an exception when the cancellation is taken out of it."""
    cancelled = get_cancelled_exc_class()
    if not isinstance(exc, BaseExceptionGroup):
        return None if isinstance(exc, cancelled) else exc
    matching, rest = exc.split(cancelled)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # a group of anything
    return exc if matching is None else rest  # pyright: ignore[reportUnknownVariableType]  # see above


def is_cancellation(exc: BaseException | None) -> bool:
    """Tell whether an exception is the backend's cancellation."""
    return isinstance(exc, get_cancelled_exc_class())


def is_cancelled() -> bool:
    """Tell whether a scope round the running code is cancelled, and no shield lies between."""
    return current_effective_deadline() == -inf

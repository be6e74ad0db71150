"""What is said of cleanup that fails, whoever does it: in the event loop or in a worker thread."""

from logging import getLogger
from typing import Any, cast

from hawkapi._errors import HawkAPIError

_log = getLogger("hawkapi")


class CleanupFailed(HawkAPIError):  # noqa: N818 - it says what happened
    """What follows a `yield` has failed after the handler had succeeded; the cause was logged."""


def cleanup_failed(failure: Exception) -> CleanupFailed:
    """Make the error for a failed cleanup; its text is that of the failure."""
    if isinstance(failure, CleanupFailed):
        return failure
    error = CleanupFailed(str(failure) or type(failure).__name__)
    error.__cause__ = failure
    return error


def is_same(raised: BaseException, failure: BaseException) -> bool:
    """Tell whether what was thrown into a generator came out again; of a StopIteration Python makes a RuntimeError."""
    if isinstance(failure, StopIteration | StopAsyncIteration):
        return raised.__cause__ is failure
    while isinstance(raised, BaseExceptionGroup):  # a task group that a dependency holds wraps what passes through it
        members = [*cast("BaseExceptionGroup[BaseException]", raised).exceptions]
        if len(members) > 1:
            return False
        raised = members[0]
    return raised is failure


def report(entry: Any, exc: BaseException) -> None:
    """Log that the closing of something has failed, with its name and place."""
    if not isinstance(exc, CleanupFailed):  # that was logged where it happened
        _log.error("The cleanup of %s failed", name_of(entry), exc_info=exc)


def name_of(entry: Any) -> str:
    """Name what is open: a generator by its function, with file and line."""
    code = getattr(entry, "ag_code", None) or getattr(entry, "gi_code", None)
    if code is None:
        return str(entry)
    return f"{entry.__qualname__} ({code.co_filename}:{code.co_firstlineno})"


def nothing_yielded(generator: Any) -> RuntimeError:
    """Make the error for a dependency that ended before its `yield`."""
    return RuntimeError(f"{name_of(generator)} ended without a yield: nothing was provided")


def yielded_again(generator: Any) -> RuntimeError:
    """Make the error for a dependency that yields a second time."""
    return RuntimeError(
        f"{name_of(generator)} yields more than once: a dependency yields what it provides, and cleans up"
    )

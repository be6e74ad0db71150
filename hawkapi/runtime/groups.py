"""Exception groups: our task groups do not show in what users catch."""

from types import TracebackType
from typing import TypeGuard

from anyio import get_cancelled_exc_class


class unwrap:  # noqa: N801 - stands in a with statement like contextlib.suppress
    """Let an exception group that holds one exception leave the block as that exception.

    Put round every task group that the framework owns: whatever leaves one is wrapped, on each backend.
    The exception keeps its cause and context. A group with several leaves stays as its raiser made it;
    only the single-member groups round it go. A cancellation beside an error is left out, as on asyncio it never is in
    a group: whoever cancelled does so at the next await again.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        leaf = _without_cancellation(exc)
        while _is_group(leaf) and len(leaf.exceptions) == 1:
            leaf = leaf.exceptions[0]
        if leaf is None or leaf is exc:
            return
        cause, context, suppress = leaf.__cause__, leaf.__context__, leaf.__suppress_context__
        try:
            raise leaf
        finally:
            leaf.__cause__, leaf.__context__, leaf.__suppress_context__ = cause, context, suppress
            del leaf, exc  # a frame in the traceback that points at the exception is a reference cycle


def _without_cancellation(exc: BaseException | None) -> BaseException | None:
    if not _is_group(exc) or isinstance(exc, Exception):
        return exc
    cancelled, others = exc.split(get_cancelled_exc_class())
    return exc if cancelled is None or others is None else others


def _is_group(exc: BaseException | None) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    return isinstance(exc, BaseExceptionGroup)

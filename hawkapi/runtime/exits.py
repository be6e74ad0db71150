"""What a request has opened and what must be closed again: in reverse order, each once, whatever happens.

What is open stands in a plain list, the last one at its end. An async generator that cannot wait stands there as it is;
all others are an `Exit`. `close` goes through the list after a success, `abort` after a failure.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from types import AsyncGeneratorType
from typing import Any, NoReturn, Protocol, TypeAlias, TypeVar

from anyio import CancelScope

from hawkapi.runtime.cleanup import (
    CleanupFailed,
    cleanup_failed,
    is_same,
    name_of,
    nothing_yielded,
    report,
    yielded_again,
)
from hawkapi.runtime.deadlines import CLEANUP_SECONDS, begin_cleanup
from hawkapi.runtime.shutdown import is_cancelled

T = TypeVar("T")

_NOTHING: Any = object()


class Exit(Protocol):
    """Something that is open."""

    async def leave(self, exc: BaseException | None) -> None:
        """Close it.

        Args:
            exc: What the request failed with, `None` after a success.

        Raises:
            BaseException: `exc` itself, where it is thrown into what is open and comes out again, or an error of the
                closing.
        """
        ...


Bare: TypeAlias = AsyncGeneratorType[Any, None]
"""An async generator that cannot wait between its yields."""

Opened: TypeAlias = list[Bare | Exit]


async def close(opened: Opened) -> None:
    """Close all after a success.

    Raises:
        CleanupFailed: If any of them failed; each failure was logged, none is seen by the others.
    """
    failure: Exception | None = None
    while opened:
        entry = opened.pop()
        try:
            if not isinstance(entry, AsyncGeneratorType):
                await entry.leave(None)
            elif await anext(entry, _NOTHING) is not _NOTHING:
                await _refuse_more(entry)
        except Exception as exc:  # noqa: BLE001 - whatever it is: the others are closed all the same
            report(entry, exc)
            failure = failure or exc
        except BaseException as exc:
            await abort(opened, exc)
            raise
    if failure is not None:
        raise cleanup_failed(failure)


def running(*generators: Bare | None) -> Opened:
    """Give those that have begun and not ended, to be closed."""
    return [generator for generator in generators if generator is not None and generator.ag_frame is not None]


async def recover(generators: Sequence[Bare], exc: BaseException | None) -> NoReturn:
    """Close the others after one has not ended as it should, when all were ended after a success.

    Args:
        generators: All of them, in the order in which they were started.
        exc: What it raised; `None` if it has yielded again.

    Raises:
        CleanupFailed: In any case, unless the request is cancelled.
    """
    opened = running(*generators)
    failed = generators[len(opened) - (exc is None)]
    if exc is None:
        exc = yielded_again(failed)
        await failed.aclose()
        opened.pop()
    if not isinstance(exc, Exception):
        await abort(opened, exc)
        raise exc
    report(failed, exc)
    with suppress(CleanupFailed):  # the first failure is the one that is told
        await close(opened)
    raise cleanup_failed(exc)


async def abort(opened: Opened, exc: BaseException) -> None:
    """Close all after a failure, which each of them is shown; one that swallows it makes no success of it.

    The caller raises `exc` on.

    Raises:
        BaseException: Where something else takes the place of `exc`: a cancellation, or what a cancellation was about.
    """
    failure = exc
    while opened:
        entry = opened.pop()
        traceback = failure.__traceback__
        try:
            await (_throw(entry, failure) if isinstance(entry, AsyncGeneratorType) else entry.leave(failure))
        except BaseException as raised:  # noqa: BLE001 - whatever it is: the others are closed all the same
            if is_same(raised, failure):
                failure.__traceback__ = traceback  # the frames of the cleanup point at it: a reference cycle
            else:
                failure = _next(entry, raised, failure)
        else:
            if not isinstance(failure, Exception) and not is_cancelled():
                failure = RuntimeError(f"{name_of(entry)} cut off what depends on it, and raised nothing")
    if failure is not exc:
        raise failure


def _next(entry: Any, raised: BaseException, failure: BaseException) -> BaseException:
    """Decide what the request has failed with once the closing of something has raised another exception.

    An error stands. A cancellation gives way to an error if it came from what was closed: a task group that a
    dependency holds cancels the handler, and raises what went wrong, when one of its tasks fails.
    """
    if not isinstance(raised, Exception):
        return raised
    if isinstance(failure, Exception) or is_cancelled():
        report(entry, raised)
        return failure
    return raised


def unyielded(generators: Sequence[Bare | None], exc: StopAsyncIteration) -> Exception:
    """Tell whether a StopAsyncIteration is the end of one of some generators before its yield, or somebody's own."""
    ended = (generator for generator in generators if generator is not None and generator.ag_frame is None)
    return next((nothing_yielded(generator) for generator in ended), exc)


async def _finish(generator: AsyncGenerator[Any, None]) -> None:
    if await anext(generator, _NOTHING) is not _NOTHING:
        await _refuse_more(generator)


async def _throw(generator: AsyncGenerator[Any, None], exc: BaseException) -> None:
    try:
        await generator.athrow(exc)
    except StopAsyncIteration:
        return
    await _refuse_more(generator)


async def _refuse_more(generator: AsyncGenerator[Any, None]) -> None:
    await generator.aclose()
    raise yielded_again(generator)


async def enter(opened: Opened, generator: AsyncGenerator[T, None]) -> T:
    """Start an async generator that may wait, and give what it provides; anything else is what is provided."""
    if not isinstance(generator, AsyncGenerator):  # pyright: ignore[reportUnnecessaryIsInstance]  # a wrapper gave it
        return generator
    entry = ShieldedGenerator(generator)
    value = await entry.enter()
    opened.append(entry)
    return value


class ShieldedGenerator:
    """An async generator whose cleanup no cancellation reaches, and that takes so long at most.

    The scope is entered before the generator runs, since it may hold scopes of its own across its yield.

    Args:
        generator: What provides a value and cleans up.
        seconds: How long its cleanup may take.
    """

    __slots__ = ("_generator", "_scope", "_seconds")

    def __init__(self, generator: AsyncGenerator[Any, None], seconds: float = CLEANUP_SECONDS) -> None:
        self._generator = generator
        self._seconds = seconds
        self._scope = CancelScope()

    def __str__(self) -> str:
        return name_of(self._generator)

    async def enter(self) -> Any:
        """Run it up to its yield.

        Raises:
            RuntimeError: If there is none.
        """
        self._scope.__enter__()
        try:
            value = await anext(self._generator, _NOTHING)
            if value is _NOTHING:
                raise nothing_yielded(self._generator)
        except BaseException as exc:
            self._scope.__exit__(type(exc), exc, exc.__traceback__)
            raise
        return value

    async def leave(self, exc: BaseException | None) -> None:
        """Run it to its end, or throw what the request failed with into it."""
        begin_cleanup(self._scope, self._seconds)
        try:
            await (_finish(self._generator) if exc is None else _throw(self._generator, exc))
        except BaseException as raised:
            caught = self._scope.__exit__(type(raised), raised, raised.__traceback__)
            # asyncio leaves it to whoever is cancelled besides: that goes on with `exc` anyway.
            if not caught and (exc is None or isinstance(exc, Exception) or not self._scope.cancel_called):
                raise
            raise RuntimeError(f"given up after {self._seconds:g} s") from None
        self._scope.__exit__(None, None, None)

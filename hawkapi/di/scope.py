"""A scope: the instances of one request, one job or one command, and their end."""

from collections.abc import Awaitable
from inspect import isawaitable
from logging import Logger, getLogger
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from hawkapi.di.once import Once
from hawkapi.di.provider import UNMADE, Provider
from hawkapi.runtime.deadlines import CLEANUP_SECONDS, shielded

T = TypeVar("T")

logger: Logger = getLogger("hawkapi")


class Providers(Protocol):
    """What a scope must know of a container."""

    def provider(self, service_type: Any, name: str | None = None, /) -> Provider:
        """Give the provider of a service."""
        ...


class Scope:
    """Hold one instance of each scoped service that is asked for, and close them at the end.

    An async context manager. Tasks may share it; it belongs to one event loop.

    Args:
        container: Where the services are registered.

    Attributes:
        made: What it has to close, with what it was made for, in the order of creation.
        closed: It makes nothing any more.
    """

    __slots__ = ("_container", "_onces", "closed", "made")

    def __init__(self, container: Providers) -> None:
        self._container = container
        self._onces: dict[object, Once] | None = None
        self.made: list[tuple[Provider, Any]] = []
        self.closed: bool = False

    async def resolve(self, service_type: type[T], name: str | None = None) -> T:
        """Give the instance of a type; see `Container.resolve`. A scoped one is this scope's own.

        Raises:
            LookupError: If nobody provides it.
            RuntimeError: If the scope is closed.
        """
        provider = self._container.provider(service_type, name)
        value = provider.value
        return value if value is not UNMADE else await provider.get(self)

    def once(self, source: object) -> Once:
        """Give the place of one instance.

        Args:
            source: What it comes from.

        Raises:
            RuntimeError: If the scope is closed.
        """
        if self._onces is None:
            if self.closed:
                raise RuntimeError("this scope is closed: nobody would close what it makes now")
            self._onces = {}
        once = self._onces.get(source)
        if once is None:
            once = self._onces[source] = Once()
        return once

    async def close(self) -> None:
        """Close what the scope has made, in reverse order of creation.

        `aclose()` is called, or else `close()`. What is to be awaited is out of reach of a cancellation, and given up
        after 5 s. All are closed, whatever becomes of the others; an error is logged.

        Raises:
            Exception: The first error, after all are closed.
        """
        made = self.made
        self.made, self._onces, self.closed = [], None, True
        if len(made) > 1:  # an instance may be known by several types: it is as old as the first
            made = list({id(instance): (provider, instance) for provider, instance in made}.values())
        failure: BaseException | None = None
        for provider, instance in reversed(made):
            try:
                closing = _begin_to_close(instance)
                if closing is not None and isawaitable(closing):
                    await _finish(closing)
            except Exception as exc:
                logger.error("Closing %s failed", provider, exc_info=exc)
                failure = exc if failure is None else failure
            except BaseException as exc:  # noqa: BLE001 - a native cancellation goes through every shield
                failure = exc
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # a frame in the traceback that points at the exception is a reference cycle

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        try:
            await self.close()
        except Exception:
            if exc is None:
                raise  # else what the block failed with stands


def _begin_to_close(instance: Any) -> object:
    """Call its `aclose()` or `close()`, if it has one; gives what that returns."""
    close = getattr(instance, "aclose", None) or getattr(instance, "close", None)
    if not callable(close) or isinstance(instance, type):  # a class has it for its instances
        return None
    return close()


async def _finish(closing: Awaitable[object]) -> None:
    with shielded() as scope:
        await closing
    if scope.cancelled_caught:
        raise TimeoutError(f"given up after {CLEANUP_SECONDS:g} s")

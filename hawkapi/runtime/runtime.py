"""What belongs to one event loop: the named pools of worker threads."""

from collections.abc import Mapping
from types import MappingProxyType

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

from hawkapi._types import Scope

DEFAULT_THREADS: Mapping[str, int] = MappingProxyType({"handlers": 40, "files": 8, "internal": 4, "cleanup": 4})
"""The pools that always exist, and how many threads each may use at once."""


class Runtime:
    """The objects of one event loop, made inside it while it runs.

    The pools are separate so that slow handlers starve neither files nor the cleanup behind them.

    Args:
        threads: Pool name to number of threads. It changes sizes of `DEFAULT_THREADS` and adds pools.

    Raises:
        ValueError: If a pool would have no thread.
    """

    __slots__ = ("_limiters", "cleanup", "files", "handlers", "internal")

    def __init__(self, threads: Mapping[str, int] = DEFAULT_THREADS) -> None:
        limiters: dict[str, CapacityLimiter] = {}
        for name, size in {**DEFAULT_THREADS, **threads}.items():
            if size < 1:
                raise ValueError(f"the thread pool {name!r} needs at least 1 thread, not {size}")
            limiters[name] = CapacityLimiter(size)
        self._limiters = limiters
        self.handlers = limiters["handlers"]
        self.files = limiters["files"]
        self.internal = limiters["internal"]
        self.cleanup = limiters["cleanup"]

    def limiter(self, name: str) -> CapacityLimiter:
        """Give the pool of that name.

        Raises:
            LookupError: If there is none.
        """
        try:
            return self._limiters[name]
        except KeyError:
            known = ", ".join(sorted(self._limiters))
            raise LookupError(f"there is no thread pool {name!r}; known are {known}") from None


_CURRENT: RunVar[Runtime] = RunVar("hawkapi.runtime")


def current() -> Runtime:
    """Give the running loop's default runtime, made on first use.

    It serves scripts and requests that reached no app; an app has a runtime of its own.
    """
    try:
        return _CURRENT.get()
    except LookupError:
        runtime = Runtime()
        _CURRENT.set(runtime)
        return runtime


def of(scope: Scope) -> Runtime:
    """Give the runtime of the app that serves this connection, else the loop's default."""
    context = scope.get("hawkapi")
    return current() if context is None else context.runtime

"""What belongs to one event loop: the named pools of worker threads, the supervisor, the open streams."""

from collections.abc import Mapping
from types import MappingProxyType

from anyio.lowlevel import RunVar

from hawkapi._types import Scope
from hawkapi.runtime.streams import Streams
from hawkapi.runtime.tasks import Supervisor
from hawkapi.runtime.threads import Pool

DEFAULT_THREADS: Mapping[str, int] = MappingProxyType({"handlers": 40, "files": 8, "internal": 4, "cleanup": 4})
"""The pools that always exist, and how many threads each may use at once."""


class Runtime:
    """The objects of one event loop, made inside it while it runs.

    The pools are separate so that slow handlers starve neither files nor the cleanup behind them.

    Args:
        threads: Pool name to number of threads. It changes sizes of `DEFAULT_THREADS` and adds pools.

    Attributes:
        pools: The pools of worker threads by name; four of them are attributes too.
        supervisor: Runs background work while the app's lifespan does; `None` without one.
        streams: The open long-lived responses.

    Raises:
        ValueError: If a pool would have no thread.
    """

    __slots__ = ("cleanup", "files", "handlers", "internal", "pools", "streams", "supervisor")

    def __init__(self, threads: Mapping[str, int] = DEFAULT_THREADS) -> None:
        pools = {name: Pool(name, size) for name, size in {**DEFAULT_THREADS, **threads}.items()}
        self.pools: Mapping[str, Pool] = pools
        self.handlers: Pool = pools["handlers"]
        self.files: Pool = pools["files"]
        self.internal: Pool = pools["internal"]
        self.cleanup: Pool = pools["cleanup"]
        self.supervisor: Supervisor | None = None
        self.streams: Streams = Streams()

    def limiter(self, name: str) -> Pool:
        """Give the pool of that name.

        Raises:
            LookupError: If there is none.
        """
        try:
            return self.pools[name]
        except KeyError:
            known = ", ".join(sorted(self.pools))
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

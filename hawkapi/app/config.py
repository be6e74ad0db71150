"""Every option of an app, as frozen Structs: one a subject."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from math import inf
from typing import Any, TypeAlias

import msgspec

from hawkapi.requests.limits import Limits as Limits  # options are imported from here, whoever defines them
from hawkapi.routing.route import check_timeout

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]
"""Called with the app; what its context manager yields is put into the state that requests see."""


class Threads(msgspec.Struct, frozen=True, kw_only=True):
    """Worker threads that may run at once, by what they do; each pool is separate so that none starves another.

    Attributes:
        handlers: Sync handlers and exception handlers.
        files: File responses, static files, uploads on disk.
        internal: Health checks and the like.
        cleanup: Closing what a request has opened.
        pools: Further pools by name, for routes that say `threads="…"`.
    """

    handlers: int = 40
    files: int = 8
    internal: int = 4
    cleanup: int = 4
    pools: Mapping[str, int] = {}

    def __post_init__(self) -> None:
        for name in self.pools:
            if name in self.__struct_fields__:
                raise ValueError(f"Threads(pools=...) cannot have a pool {name!r}: it is an option of its own")
        for name, size in self.sizes().items():
            if size < 1:
                raise ValueError(f"Threads({name}=...) needs at least 1 thread, not {size}")

    def sizes(self) -> dict[str, int]:
        """Give the number of threads of each pool by its name."""
        sizes = {**msgspec.structs.asdict(self), **self.pools}
        del sizes["pools"]
        return sizes


class Drain(msgspec.Struct, frozen=True, kw_only=True):
    """How long each phase of a stop may take, in seconds; together they must fit into what the orchestrator grants.

    Attributes:
        delay: From the signal on the app says that it is not ready, and goes on serving; only under our own runner,
            other servers close their socket at once.
        request_grace: Running requests may end.
        background_grace: Background tasks may end.
        hook_grace: Each shutdown hook, each `on_drain` hook, and the exit of the lifespan.
    """

    delay: float = 5.0
    request_grace: float = 10.0
    background_grace: float = 5.0
    hook_grace: float = 5.0

    def __post_init__(self) -> None:
        for name, seconds in msgspec.structs.asdict(self).items():
            if not 0 <= seconds < inf:
                raise ValueError(f"Drain({name}=...) is a number of seconds, 0 or more, not {seconds}")

    @property
    def total(self) -> float:
        """Seconds that all phases take at most, with one slow hook."""
        return self.delay + self.request_grace + self.background_grace + self.hook_grace


class AppOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an app was constructed with; see `HawkAPI` for the meaning of each."""

    title: str
    version: str
    description: str
    debug: bool
    validation_error_status: int
    lifespan: Lifespan | None
    docs_url: str | None
    redoc_url: str | None
    scalar_url: str | None
    openapi_url: str | None
    health_url: str | None
    readyz_url: str | None
    livez_url: str | None
    startupz_url: str | None
    limits: Limits
    drain: Drain
    threads: Threads
    request_timeout: float | None

    def __post_init__(self) -> None:
        check_timeout(self.request_timeout, "request_timeout")
        if not 400 <= self.validation_error_status <= 499:
            raise ValueError(f"validation_error_status must be in 400..499, not {self.validation_error_status}")
        for name in ("health_url", "readyz_url", "livez_url", "startupz_url"):
            url: str | None = getattr(self, name)
            if url is not None and (not url.startswith("/") or "{" in url):
                raise ValueError(f"{name} is a path without parameters that starts with '/', or None, not {url!r}")

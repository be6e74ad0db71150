"""Every option of an app, as frozen Structs: one a subject."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

import msgspec

from hawkapi.requests.limits import Limits as Limits  # options are imported from here, whoever defines them

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]
"""Called with the app; what its context manager yields is put into the state that requests see."""


class Threads(msgspec.Struct, frozen=True, kw_only=True):
    """Worker threads that may run at once, by what they do; each pool is separate so that none starves another.

    Attributes:
        handlers: Sync handlers and exception handlers.
        files: File responses, static files, uploads on disk.
        internal: Health checks and the like.
        cleanup: Closing what a request has opened.
    """

    handlers: int = 40
    files: int = 8
    internal: int = 4
    cleanup: int = 4

    def __post_init__(self) -> None:
        for name, size in self.sizes().items():
            if size < 1:
                raise ValueError(f"Threads({name}=...) needs at least 1 thread, not {size}")

    def sizes(self) -> dict[str, int]:
        """Give the number of threads of each pool by its name."""
        return msgspec.structs.asdict(self)


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
    limits: Limits
    threads: Threads

    def __post_init__(self) -> None:
        if not 400 <= self.validation_error_status <= 499:
            raise ValueError(f"validation_error_status must be in 400..499, not {self.validation_error_status}")

"""Routers of one version of an API."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from hawkapi.di.depends import Depends
from hawkapi.routing.route import check_version
from hawkapi.routing.router import Router


class VersionRouter(Router):
    """A router whose routes, WebSocket routes and mounts have a version in front of their whole path.

    A version of their own goes before it, also that of a `VersionRouter` that is included in this one.

    Args:
        version: A segment of the path (`"v2"`), in front of every prefix.
        prefix: As all that follows, of `Router`.
        tags: Given to every route, before its own.
        timeout: Seconds for each route that does not say otherwise; `None` for no limit.
        dependencies: `Depends(...)` that run before every handler.
        permissions: What a caller needs for every route.
        middleware: Classes and pairs `(class, {options})` round every route.

    Raises:
        TypeError: As of `Router`.
        ValueError: As of `Router`, and if the version is not one segment of a path.
    """

    def __init__(
        self,
        version: str,
        *,
        prefix: str = "",
        tags: list[str] | None = None,
        timeout: float | UnsetType | None = UNSET,
        dependencies: Sequence[Depends] | None = None,
        permissions: list[str] | None = None,
        middleware: Sequence[Any] | None = None,
    ) -> None:
        super().__init__(
            prefix=prefix,
            tags=tags,
            timeout=timeout,
            dependencies=dependencies,
            permissions=permissions,
            middleware=middleware,
        )
        check_version(version, "version of a VersionRouter")
        self._version = version

    @property
    def version(self) -> str:
        """The first segment of its paths."""
        return self._version

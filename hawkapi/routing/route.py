"""A route: what was declared, as plain data that nothing changes any more."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal, TypeAlias, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

Handler: TypeAlias = Callable[..., Any]


class RouteOptions(TypedDict, total=False):
    """What may be said of a route besides its path and methods; every decorator takes these by keyword."""

    status_code: int
    response_model: Any
    tags: list[str] | None
    summary: str | None
    description: str | None
    name: str | None
    include_in_schema: bool
    deprecated: bool | str | date | datetime
    sunset: str | date | datetime | None
    deprecation_link: str | None
    version: str | None
    permissions: list[str] | None
    timeout: float | None
    cancel_on_disconnect: bool
    threads: str | None
    sync: Literal["thread", "inline"]


class Route(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A route of an app or a router.

    Attributes:
        path: The whole path as known so far: version, prefixes, own path, without a trailing slash.
        handler: The function as declared.
        methods: HTTP methods in upper case; `GET` brings `HEAD`.
        name: For `url_for`; the handler's name by default.
        status_code: Of an answer made from the handler's result.
        response_model: Results are filtered to it and validated.
        tags: For the API's documentation.
        summary: First line of the handler's docstring by default.
        description: For the API's documentation.
        include_in_schema: False keeps the route out of the API's documentation.
        deprecated: True, or since when (RFC 9745).
        sunset: When the route goes away (RFC 8594).
        deprecation_link: Where the deprecation is explained.
        version: `"v1"` stands in front of the whole path.
        permissions: What a caller needs.
        timeout: Seconds for parameters and handler; `None` for no limit, `UNSET` for what router or app say.
        cancel_on_disconnect: The handler is cancelled when the client leaves.
        threads: The pool of worker threads that a sync handler runs in; the app's `handlers` by default.
        sync: `"inline"` runs a sync handler in the event loop.
    """

    path: str
    handler: Handler
    methods: frozenset[str]
    name: str = ""
    status_code: int = 200
    response_model: Any = None
    tags: list[str] = []
    summary: str | None = None
    description: str | None = None
    include_in_schema: bool = True
    deprecated: bool | str | date | datetime = False
    sunset: str | date | datetime | None = None
    deprecation_link: str | None = None
    version: str | None = None
    permissions: list[str] | None = None
    timeout: float | UnsetType | None = UNSET
    cancel_on_disconnect: bool = False
    threads: str | None = None
    sync: Literal["thread", "inline"] = "thread"

    def __post_init__(self) -> None:
        if not self.name:
            msgspec.structs.force_setattr(self, "name", getattr(self.handler, "__name__", type(self.handler).__name__))
        if self.summary is None:
            text = (getattr(self.handler, "__doc__", None) or "").strip()
            msgspec.structs.force_setattr(self, "summary", text.partition("\n")[0].strip() or None)


def declare(path: str, handler: Handler, methods: frozenset[str], options: RouteOptions) -> Route:
    """Make the route that a decorator's options describe; but for the timeout, what is `None` takes the default."""
    given: Mapping[str, Any] = {
        name: value for name, value in options.items() if value is not None or name == "timeout"
    }
    return Route(path=path, handler=handler, methods=methods, **given)


def check_timeout(timeout: float | UnsetType | None, what: str) -> None:
    """Refuse a time limit that is none.

    Args:
        timeout: Seconds; `None` for no limit, `UNSET` for none given.
        what: Names the option.

    Raises:
        ValueError: If it is not above 0.
    """
    if timeout is not None and timeout is not UNSET and not timeout > 0:
        raise ValueError(f"{what} must be a number of seconds above 0, or None for no limit, not {timeout}")

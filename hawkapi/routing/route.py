"""A route: what was declared, as plain data that nothing changes any more."""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

if TYPE_CHECKING:  # an app whose routes have no dependencies does not load what they are
    from hawkapi.di.depends import Depends

Handler: TypeAlias = Callable[..., Any]

_is_version = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*").fullmatch


class RouteOptions(TypedDict, total=False):
    """What may be said of a route besides its path and methods; every decorator takes these by keyword."""

    status_code: int
    response_model: Any
    response_model_exclude_none: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
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
    middleware: Sequence[Any] | None
    dependencies: "Sequence[Depends] | None"
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
        response_model_exclude_none: Members that are `None` are left out of the answer.
        response_model_exclude_unset: Members that nobody set are left out of the answer.
        response_model_exclude_defaults: Members that have their default value are left out of the answer.
        tags: For the API's documentation.
        summary: First line of the handler's docstring by default.
        description: For the API's documentation.
        include_in_schema: False keeps the route out of the API's documentation.
        deprecated: True, or since when (RFC 9745).
        sunset: When the route goes away (RFC 8594).
        deprecation_link: Where the deprecation is explained.
        version: `"v1"` stands in front of the whole path.
        permissions: What a caller needs: routers' first, then its own; `None` if nobody gave any.
        permission_groups: The same by who wants them, if a router does: a policy that is content with one of several
            is content with one of each group.
        middleware: The route's own, as given, outermost first; `None` without any.
        router_middleware: That of the routers round it, outermost first: one tuple a router, the same object in each
            of its routes.
        dependencies: Run before the handler, their results unused: routers' first, then its own.
        controller: The class that the handler is a method of.
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
    response_model_exclude_none: bool = False
    response_model_exclude_unset: bool = False
    response_model_exclude_defaults: bool = False
    tags: list[str] = []
    summary: str | None = None
    description: str | None = None
    include_in_schema: bool = True
    deprecated: bool | str | date | datetime = False
    sunset: str | date | datetime | None = None
    deprecation_link: str | None = None
    version: str | None = None
    permissions: list[str] | None = None
    permission_groups: tuple[tuple[str, ...], ...] = ()
    middleware: tuple[Any, ...] | None = None
    router_middleware: tuple[tuple[Any, ...], ...] = ()
    dependencies: "tuple[Depends, ...]" = ()
    controller: type | None = None
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


def check_names(names: Collection[object] | None, what: str) -> None:
    """Refuse what is no list of texts: a single text would be read as its letters.

    Args:
        names: As given.
        what: Names the option.

    Raises:
        TypeError: If it is none.
    """
    if names is None:
        return
    is_list = isinstance(names, Collection) and not isinstance(names, str)  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
    if not is_list or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{what} must be a list of texts, not {names!r}")


def check_version(version: object, what: str) -> None:
    """Refuse a version that cannot stand as the first segment of a path.

    Args:
        version: As given.
        what: Names the option.

    Raises:
        ValueError: If it is no such text.
    """
    if not isinstance(version, str) or not _is_version(version):
        raise ValueError(f"{what} must be one segment of a path, as 'v1', not {version!r}")


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

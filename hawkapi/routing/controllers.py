"""Controllers: classes whose methods are handlers."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar, Unpack

import msgspec

from hawkapi._signature import qualified_name
from hawkapi.di.depends import Depends
from hawkapi.routing.route import Handler, RouteOptions

H = TypeVar("H", bound=Handler)

_MARK = "__hawkapi_routes__"


class Controller:
    """The base of a class whose methods answer requests: mark them by `get`, `post` and so on of this module.

    `include_controller` of an app or a router takes the class. Each request makes a new instance; the parameters of its
    constructor are given as those of a handler are. A subclass has the routes of its bases: a method that overrides one
    answers in its place, a decorator of its own replaces those of the base, and `None` in its place takes its routes
    away.

    Attributes:
        prefix: As of a `Router`, and so all that follows.
        tags: Given to every route, before its own.
        dependencies: `Depends(...)` that run before every handler.
        permissions: What a caller needs for every route.
        middleware: Classes and pairs `(class, {options})` round every route.
    """

    prefix: ClassVar[str] = ""
    tags: ClassVar[list[str]] = []
    dependencies: ClassVar[Sequence[Depends]] = ()
    permissions: ClassVar[list[str] | None] = None
    middleware: ClassVar[Sequence[Any] | None] = None


class DeclaredRoute(msgspec.Struct, frozen=True):
    """What a decorator says of a method."""

    path: str
    methods: frozenset[str]
    options: RouteOptions


def get(path: str, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
    """Have a method of a controller answer GET, and HEAD with it; status 200."""
    return _decorator("get", path, {"GET", "HEAD"}, 200, options)


def post(path: str, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
    """Have a method of a controller answer POST; status 201."""
    return _decorator("post", path, {"POST"}, 201, options)


def put(path: str, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
    """Have a method of a controller answer PUT; status 200."""
    return _decorator("put", path, {"PUT"}, 200, options)


def patch(path: str, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
    """Have a method of a controller answer PATCH; status 200."""
    return _decorator("patch", path, {"PATCH"}, 200, options)


def delete(path: str, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
    """Have a method of a controller answer DELETE; status 204."""
    return _decorator("delete", path, {"DELETE"}, 204, options)


def declared_methods(controller: Any) -> list[tuple[Handler, DeclaredRoute]]:
    """Give the functions that a controller class answers by, each with what was said of it, in order of definition.

    Raises:
        TypeError: If it is no subclass of `Controller`, is abstract, or marks what is no method.
    """
    if not isinstance(controller, type) or not issubclass(controller, Controller) or controller is Controller:
        raise TypeError(f"{controller!r} is not a Controller subclass")
    missing: frozenset[str] = getattr(controller, "__abstractmethods__", frozenset())
    if missing:
        raise TypeError(
            f"{qualified_name(controller)} is abstract, so it has no instances that could answer: "
            f"include a subclass that defines {', '.join(sorted(missing))}"
        )
    marks: dict[str, tuple[DeclaredRoute, ...]] = {}
    members: dict[str, Any] = {}
    for base in reversed(controller.__mro__):
        for name, member in vars(base).items():
            members[name] = member
            own = getattr(member, _MARK, None) or getattr(getattr(member, "__func__", None), _MARK, None)
            if own is not None:
                marks[name] = own
    return [
        (_function(controller, name, members[name]), declared)
        for name, routes in marks.items()
        if members[name] is not None
        for declared in routes
    ]


def _decorator(verb: str, path: str, methods: set[str], status_code: int, options: RouteOptions) -> Callable[[H], H]:
    full = RouteOptions(status_code=status_code)
    full.update(options)
    declared = DeclaredRoute(path, frozenset(methods), full)

    def mark(fn: H) -> H:
        if not _is_method(fn):
            raise TypeError(f"@{verb}({path!r}) takes a plain method, not {fn!r}: an instance answers each request")
        setattr(fn, _MARK, (*getattr(fn, _MARK, ()), declared))
        return fn

    return mark


def _function(controller: type[Controller], name: str, member: Any) -> Handler:
    if not _is_method(member):
        raise TypeError(
            f"{qualified_name(controller)}.{name} has a route, so it must be a plain method, not {member!r}: "
            "an instance answers each request"
        )
    return member


def _is_method(member: object) -> bool:
    return callable(member) and not isinstance(member, staticmethod | classmethod | type)

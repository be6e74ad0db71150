"""Routers: where routes are declared."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, Unpack

import msgspec
from msgspec import UNSET, UnsetType

from hawkapi._signature import caller_location, describe
from hawkapi._types import ASGIApp
from hawkapi.routing.converters import parse_path
from hawkapi.routing.deprecation import deprecation_headers
from hawkapi.routing.registration import Mount, Registration
from hawkapi.routing.route import Handler, Route, RouteOptions, check_names, check_timeout, check_version
from hawkapi.routing.websocket_route import SEND_TIMEOUT, WebSocketRoute

if TYPE_CHECKING:  # an app that uses none of them does not load them
    from hawkapi.di.depends import Depends
    from hawkapi.routing.controllers import Controller

H = TypeVar("H", bound=Handler)
R = TypeVar("R", Route, WebSocketRoute)

_is_token = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch


class Router:
    """Routes, mounts and nested routers that belong together.

    Args:
        prefix: Stands in front of every path (`"/api/v1"`).
        tags: Given to every route, before its own.
        timeout: Seconds for each route that does not say otherwise; `None` for no limit.
        dependencies: `Depends(...)` that run before every handler, their results unused; before the route's own.
        permissions: What a caller needs for every route, besides what the route wants.
        middleware: Classes and pairs `(class, {options})` round every route, outermost first; round the route's own.
            Their instances are shared by the routes.

    Raises:
        TypeError: If a list holds something else.
        ValueError: If the prefix does not start with a slash, or the timeout is not above 0.
    """

    _is_app: ClassVar[bool] = False

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: list[str] | None = None,
        timeout: float | UnsetType | None = UNSET,
        dependencies: "Sequence[Depends] | None" = None,
        permissions: list[str] | None = None,
        middleware: Sequence[Any] | None = None,
    ) -> None:
        check_timeout(timeout, "timeout of a router")
        check_names(tags, "tags")
        check_names(permissions, "permissions")
        self.prefix: str = _clean_prefix(prefix)
        self.tags: list[str] = list(tags or [])
        self.timeout: float | UnsetType | None = timeout
        self._permissions = None if permissions is None else list(permissions)
        self._dependencies, self._middleware = _outer(dependencies, middleware, None)
        self._version = ""  # that of a VersionRouter
        self._registration = Registration()

    @property
    def routes(self) -> list[Route]:
        """The routes so far, in order; a new list."""
        return list(self._registration.routes)

    @property
    def websocket_routes(self) -> list[WebSocketRoute]:
        """The WebSocket routes so far, in order; a new list."""
        return list(self._registration.websockets)

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Declare a handler for GET, and for HEAD with it; status 200."""
        return self._decorator(path, ("GET", "HEAD"), 200, options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Declare a handler for POST; status 201."""
        return self._decorator(path, ("POST",), 201, options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Declare a handler for PUT; status 200."""
        return self._decorator(path, ("PUT",), 200, options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Declare a handler for PATCH; status 200."""
        return self._decorator(path, ("PATCH",), 200, options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Declare a handler for DELETE; status 204."""
        return self._decorator(path, ("DELETE",), 204, options)

    def add_route(
        self, path: str, handler: Handler, *, methods: Iterable[str], **options: Unpack[RouteOptions]
    ) -> Route:
        """Declare a handler for any set of methods; status 200.

        Raises:
            TypeError: If an option is of the wrong kind.
            ValueError: If the path or an option cannot be read, a method is no token (RFC 9110), or the app serves one
                of the methods on that path already.
        """
        given = [] if isinstance(methods, str) else sorted(methods)  # one text is no list of names, but of letters
        names = frozenset(method.upper() for method in given)
        if not names or not all(_is_token(name) for name in names):
            raise ValueError(f"methods of {describe(handler)} must be a list of HTTP method names, not {methods!r}")
        return self._declare(path, handler, names, options)

    def websocket(
        self,
        path: str,
        *,
        name: str | None = None,
        version: str | None = None,
        permissions: list[str] | None = None,
        middleware: Sequence[Any] | None = None,
        dependencies: "Sequence[Depends] | None" = None,
        max_size: int | None = None,
        send_timeout: float | None = SEND_TIMEOUT,
        idle_timeout: float | None = None,
    ) -> Callable[[H], H]:
        """Declare a handler for WebSocket connections.

        It takes the connection by the annotation `WebSocket` or as its first parameter, and path, query, header and
        cookie parameters as other handlers do.

        Args:
            path: As for the HTTP methods; it may have these as well.
            name: For `url_for`, by default the handler's.
            version: `"v1"` stands in front of the whole path.
            permissions: What a caller needs.
            middleware: Classes and pairs `(class, {options})`, outermost first.
            dependencies: `Depends(...)` that run before the handler, their results unused.
            max_size: Bytes of one message, by default the app's `limits.websocket_message`; a larger one closes the
                connection with 1009.
            send_timeout: Seconds in which a message must go out, else the connection is closed with 1013; `None`
                waits for ever.
            idle_timeout: Seconds for which the handler waits for a message, then the connection is closed with 1001;
                `None` waits for ever.

        Raises:
            TypeError: If an option is of the wrong kind.
            ValueError: If the path cannot be read, an option is out of range, or the app serves that path already.
        """
        shared = RouteOptions(
            version=version, permissions=permissions, middleware=middleware, dependencies=dependencies
        )

        def register(handler: H) -> H:
            route = WebSocketRoute(
                path=path,
                handler=handler,
                name=name or "",
                max_size=max_size,
                send_timeout=send_timeout,
                idle_timeout=idle_timeout,
                **_read_options(handler, shared),
            )
            route = self._adopt(route, path)
            parse_path(route.path)
            self._append_websocket(route)
            return handler

        return register

    def mount(self, path: str, app: ASGIApp) -> None:
        """Serve an ASGI app under a path; routes of ours go first, the longest mount path next.

        Raises:
            ValueError: If the path does not start with a slash or has parameters.
        """
        if "{" in path:
            raise ValueError(f"A mount's path takes no parameters, {path!r} has some")
        self._adopt_mount(Mount(_clean_prefix(path), app))

    def include_router(self, router: "Router") -> None:
        """Take over what a router holds at this moment, behind this one's prefix and tags.

        Raises:
            TypeError: If it is no `Router`, or an app.
            ValueError: If a route of it conflicts with one that is here.
        """
        if not isinstance(router, Router):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
            raise TypeError(f"{router!r} is not a Router")
        if router is self:
            raise ValueError("A router cannot include itself")
        if router._is_app:
            raise TypeError(
                "include_router() takes the routes of a router, and an app is more: its middleware, exception handlers "
                "and permission policy would be left behind. Mount it: mount(path, app)"
            )
        for route in router._registration.routes:
            self._append(self._adopt(route, _without_version(route)))
        for websocket in router._registration.websockets:
            self._append_websocket(self._adopt(websocket, _without_version(websocket)))
        for mount in router._registration.mounts:
            self._adopt_mount(mount)
        router._registration.included_at = caller_location(1)

    def include_controller(self, controller: "type[Controller]") -> None:
        """Take over the routes of a controller class, behind this router's prefix and tags.

        Raises:
            TypeError: If it is no subclass of `Controller`, is abstract, or declares a route on what is no method.
            ValueError: If a route of it cannot be read or conflicts with one that is here.
        """
        from hawkapi.routing.controllers import declared_methods  # noqa: PLC0415  # loaded where there are controllers

        methods = declared_methods(controller)
        inner = Router(
            prefix=controller.prefix,
            tags=controller.tags,
            dependencies=controller.dependencies,
            permissions=controller.permissions,
            middleware=controller.middleware,
        )
        for handler, declared in methods:
            inner._declare(declared.path, handler, declared.methods, declared.options, controller)
        self.include_router(inner)

    def _decorator(
        self, path: str, methods: tuple[str, ...], status_code: int, options: RouteOptions
    ) -> Callable[[H], H]:
        full = RouteOptions(status_code=status_code)
        full.update(options)

        def register(handler: H) -> H:
            self._declare(path, handler, frozenset(methods), full)
            return handler

        return register

    def _declare(
        self,
        path: str,
        handler: Handler,
        methods: frozenset[str],
        options: RouteOptions,
        controller: "type[Controller] | None" = None,
    ) -> Route:
        given = _read_options(handler, options)
        route = Route(path=path, handler=handler, methods=methods, controller=controller, **given)
        route = self._adopt(route, path)
        self._check(route)
        return self._append(route)

    def _adopt(self, route: R, path: str) -> R:
        """Give a route what this router adds to it; `path` is the route's without its version."""
        version = route.version or self._version or None
        more: dict[str, Any] = {}
        if isinstance(route, Route):
            more["tags"] = [*self.tags, *route.tags]
            more["timeout"] = self.timeout if route.timeout is UNSET else route.timeout
        if self._permissions is not None:
            own = route.permission_groups or ((tuple(route.permissions),) if route.permissions is not None else ())
            more["permission_groups"] = (tuple(self._permissions), *own)
            more["permissions"] = list(dict.fromkeys([*self._permissions, *(route.permissions or [])]))
        if self._middleware:
            more["router_middleware"] = (self._middleware, *route.router_middleware)
        return msgspec.structs.replace(
            route,
            path=_join(version, self.prefix, path),
            version=version,
            dependencies=(*self._dependencies, *route.dependencies),
            **more,
        )

    def _refuse_open(self, path: str) -> None:
        """Refuse a mount that would be open where this router's routes are not.

        Raises:
            ValueError: If the router has what is for its routes only.
        """
        if self._permissions is not None or self._dependencies or self._middleware:
            raise ValueError(
                f"The mount at {path or '/'} would be open: permissions, dependencies and middleware of a router are "
                "for its routes. Mount it on a router without them, and guard the mounted app itself"
            )

    def _adopt_mount(self, mount: Mount) -> None:
        self._refuse_open(mount.path)
        version = mount.version or self._version or None
        path = _join(version, self.prefix, _without_version(mount)).rstrip("/")
        self._append_mount(Mount(path, mount.app, version))

    def _check(self, route: Route) -> None:
        """Refuse at once what can be seen without looking at signatures."""
        parse_path(route.path)
        deprecation_headers(route)
        if not 100 <= route.status_code <= 599:
            raise ValueError(f"status_code of {describe(route.handler)} must be in 100..599, not {route.status_code}")
        check_timeout(route.timeout, f"timeout of {describe(route.handler)}")
        if route.sync not in ("thread", "inline"):
            raise ValueError(f"sync of {describe(route.handler)} must be 'thread' or 'inline', not {route.sync!r}")

    def _append(self, route: Route) -> Route:
        """Take a route in; the app overrides this one method to see every route."""
        self._registration.refuse_if_included(f"{route.path} by {describe(route.handler)}")
        self._registration.routes.append(route)
        return route

    def _append_websocket(self, route: WebSocketRoute) -> None:
        self._registration.refuse_if_included(f"{route.path} by {describe(route.handler)}")
        self._registration.websockets.append(route)

    def _append_mount(self, mount: Mount) -> None:
        self._registration.refuse_if_included(f"The mount at {mount.path or '/'}")
        self._registration.mounts.append(mount)


def _clean_prefix(prefix: str) -> str:
    if prefix and not prefix.startswith("/"):
        raise ValueError(f"A prefix starts with '/', {prefix!r} does not")
    return prefix.rstrip("/")


def _join(version: str | None, prefix: str, path: str) -> str:
    """Join the parts of a route's path; the version stands in front of everything."""
    if path and not path.startswith("/"):
        raise ValueError(f"A path starts with '/', {path!r} does not")
    front = f"/{version}" if version else ""
    return f"{front}{prefix}{path}".rstrip("/") or "/"


def _without_version(declared: Route | WebSocketRoute | Mount) -> str:
    return declared.path.removeprefix(f"/{declared.version}") if declared.version else declared.path


def _read_options(handler: Handler, options: RouteOptions) -> dict[str, Any]:
    """Give the fields of a route that options are; but for the timeout, what is `None` takes the default."""
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None or name == "timeout"}
    for name in ("tags", "permissions"):
        if name in given:
            check_names(given[name], f"{name} of {describe(handler)}")
            given[name] = list(given[name])
    if "version" in given:
        check_version(given["version"], f"version of {describe(handler)}")
    given["dependencies"], given["middleware"] = _outer(given.get("dependencies"), given.get("middleware"), handler)
    return given


def _outer(
    dependencies: "Sequence[Depends] | None", middleware: Sequence[Any] | None, handler: Handler | None
) -> "tuple[tuple[Depends, ...], tuple[Any, ...] | None]":
    """Read what stands round handlers: of one handler, or of all that a router has."""
    if dependencies is None and middleware is None:
        return (), None
    from hawkapi.routing.options import read_dependencies, read_middleware  # noqa: PLC0415  # loaded where there are any

    of = "" if handler is None else f" of {describe(handler)}"
    return (
        read_dependencies(dependencies or (), f"dependencies{of}"),
        None if middleware is None else read_middleware(middleware, f"middleware{of}"),
    )

"""The application: a router that can be served."""

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from anyio.lowlevel import RunVar

from hawkapi._signature import describe, qualified_name
from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.app.builtin_routes import METHODS, Probes
from hawkapi.app.config import AppOptions, Drain, Lifespan, Limits, Threads
from hawkapi.app.in_flight import InFlight
from hawkapi.app.registration import AppRegistration, Declared, Entry
from hawkapi.ops.health import Check, CheckFunction
from hawkapi.ops.lifecycle import Lifecycle, LifecycleState
from hawkapi.requests.state import State
from hawkapi.routing.registration import Conflicts, Mount
from hawkapi.routing.route import Route, check_names
from hawkapi.routing.router import Router
from hawkapi.routing.urls import UrlIndex
from hawkapi.routing.websocket_route import WebSocketRoute
from hawkapi.runtime.tasks import Supervisor
from hawkapi.runtime.workers import Background

if TYPE_CHECKING:  # loaded when they are made: see seal()
    from hawkapi.app.edge import Rescue
    from hawkapi.di.container import Container
    from hawkapi.di.depends import Depends
    from hawkapi.plugins import Plugin
    from hawkapi.runtime.runtime import Runtime
    from hawkapi.security.permissions import PermissionPolicy

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=CheckFunction)


class HawkAPI(Router):
    """A typed API, declared by decorators, sealed at its start, served as an ASGI 3 app.

    It works without a lifespan (serverless, a bare ASGI call): the first request seals it then. It may be used from
    several event loops in turn; nothing in it belongs to one.

    Args:
        title: Name of the API in its documentation.
        version: Version of the API in its documentation.
        description: Text in its documentation.
        debug: A 500 shows the exception's text. Never in production.
        validation_error_status: HTTP status of validation problems, in 400..499.
        max_body_size: Bytes of request body accepted; the short form of `limits.body`.
        prefix: Stands in front of every path.
        tags: Given to every route.
        dependencies: `Depends(...)` that run before every handler, their results unused; the probes have none.
        container: Where dependencies come from by their type; one is made when it is asked for.
        lifespan: Called with the app; the async context manager it gives is entered at the start, after the start-up
            hooks, and left at the stop.
        docs_url: Path of the Swagger UI page.
        redoc_url: Path of the ReDoc page.
        scalar_url: Path of the Scalar page.
        openapi_url: Path of the schema; `None` disables the pages too.
        health_url: Path of the probe that the process is up; here and below `None` turns one off.
        readyz_url: Path of the probe that requests may come, with the readiness checks.
        livez_url: Path of the probe that no restart is needed.
        startupz_url: Path of the probe that the start is complete.
        request_timeout: Seconds for parameters and handler of every route that does not say otherwise; a handler over
            it is answered with 504. `None` for no limit.
        limits: Bounds of a request.
        drain: How long each phase of a stop may take.
        threads: Sizes of the pools of worker threads.

    Attributes:
        state: What requests see in `scope["state"]`.
        lifecycle: Whether it starts, is ready, drains, stops.
        background: Its long-lived workers.

    Raises:
        TypeError: If an option is of the wrong kind.
        ValueError: If an option is out of range.
    """

    _is_app: ClassVar[bool] = True

    def __init__(
        self,
        *,
        title: str = "HawkAPI",
        version: str = "0.1.0",
        description: str = "",
        debug: bool = False,
        validation_error_status: int = 400,
        max_body_size: int | None = None,
        prefix: str = "",
        tags: list[str] | None = None,
        dependencies: "Sequence[Depends] | None" = None,
        container: "Container | None" = None,
        lifespan: Lifespan | None = None,
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        scalar_url: str | None = "/scalar",
        openapi_url: str | None = "/openapi.json",
        health_url: str | None = "/healthz",
        readyz_url: str | None = "/readyz",
        livez_url: str | None = "/livez",
        startupz_url: str | None = "/startupz",
        request_timeout: float | None = None,
        limits: Limits | None = None,
        drain: Drain | None = None,
        threads: Threads | None = None,
    ) -> None:
        super().__init__(prefix=prefix, tags=tags, dependencies=dependencies)
        self.options: AppOptions = AppOptions(
            title=title,
            version=version,
            description=description,
            debug=debug,
            validation_error_status=validation_error_status,
            lifespan=lifespan,
            docs_url=docs_url,
            redoc_url=redoc_url,
            scalar_url=scalar_url,
            openapi_url=openapi_url,
            health_url=health_url,
            readyz_url=readyz_url,
            livez_url=livez_url,
            startupz_url=startupz_url,
            limits=_limits(limits, max_body_size),
            drain=drain or Drain(),
            threads=threads or Threads(),
            request_timeout=request_timeout,
        )
        self.state: State = State()
        self.lifecycle: Lifecycle = Lifecycle()
        self.background: Background = Background(self._supervisor)
        self._declared = AppRegistration()
        if container is not None:
            self._declared.container = _checked_container(container)
        self._permission_policy: PermissionPolicy | None = None
        self._conflicts = Conflicts()
        self._urls = UrlIndex()
        self._probes = Probes(self, self.options, self.prefix, self.lifecycle, self._declared.readiness)
        self._sealed = False
        self._entry: Entry = self._enter_first
        self._open: Entry = self._enter_first
        self._closing: Entry = self._enter_first
        self._rescue: Rescue | None = None
        self.lifecycle.on_begin(self._close_connections)
        self._in_flight = InFlight()
        self._lives = 0
        self._before_start = Declared(self._registration, self._declared)
        self._runtimes: RunVar[Runtime] = RunVar("hawkapi.app.runtime")

    @property
    def routes(self) -> list[Route]:
        """The routes so far, in order, and then the probes; a new list."""
        return [*super().routes, *self._probes.routes]

    @property
    def title(self) -> str:
        """Name of the API."""
        return self.options.title

    @property
    def version(self) -> str:
        """Version of the API."""
        return self.options.version

    @property
    def description(self) -> str:
        """Text about the API."""
        return self.options.description

    @property
    def debug(self) -> bool:
        """Whether a 500 shows the exception's text."""
        return self.options.debug

    @property
    def validation_error_status(self) -> int:
        """HTTP status of validation problems."""
        return self.options.validation_error_status

    @property
    def max_body_size(self) -> int:
        """Bytes of request body accepted."""
        return self.options.limits.body

    @property
    def container(self) -> "Container":
        """Where dependencies come from by their type; made on first use unless one was given."""
        from hawkapi.di.container import Container  # noqa: PLC0415  # see seal()

        if self._declared.container is None:
            self._declared.container = Container()
        return self._declared.container

    @property
    def permission_policy(self) -> "PermissionPolicy | None":
        """Who has the permissions that routes want; without a policy such routes refuse everybody.

        It may be set at any time and counts from the next request on.

        Raises:
            TypeError: If what is set has no method `check`.
        """
        return self._permission_policy

    @permission_policy.setter
    def permission_policy(self, policy: "PermissionPolicy | None") -> None:
        """Set it, or take it away."""
        if policy is not None and not callable(getattr(policy, "check", None)):
            raise TypeError(f"permission_policy must be a PermissionPolicy or None, and {policy!r} has no check()")
        self._permission_policy = policy

    def add_middleware(self, cls: Callable[..., ASGIApp], /, **kwargs: Any) -> None:
        """Wrap the app in a middleware; the first one added is the outermost.

        Args:
            cls: Called with the app that it wraps, when the app is sealed.
            kwargs: Its further arguments.
        """
        from hawkapi.middleware.entry import MiddlewareEntry  # noqa: PLC0415  # see seal()

        self._refuse_if_sealed(f"The middleware {qualified_name(cls)}")
        for hook in self._declared.hooks("on_middleware_added"):
            hook(cls, dict(kwargs))
        self._declared.middleware.append(MiddlewareEntry(cls, kwargs))

    def add_plugin(self, plugin: "Plugin") -> None:
        """Add a plugin: it sees what is registered from now on.

        Its `on_startup` and `on_shutdown` stand here among the app's own hooks.

        Raises:
            TypeError: If it is no instance of `Plugin`.
        """
        from hawkapi.plugins import Plugin, own_hooks  # noqa: PLC0415  # see seal()

        if not isinstance(plugin, Plugin):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
            raise TypeError(f"add_plugin() takes an instance of a Plugin subclass, not {plugin!r}")
        self._refuse_if_sealed(f"The plugin {type(plugin).__qualname__}")
        self._declared.add_plugin(plugin, own_hooks(plugin))

    def exception_handler(self, key: type[BaseException] | int) -> Callable[[F], F]:
        """Declare what answers an exception class, or every `HTTPException` of a status.

        The function is called as `fn(request, exc)`, sync (in a worker thread) or async. A response it returns is
        sent; any other value becomes JSON with status 500.

        Raises:
            TypeError: If it is neither.
        """
        if not (key in range(100, 600) if isinstance(key, int) else _is_exception_class(key)):
            raise TypeError(f"exception_handler() takes an exception class or a status within 100..599, not {key!r}")

        def register(handler: F) -> F:
            self._refuse_if_sealed("An exception handler")
            self._declared.exception_handlers[key] = handler
            return handler

        return register

    def on_startup(self, hook: F) -> F:
        """Declare a hook, sync or async, that runs at the start; in order of registration, before the lifespan."""
        self._refuse_if_sealed("A start-up hook")
        self._declared.startup.append(hook)
        return hook

    def on_shutdown(self, hook: F) -> F:
        """Declare a hook, sync or async, that runs at the stop; in reverse order, after the lifespan."""
        self._refuse_if_sealed("A shutdown hook")
        self._declared.shutdown.append(hook)
        return hook

    def on_drain(self, hook: F) -> F:
        """Declare a hook, sync or async, that starts when the app begins to drain, while it still serves."""
        self._refuse_if_sealed("An on_drain hook")
        self._declared.drain.append(hook)
        return hook

    def readiness_check(self, name: str) -> Callable[[C], C]:
        """Declare a check that the readiness probe makes: without it all right, the app is sent no requests.

        The function is sync (in a worker thread) or async. It returns something true or false, or a pair of that and a
        text; an exception and a run of more than 0.8 seconds have failed.

        Args:
            name: In the probe's answer: 1 to 64 of `a-z`, `0-9`, `_` and `-`; not `lifecycle`, which is the app's own.

        Raises:
            ValueError: If the name is none, or taken.
        """

        def register(check: C) -> C:
            self._refuse_if_sealed("A readiness check")
            if name == "lifecycle" or name in self._declared.readiness:
                raise ValueError(f"There is a readiness check {name!r} already: give each a name of its own")
            self._declared.readiness[name] = Check(name, check)
            return check

        return register

    def url_for(self, name: str, /, **path_params: Any) -> str:
        """Build the path of a route, percent-encoded.

        Args:
            name: The route's name, by default its handler's.
            path_params: A value for each parameter of its path, no more.

        Raises:
            LookupError: If no route or several have the name, or parameters are missing or left over.
            ValueError: If a value does not fit its converter.
        """
        return self._urls.path_for(name, path_params)

    def explain(self, path: str, *, method: str | None = None) -> str:
        """Print and return the generated source of the endpoints that serve a path.

        Right behind middleware with hooks another form serves, which differs in its last lines: it gives its answer to
        the hooks instead of sending it.

        Args:
            path: The path as declared (`/users/{id}`).
            method: One of its methods; all of them by default.

        Raises:
            LookupError: If no route has that path and method.
            SealError: If the route cannot be served as declared.
        """
        from hawkapi.app.compile import explain  # noqa: PLC0415  # see seal()

        known_routes = self._registration.routes
        routes = [r for r in known_routes if r.path == path and (method is None or method.upper() in r.methods)]
        if not routes:
            known = ", ".join(sorted({route.path for route in known_routes})) or "none"
            raise LookupError(f"No route has the path {path!r}; known paths: {known}")
        text = explain(self, self.options, self._declared, routes)
        print(text)  # noqa: T201  # asked for at a prompt
        return text

    def seal(self) -> None:
        """Build what serves the app, unless that is done; from then on nothing can be registered.

        Servers need not call it: the start of the lifespan does, or the first request.

        Raises:
            SealError: With every mistake in what was declared.
        """
        # Importing an app is cheap: what serves it is loaded now, not with what declares it.
        from hawkapi.app.compile import seal  # noqa: PLC0415  # as said above

        if not self._sealed:
            probes = self._probes.endpoints()
            sealed = seal(self, self.options, self._declared, self._registration, probes)
            self._open, self._closing, self._rescue = sealed
            self._sealed = True
            self._before_start.begun()
            self._choose_entry()

    @contextmanager
    def substituted(self, substitutes: Sequence[tuple[Any, Callable[..., Any]]]) -> Generator[None, None, None]:
        """Have others called in the place of functions that are depended on, during the block.

        What serves the app is built anew before and after it. For tests, by `hawkapi.testing.override`.

        Args:
            substitutes: Pairs of a function and what is called in its place.
        """
        given = [*substitutes]
        standing = self._declared.substitutions
        standing.append(given)
        self._reseal()
        try:
            yield
        finally:
            standing[:] = [other for other in standing if other is not given]
            self._reseal()

    def runtime(self) -> "Runtime":
        """Give what belongs to the running event loop, made on first use."""
        try:
            return self._runtimes.get()
        except LookupError:
            runtime = self._new_runtime()
            self._runtimes.set(runtime)
            return runtime

    @contextmanager
    def life(self, supervisor: Supervisor) -> Generator[None, None, None]:
        """Be alive during the block, in the running event loop; after the last life the next request begins anew."""
        runtime = self._new_runtime()
        runtime.supervisor = supervisor
        token = self._runtimes.set(runtime)
        if not self._lives:
            self._before_start = Declared(self._registration, self._declared)
            self._unseal()  # the start may register
        self._lives += 1
        self.lifecycle.restart()
        self._choose_entry()
        try:
            yield
        finally:
            self._lives -= 1
            self._runtimes.reset(token)
            if not self._lives:
                self._entry = self._enter_first
                if self._before_start.restore():  # the next start will register it again
                    self._unseal()
                    self._reindex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI scope: `http`, `websocket` or `lifespan`."""
        if scope["type"] == "lifespan":
            from hawkapi.app.lifespan import Life  # noqa: PLC0415  # see seal()

            await Life(self, self._declared, self._registration.mounts, self._in_flight).live(scope, receive, send)
            return
        in_flight = self._in_flight
        in_flight.count += 1
        entry = self._entry
        try:
            await entry(scope, receive, send)
        except Exception as exc:
            if self._rescue is None or not await self._rescue(exc, scope, receive, send):
                raise
        finally:
            in_flight.count -= 1
            if in_flight.idle is not None:
                in_flight.tell()
            if "hawkapi" in scope:  # the caller may use its scope again
                context = scope["hawkapi"]
                del scope["hawkapi"]
                if context.messages is not None:
                    context.messages.stop()
                if context.form is not None:
                    await context.form.aclose()

    def _enter_first(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Stand for the compiled entry until the seal, and where no lifespan runs: the first request starts the app."""
        if self._lives and not self._sealed and scope["type"] == "http" and scope["method"] in METHODS:
            probe = self._probes.endpoints().get(scope["path"])
            if probe is not None:  # start-up hooks that still run may register routes: no seal for a probe
                return probe(scope, receive, send, ())
        self.seal()
        if not self._lives:
            if self.lifecycle.state is LifecycleState.STOPPED:
                self.lifecycle.restart()
            self.lifecycle.ready()
            self._choose_entry()
        return self._entry(scope, receive, send)

    def _choose_entry(self) -> None:
        self._entry = self._open
        if self.lifecycle.draining:  # asked after the store, since a signal may come between any two lines
            self._close_connections()

    def _reseal(self) -> None:
        if self._sealed:
            self._unseal()
            self._choose_entry()

    def _unseal(self) -> None:
        self._sealed = False
        self._open = self._closing = self._enter_first

    def _reindex(self) -> None:
        self._conflicts, self._urls = Conflicts(), UrlIndex()
        for route in [*self._registration.routes, *self._registration.websockets]:
            self._conflicts.add(route)
            self._urls.add(route)

    def _close_connections(self) -> None:
        self._entry = self._closing

    def _new_runtime(self) -> "Runtime":
        from hawkapi.runtime.runtime import Runtime  # noqa: PLC0415  # see seal()

        return Runtime(self.options.threads.sizes())

    def _supervisor(self) -> Supervisor | None:
        """Give the supervisor of the running loop, or `None` while the app is declared."""
        try:
            runtime = self._runtimes.get(None)
        except RuntimeError:  # no event loop runs in this thread
            runtime = None
        if runtime is not None and runtime.supervisor is not None:
            return runtime.supervisor
        if self._sealed:
            raise RuntimeError(
                "The app is served, but its lifespan does not run in this event loop, so nothing can be kept running. "
                "Start workers at import time, in a start-up hook, or while the lifespan runs"
            )
        return None

    def _refuse_open(self, path: str) -> None:
        """Mounts of an app are guarded by its middleware, and by themselves."""

    def _append(self, route: Route) -> Route:
        self._refuse_if_sealed(f"The route {route.path}")
        for hook in self._declared.hooks("on_route_registered"):
            given = hook(route)
            if given is not route:
                from hawkapi.routing.options import read_dependencies  # noqa: PLC0415  # see seal()

                route = _checked_route(hook, given)
                self._check(route)
                check_names(route.tags, f"tags of {describe(route.handler)}")
                check_names(route.permissions, f"permissions of {describe(route.handler)}")
                if route.dependencies:
                    read_dependencies(route.dependencies, f"dependencies of {describe(route.handler)}")
        self._conflicts.add(route)
        self._urls.add(route)
        return super()._append(route)

    def _append_websocket(self, route: WebSocketRoute) -> None:
        self._refuse_if_sealed(f"The WebSocket route {route.path}")
        self._conflicts.add(route)
        self._urls.add(route)
        super()._append_websocket(route)

    def _append_mount(self, mount: Mount) -> None:
        self._refuse_if_sealed(f"The mount at {mount.path or '/'}")
        super()._append_mount(mount)

    def _refuse_if_sealed(self, what: str) -> None:
        if self._sealed:
            raise RuntimeError(
                f"{what} comes too late: the app was sealed by its start or its first request. "
                "Register it at import time, in a start-up hook or in the lifespan"
            )


def _checked_route(hook: Callable[..., object], route: object) -> Route:
    if not isinstance(route, Route):
        raise TypeError(f"{describe(hook)} must return the route to use, not {route!r}")
    return route


def _checked_container(container: object) -> "Container":
    from hawkapi.di.container import Container  # noqa: PLC0415  # see HawkAPI.seal()

    if not isinstance(container, Container):
        raise TypeError(f"container must be a Container, not {container!r}")
    return container


def _is_exception_class(key: object) -> bool:
    return isinstance(key, type) and issubclass(key, BaseException)


def _limits(limits: Limits | None, max_body_size: int | None) -> Limits:
    if limits is not None and max_body_size is not None:
        raise ValueError("max_body_size is the short form of limits.body: give one of them, not both")
    if limits is not None:
        return limits
    return Limits() if max_body_size is None else Limits(body=max_body_size)

"""The application: a router that can be served."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from anyio.lowlevel import RunVar

from hawkapi._types import Receive, Scope, Send
from hawkapi.app.config import AppOptions, Lifespan, Limits, Threads
from hawkapi.app.in_flight import InFlight
from hawkapi.app.registration import AppRegistration, Entry
from hawkapi.requests.state import State
from hawkapi.routing.registration import Conflicts, Mount
from hawkapi.routing.route import Route
from hawkapi.routing.router import Router
from hawkapi.routing.urls import UrlIndex
from hawkapi.runtime.runtime import Runtime

F = TypeVar("F", bound=Callable[..., Any])


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
        lifespan: Called with the app; the async context manager it gives is entered at the start, after the start-up
            hooks, and left at the stop.
        docs_url: Path of the Swagger UI page.
        redoc_url: Path of the ReDoc page.
        scalar_url: Path of the Scalar page.
        openapi_url: Path of the schema; `None` disables the pages too.
        limits: Bounds of a request.
        threads: Sizes of the pools of worker threads.

    Raises:
        ValueError: If an option is out of range.
    """

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
        lifespan: Lifespan | None = None,
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        scalar_url: str | None = "/scalar",
        openapi_url: str | None = "/openapi.json",
        limits: Limits | None = None,
        threads: Threads | None = None,
    ) -> None:
        super().__init__(prefix=prefix, tags=tags)
        self.options = AppOptions(
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
            limits=_limits(limits, max_body_size),
            threads=threads or Threads(),
        )
        self.state = State()
        self._declared = AppRegistration()
        self._conflicts = Conflicts()
        self._urls = UrlIndex()
        self._sealed = False
        self._entry: Entry = self._seal_and_enter
        self._in_flight = InFlight()
        self._runtimes: RunVar[Runtime] = RunVar("hawkapi.app.runtime")

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

    def exception_handler(self, key: type[BaseException] | int) -> Callable[[F], F]:
        """Declare what answers an exception class, or every `HTTPException` of a status.

        The function is called as `fn(request, exc)`, sync (in a worker thread) or async. A response it returns is
        sent; any other value becomes JSON with status 500.
        """

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

        Args:
            path: The path as declared (`/users/{id}`).
            method: One of its methods; all of them by default.

        Raises:
            LookupError: If no route has that path and method.
            SealError: If the route cannot be served as declared.
        """
        from hawkapi.app.compile import explain  # noqa: PLC0415  # see seal()

        routes = [r for r in self.routes if r.path == path and (method is None or method.upper() in r.methods)]
        if not routes:
            known = ", ".join(sorted({route.path for route in self.routes})) or "none"
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
        from hawkapi.app.compile import seal  # noqa: PLC0415

        if not self._sealed:
            self._entry = seal(self, self.options, self._declared, self._registration)
            self._sealed = True

    def runtime(self) -> Runtime:
        """Give what belongs to the running event loop, made on first use."""
        try:
            return self._runtimes.get()
        except LookupError:
            runtime = Runtime(self.options.threads.sizes())
            self._runtimes.set(runtime)
            return runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI scope: `http`, `websocket` or `lifespan`."""
        if scope["type"] == "lifespan":
            from hawkapi.app.lifespan import live  # noqa: PLC0415  # see seal()

            await live(self, self._declared, self._registration.mounts, self._in_flight, scope, receive, send)
            return
        in_flight = self._in_flight
        in_flight.count += 1
        try:
            await self._entry(scope, receive, send)
        finally:
            in_flight.count -= 1
            if in_flight.idle is not None:
                in_flight.tell()
            if "hawkapi" in scope:  # the caller may use its scope again
                del scope["hawkapi"]

    def _seal_and_enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Stand for the compiled entry until the first request of an app without a lifespan."""
        self.seal()
        return self._entry(scope, receive, send)

    def _append(self, route: Route) -> Route:
        self._refuse_if_sealed(f"The route {route.path}")
        self._conflicts.add(route)
        self._urls.add(route)
        return super()._append(route)

    def _append_mount(self, mount: Mount) -> None:
        self._refuse_if_sealed(f"The mount at {mount.path or '/'}")
        super()._append_mount(mount)

    def _refuse_if_sealed(self, what: str) -> None:
        if self._sealed:
            raise RuntimeError(
                f"{what} comes too late: the app was sealed by its start or its first request. "
                "Register it at import time, in a start-up hook or in the lifespan"
            )


def _limits(limits: Limits | None, max_body_size: int | None) -> Limits:
    if limits is not None and max_body_size is not None:
        raise ValueError("max_body_size is the short form of limits.body: give one of them, not both")
    if limits is not None:
        return limits
    return Limits() if max_body_size is None else Limits(body=max_body_size)

"""Which routes an app has, and what it has served: for development."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import msgspec

from hawkapi._types import ASGIApp, Message, Receive, Scope, Send
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.refusal import refuse
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.json_response import JSONResponse
from hawkapi.responses.problem import problem_response
from hawkapi.routing.route import Route

MAX_PATHS = 1000
"""Paths whose figures are kept; the one that was asked for least recently goes."""

MAX_PATH = 256
"""Characters of a path that count: what is alike so far is one path."""


class DebugMiddleware(Middleware):
    """Serves the routes of the app under `/_debug/routes`, and the figures of each path under `/_debug/stats`.

    Everybody may read them: it is not for production. To add it is to turn it on, whatever the app's `debug`.

    Args:
        app: The app it wraps.
        prefix: Stands in front of both paths.
        enabled: False makes both 404, and counts nothing.
        clock: Monotonic seconds; tests pass their own.

    Raises:
        TypeError: If the prefix is no text.
        ValueError: If it does not begin with a slash.

    Attributes:
        prefix: As given, without a slash at its end.
        enabled: As given.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        prefix: str = "/_debug",
        enabled: bool = True,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        super().__init__(app)
        if not isinstance(prefix, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
            raise TypeError(f"prefix must be a str, not {prefix!r}")
        if not prefix.startswith("/"):
            raise ValueError(f"prefix must begin with a slash, not {prefix!r}")
        self.prefix: str = prefix.rstrip("/")
        self.enabled: bool = enabled
        self._clock = clock
        self._figures: OrderedDict[str, _Figures] = OrderedDict()
        self._pages = {f"{self.prefix}/routes": self._routes, f"{self.prefix}/stats": self._stats}

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        path: str = scope.get("path", "/")
        page = self._pages.get(path) or self._pages.get(path.removeprefix(scope.get("root_path", "").rstrip("/")))
        if page is not None:
            return refuse(self._answer(page, scope.get("method", "GET"), path, scope), scope, receive, send)
        return self._watch(path, scope, receive, send) if self.enabled else self.app(scope, receive, send)

    def _answer(self, page: Callable[[Scope], Any], method: str, path: str, scope: Scope) -> BaseResponse:
        if not self.enabled:
            return problem_response("not-found", "Not Found", 404, detail=f"No route matches {method} {path}")
        if method not in ("GET", "HEAD"):
            detail = f"Method {method} not allowed. Allowed: GET, HEAD"
            headers = {"allow": "GET, HEAD"}
            return problem_response("method-not-allowed", "Method Not Allowed", 405, detail=detail, headers=headers)
        return JSONResponse(page(scope), headers={"cache-control": "no-store"})

    def _routes(self, scope: Scope) -> list[dict[str, Any]]:
        context = scope.get("hawkapi")
        app: Any = self.app if context is None or not hasattr(context.app, "routes") else context.app
        while not hasattr(app, "routes") and hasattr(app, "app"):
            app = app.app  # other middleware
        routes = [route for route in getattr(app, "routes", ()) if isinstance(route, Route)]
        return [
            {
                "path": route.path,
                "methods": sorted(route.methods),
                "name": route.name,
                "deprecated": bool(route.deprecated),
            }
            for route in routes
        ]

    def _stats(self, scope: Scope) -> dict[str, dict[str, Any]]:  # noqa: ARG002 - as of all pages
        return {path: figures.shown() for path, figures in self._figures.items()}

    async def _watch(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        began = self._clock()
        answered = False

        def send_counted(message: Message) -> "Awaitable[None]":  # quoted: else it is built at every request
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                self._count(path, began, failed=message["status"] >= 500)
            return send(message)

        try:
            await self.app(scope, receive, send_counted)
        except Exception:
            if not answered:
                self._count(path, began, failed=True)
            raise

    def _count(self, path: str, began: float, *, failed: bool) -> None:
        key = path[:MAX_PATH].encode("utf-8", "replace").decode()  # it becomes JSON
        figures = self._figures.setdefault(key, _Figures())
        self._figures.move_to_end(key)
        if len(self._figures) > MAX_PATHS:
            self._figures.popitem(last=False)
        figures.count += 1
        figures.seconds += self._clock() - began
        figures.errors += failed


class _Figures(msgspec.Struct):
    """What one path has served.

    Attributes:
        count: Answers.
        seconds: From the request to the head of the answer, added up.
        errors: Answers of 500 and more, and exceptions instead of an answer.
    """

    count: int = 0
    seconds: float = 0.0
    errors: int = 0

    def shown(self) -> dict[str, Any]:
        """Give the figures as they are published."""
        latency = round(self.seconds / self.count * 1000, 3)
        return {"count": self.count, "avg_latency_ms": latency, "errors": self.errors}

"""What every app answers besides its own routes: the probes."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import msgspec

from hawkapi._types import Receive, Scope, Send
from hawkapi.app.config import AppOptions
from hawkapi.ops.health import Check, Finding, run_checks
from hawkapi.ops.lifecycle import Lifecycle, LifecycleState
from hawkapi.requests.context import Serving
from hawkapi.responses.head import content_length
from hawkapi.routing.route import Route

Answer: TypeAlias = tuple[int, bytes]
"""Status and JSON body of a probe."""

ProbeEndpoint: TypeAlias = Callable[[Scope, Receive, Send, tuple[object, ...]], Awaitable[None]]

METHODS = frozenset({"GET", "HEAD"})

_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


class Probes:
    """How an orchestrator asks an app for its health. The answers know no middleware, and no route stands before them.

    Args:
        app: The app.
        options: Where the probes are; those without a path are off.
        prefix: Stands before each path.
        lifecycle: The app's state.
        checks: The readiness checks, by name.
    """

    def __init__(
        self, app: Serving, options: AppOptions, prefix: str, lifecycle: Lifecycle, checks: Mapping[str, Check]
    ) -> None:
        self._app, self._lifecycle, self._checks = app, lifecycle, checks
        probes = (
            (options.health_url, self.healthz),
            (options.readyz_url, self.readyz),
            (options.livez_url, self.livez),
            (options.startupz_url, self.startupz),
        )
        self.routes: list[Route] = [
            Route(path=f"{prefix}{url}".rstrip("/") or "/", handler=probe, methods=METHODS, include_in_schema=False)
            for url, probe in probes
            if url is not None
        ]

    def endpoints(self) -> dict[str, ProbeEndpoint]:
        """Give what answers each probe, by its path."""
        return {route.path: _endpoint(route.handler) for route in self.routes}

    async def healthz(self) -> Answer:
        """The process is up."""
        return 200, b'{"status":"ok"}'

    async def livez(self) -> Answer:
        """The process need not be restarted."""
        return 200, b'{"status":"alive"}'

    async def readyz(self) -> Answer:
        """The app may be sent requests."""
        checks = self._own_check()
        checks |= await run_checks(self._checks.values(), self._app.runtime().internal)
        if all(finding.ok for finding in checks.values()):
            return _answer({"status": "ready", "checks": checks})
        return _answer({"status": "not_ready", "checks": checks}, 503)

    async def startupz(self) -> Answer:
        """The start is complete."""
        if self._lifecycle.state in (LifecycleState.STARTING, LifecycleState.FAILED):
            return _answer({"status": "starting", "checks": self._own_check()}, 503)
        return _answer({"status": "started"})

    def _own_check(self) -> dict[str, Finding]:
        state = self._lifecycle.state
        return {} if state is LifecycleState.READY else {"lifecycle": Finding(ok=False, detail=state.value)}


def _answer(body: object, status: int = 200) -> Answer:
    return status, msgspec.json.encode(body)


def _endpoint(probe: Callable[[], Awaitable[Answer]]) -> ProbeEndpoint:
    async def endpoint(scope: Scope, _receive: Receive, send: Send, _path: tuple[object, ...]) -> None:
        status, body = await probe()
        headers = [*_HEADERS, content_length(len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return endpoint

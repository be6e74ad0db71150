"""Permissions: who may do what (role-based access control)."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal, TypeAlias, cast

from hawkapi._signature import describe, is_async_callable
from hawkapi.exceptions import HTTPException
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.errors import MalformedBody, RequestError
from hawkapi.runtime import threads
from hawkapi.runtime.runtime import of

PermissionResolver: TypeAlias = Callable[[Any], Iterable[str] | Awaitable[Iterable[str] | None] | None]
"""Takes a `Request`, or a `WebSocket` where such routes want permissions, hence `Any`."""

_log = logging.getLogger("hawkapi")


class PermissionPolicy:
    """Compare what a route wants with what its caller has.

    Args:
        resolver: Gives the permissions of the caller, at each request. A sync one runs in a worker thread. One that
            fails grants nothing, and the log says so; what it raises to answer the request (`HTTPException`, or an
            error of the request itself) is the answer.
        mode: Whether a caller needs `"all"` of a route's permissions, or `"any"` one of them.
        error_status: The status of a refusal.
        error_detail: What a refused client is told. In mode `"all"` the names of what it lacks are added: those that
            the route wants, never what a client sent.

    Raises:
        ValueError: If there is no such mode, or the status is none of an error.
    """

    def __init__(
        self,
        resolver: PermissionResolver,
        *,
        mode: Literal["all", "any"] = "all",
        error_status: int = 403,
        error_detail: str = "Insufficient permissions",
    ) -> None:
        if mode not in ("all", "any"):
            raise ValueError(f"mode must be 'all' or 'any', not {mode!r}")
        if not 400 <= error_status <= 599:
            raise ValueError(f"error_status must be within 400..599, not {error_status}")
        self.resolver: PermissionResolver = resolver
        self.mode: Literal["all", "any"] = mode
        self.error_status: int = error_status
        self.error_detail: str = error_detail
        self._is_async = is_async_callable(resolver)

    async def check(self, request: HTTPConnection, required: Iterable[str]) -> None:
        """Let a caller pass or refuse it; where nothing is required, nobody is asked.

        Args:
            request: The request, or the WebSocket before it is accepted.
            required: What the route wants; a name that stands there twice counts once.

        Raises:
            HTTPException: If the caller lacks permissions.
        """
        wanted = dict.fromkeys(required)
        if not wanted:
            return
        granted = await self._granted(request)
        missing = [permission for permission in wanted if permission not in granted]
        if self.mode == "any":
            if len(missing) == len(wanted):
                raise HTTPException(self.error_status, self.error_detail)
        elif missing:
            raise HTTPException(self.error_status, f"{self.error_detail}. Missing: {', '.join(missing)}")

    async def _granted(self, request: HTTPConnection) -> frozenset[object]:
        try:
            if self._is_async:
                return self._permissions(await cast("Awaitable[object]", self.resolver(request)))
            return await threads.run(self._resolve, request, limiter=of(request.scope).handlers)
        except (HTTPException, RequestError, MalformedBody):
            raise
        except Exception as exc:  # noqa: BLE001 - whatever a user's resolver raises, nobody gets in by it
            _log.error("The permission resolver %s failed", describe(self.resolver), exc_info=exc)
            return frozenset()

    def _resolve(self, request: HTTPConnection) -> frozenset[object]:
        return self._permissions(self.resolver(request))  # a generator runs in the thread, too

    def _permissions(self, found: object) -> frozenset[object]:
        if isinstance(found, str) or not isinstance(found, Iterable):  # the letters of a text are no permissions
            name = describe(self.resolver)
            _log.error("The permission resolver %s gave %s, no iterable of permissions", name, type(found).__name__)
            return frozenset()
        return frozenset(cast("Iterable[object]", found))

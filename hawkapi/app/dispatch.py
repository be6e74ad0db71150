"""What serves a sealed app: from a scope to the endpoint that answers it."""

from collections.abc import Awaitable, Sequence
from typing import Any

from hawkapi._types import Message, Receive, Scope, Send
from hawkapi.app.registration import Entry
from hawkapi.exceptions import HTTPException
from hawkapi.requests.context import Serving
from hawkapi.requests.errors import URITooLong
from hawkapi.requests.limits import Limits
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.head import content_length
from hawkapi.responses.problem import PROBLEM_TYPE, problem_body
from hawkapi.routing.endpoint import Endpoint
from hawkapi.routing.errors import ErrorTable
from hawkapi.routing.guarded import send_guarded
from hawkapi.routing.radix import RouteTable
from hawkapi.routing.registration import Mount
from hawkapi.routing.requesting import provide_context, request_maker

_PROBLEM_HEADER = (b"content-type", PROBLEM_TYPE.encode())
_WS_NO_ROUTE = 4004


class Dispatcher:
    """The compiled app.

    Args:
        app: The app that serves.
        table: Endpoints by method, under their paths.
        mounts: Foreign apps, longest path first.
        errors: Answers exceptions.
        limits: Bounds of a request.
    """

    def __init__(
        self,
        app: Serving,
        table: RouteTable[dict[str, Endpoint]],
        mounts: Sequence[Mount],
        errors: ErrorTable,
        limits: Limits,
    ) -> None:
        self._app = app
        self._table = table
        self._mounts = mounts
        self._errors = errors
        self._longest_path = limits.path
        self._make_request = request_maker(app, limits)
        self._handles_404 = errors.handles_status(404)
        self._handles_405 = errors.handles_status(405)

    def entry(self) -> Entry:
        """Make the function that takes an `http` or `websocket` scope and gives the awaitable that answers it.

        It awaits nothing itself, and keeps what it needs in its closure: both save time on every request.
        """
        static_paths, find, longest_path = self._table.static, self._table.find, self._longest_path

        def enter(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if scope["type"] != "http":
                return self._websocket(scope, receive, send)
            if scope.get("root_path"):
                scope = without_root(scope)
            path = scope["path"]
            params: tuple[Any, ...] = ()
            methods = static_paths.get(path)
            if methods is None:
                if len(path) > longest_path:
                    return self._too_long(scope, receive, send)
                found = find(path)
                if found is None:
                    return self._unrouted(scope, receive, send)
                methods, params = found
            method = scope["method"]
            endpoint = methods.get(method)
            if endpoint is None:
                return self._wrong_method(scope, receive, send, methods)
            if method == "HEAD":
                send = without_body(send)
            return endpoint(scope, receive, send, params)

        return enter

    def _unrouted(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        mount = self._mount_of(scope["path"])
        if mount is not None:
            return self._enter(mount, scope, receive, send)
        detail = f"No route matches {scope['method']} {scope['path']}"
        if self._handles_404:
            return self._answer(HTTPException(404, detail), scope, receive, send)
        body = problem_body("not-found", "Not Found", 404, detail=detail)
        return _send_problem(scope, send, 404, body)

    def _wrong_method(
        self, scope: Scope, receive: Receive, send: Send, methods: dict[str, Endpoint]
    ) -> Awaitable[None]:
        allowed = ", ".join(sorted(methods))
        detail = f"Method {scope['method']} not allowed. Allowed: {allowed}"
        if self._handles_405:
            return self._answer(HTTPException(405, detail, headers={"allow": allowed}), scope, receive, send)
        body = problem_body("method-not-allowed", "Method Not Allowed", 405, detail=detail)
        return _send_problem(scope, send, 405, body, (b"allow", allowed.encode()))

    def _too_long(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._answer(URITooLong(f"Path exceeds {self._longest_path} characters"), scope, receive, send)

    async def _answer(self, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._failure(exc, scope, receive)
        await response(scope, receive, send)

    def _failure(self, exc: Exception, scope: Scope, receive: Receive) -> Awaitable[BaseResponse]:
        return self._errors.answer(exc, self._make_request(scope, receive, {}))

    def _mount_of(self, path: str) -> Mount | None:
        for mount in self._mounts:
            if path.startswith(mount.path) and path[len(mount.path) :][:1] in ("", "/"):
                return mount
        return None

    def _enter(self, mount: Mount, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        inner = dict(scope)
        inner["path"] = scope["path"][len(mount.path) :] or "/"
        inner["root_path"] = scope.get("root_path", "") + mount.path
        provide_context(inner, self._app)
        if scope["type"] != "http":
            return mount.app(inner, receive, send)
        return send_guarded(mount.app, inner, receive, send, lambda exc: self._failure(exc, scope, receive))

    def _websocket(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope.get("root_path"):
            scope = without_root(scope)
        mount = self._mount_of(scope["path"])
        if mount is not None:
            return self._enter(mount, scope, receive, send)
        return _refuse_websocket(scope, receive, send)


def without_root(scope: Scope) -> Scope:
    """Strip a server's `root_path` from the front of the path, where it is there; what a mount set has been stripped."""
    root: str = scope["root_path"].rstrip("/")
    path: str = scope["path"]
    if "hawkapi" in scope or not path.startswith(root) or path[len(root) :][:1] not in ("", "/"):
        return scope
    return {**scope, "path": path[len(root) :] or "/"}


def without_body(send: Send) -> Send:
    """Wrap `send` for HEAD: the head passes as it is, body messages are emptied."""

    def send_head(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.body" and message.get("body"):
            message = {**message, "body": b""}
        return send(message)

    return send_head


async def _send_problem(
    scope: Scope, send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]
) -> None:
    head: list[Any] = [_PROBLEM_HEADER, content_length(len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _refuse_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a connection that no route takes: as an HTTP answer where the server offers that, else by a close."""
    await receive()  # the connect event
    if "websocket.http.response" not in scope.get("extensions", ()):
        await send({"type": "websocket.close", "code": _WS_NO_ROUTE, "reason": ""})
        return
    body = problem_body("not-found", "Not Found", 404, detail=f"No route matches WebSocket {scope['path']}")
    head = [_PROBLEM_HEADER, content_length(len(body))]
    await send({"type": "websocket.http.response.start", "status": 404, "headers": head})
    await send({"type": "websocket.http.response.body", "body": body})

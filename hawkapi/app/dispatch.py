"""What serves a sealed app: from a scope to the endpoint that answers it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from hawkapi._types import ASGIApp, Message, Receive, Reply, Scope, Send
from hawkapi.app.registration import Entry
from hawkapi.exceptions import HTTPException
from hawkapi.middleware.replying import TryReply
from hawkapi.requests.context import Serving
from hawkapi.requests.errors import URITooLong
from hawkapi.requests.limits import Limits
from hawkapi.responses.head import content_length
from hawkapi.responses.problem import PROBLEM_TYPE, problem_body
from hawkapi.routing.endpoint_plan import Endpoint, Replier
from hawkapi.routing.errors import ErrorTable
from hawkapi.routing.guarded import send_guarded
from hawkapi.routing.radix import RouteTable
from hawkapi.routing.registration import Mount
from hawkapi.routing.requesting import provide_context, request_maker
from hawkapi.routing.websocket_endpoint import WebSocketEndpoint
from hawkapi.routing.websocket_refusal import Refusal

_PROBLEM_HEADER = (b"content-type", PROBLEM_TYPE.encode())


class Dispatcher:
    """The compiled app.

    Args:
        app: The app that serves.
        table: Endpoints by method, under their paths.
        websockets: Endpoints of WebSocket routes, under their paths.
        mounts: Foreign apps, longest path first.
        errors: Answers exceptions.
        limits: Bounds of a request.
        refusal: Answers WebSockets that come to no route.
    """

    def __init__(
        self,
        app: Serving,
        table: RouteTable[dict[str, Endpoint]],
        websockets: RouteTable[WebSocketEndpoint],
        mounts: Sequence[Mount],
        errors: ErrorTable,
        limits: Limits,
        refusal: Refusal,
    ) -> None:
        self._app = app
        self._table = table
        self._websockets = websockets
        self._refusal = refusal
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
        static_paths, find, longest_path = self._table.static, self._table.find_beyond_static, self._longest_path

        def enter(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if scope["type"] != "http":
                return self._websocket(scope, receive, send)
            if scope.get("root_path"):
                scope = self.without_root(scope)
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

    def replies(self, table: RouteTable[dict[str, Replier]]) -> TryReply:
        """Make the function that finds what answers the usual request without sending.

        Args:
            table: What can, by method, under all paths of the app.
        """
        static_paths, find, longest_path = table.static, table.find_beyond_static, self._longest_path

        def reply(scope: Scope, receive: Receive) -> Awaitable[Reply] | None:
            path = scope["path"]
            params: tuple[Any, ...] = ()
            methods = static_paths.get(path)
            if methods is None:
                found = find(path) if len(path) <= longest_path else None
                if found is None:
                    return None
                methods, params = found
            replier = methods.get(scope["method"])
            if replier is None or (scope.get("root_path") and not scope["hawkapi"].rooted):
                return None
            return replier(scope, receive, params)

        return reply

    def without_root(self, scope: Scope) -> Scope:
        """Strip a server's `root_path` from the front of the path, where it is there; a mount has stripped its own."""
        context = provide_context(scope, self._app)  # before the copy: what a request opens is closed by the caller's
        root = scope["root_path"].rstrip("/")
        if context.rooted or not _stands_below(root, scope["path"]):
            return scope
        context.rooted = True
        return {**scope, "path": scope["path"][len(root) :] or "/"}

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
        return self._answer(self._path_too_long(), scope, receive, send)

    def _path_too_long(self) -> URITooLong:
        return URITooLong(f"Path exceeds {self._longest_path} characters")

    async def _answer(self, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._errors.answer(exc, self._make_request(scope, receive, {}))
        await self._guarded(response, scope, scope, receive, send)

    def _guarded(self, app: ASGIApp, inner: Scope, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return send_guarded(app, inner, receive, send, self._errors, lambda: self._make_request(scope, receive, {}))

    def _mount_of(self, path: str) -> Mount | None:
        for mount in self._mounts:
            if _stands_below(mount.path, path):
                return mount
        return None

    def _enter(self, mount: Mount, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        inner = dict(scope)
        inner["path"] = scope["path"][len(mount.path) :] or "/"
        inner["root_path"] = scope.get("root_path", "").rstrip("/") + mount.path
        if mount.state:
            inner["state"] = {**scope.get("state", {}), **mount.state}
        context = provide_context(inner, self._app)
        context.rooted = True
        if scope["type"] != "http":
            return mount.app(inner, receive, send)
        if context.reader is not None:  # a middleware has read the body; the foreign app reads messages
            receive = context.reader.replay()
        return self._guarded(mount.app, inner, scope, receive, send)

    def _websocket(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope.get("root_path"):
            scope = self.without_root(scope)
        path = scope["path"]
        if len(path) > self._longest_path:
            return self._refusal.unreadable(self._path_too_long(), scope, receive, send)
        found = self._websockets.find(path)
        if found is not None:
            endpoint, params = found
            return endpoint(scope, receive, send, params)
        mount = self._mount_of(path)
        if mount is not None:
            return self._enter(mount, scope, receive, send)
        return self._refusal.unrouted(scope, receive, send)


def _stands_below(prefix: str, path: str) -> bool:
    return path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/")


def closing(entry: ASGIApp, draining: Callable[[], object] = lambda: True) -> Entry:
    """Make the entry that takes another one's place while the app drains: no connection is kept for a next request.

    HTTP/2 and later have no such header (RFC 9113 8.2.2).

    Args:
        entry: The other one.
        draining: Whether the drain has begun; asked when an answer begins.
    """

    def enter(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and scope.get("http_version", "1.1") < "2":
            send = _closing_send(send, draining)
        return entry(scope, receive, send)

    return enter


def _closing_send(send: Send, draining: Callable[[], object]) -> Send:
    def send_closing(message: Message) -> "Awaitable[None]":  # quoted: else it is built at every request
        if message["type"] == "http.response.start" and draining():
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"connection"]
            message = {**message, "headers": [*headers, (b"connection", b"close")]}
        return send(message)

    return send_closing


def without_body(send: Send) -> Send:
    """Wrap `send` for HEAD: the head passes as it is, body messages are emptied."""

    def send_head(message: Message) -> "Awaitable[None]":  # quoted: else it is built at every request
        if message["type"] == "http.response.body" and message.get("body"):
            message = {**message, "body": b""}
        return send(message)

    return send_head


async def _send_problem(scope: Scope, send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    head: list[Any] = [_PROBLEM_HEADER, content_length(len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

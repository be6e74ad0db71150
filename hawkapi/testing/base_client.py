"""What tests call: the HTTP verbs, streams and WebSockets, the same for both clients."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Generic, Self, TypeVar

from hawkapi._types import ASGIApp, Scope
from hawkapi.testing.content import Body, Files, encode_content
from hawkapi.testing.cookies import Cookies
from hawkapi.testing.scope import HeadersGiven, ParamsGiven
from hawkapi.testing.transport import Outgoing, Transport

R = TypeVar("R")
S = TypeVar("S")
W = TypeVar("W")


class BaseClient(ABC, Generic[R, S, W]):
    """A client of one app, in terms of what a request (`R`), a stream (`S`) and a WebSocket (`W`) give back.

    The arguments are everywhere the same:

    * `path` may hold a `?query`, and may be a whole `http` URL.
    * `params`: more of the query; a mapping, in which a list repeats its name, or text as it is.
    * `headers`: a mapping, or pairs where a name repeats; they replace what the client would send by itself.
    * `json`: anything that can be answered as JSON can be sent (for `null`: `body=b"null"` and the header).
    * `body`: text (sent as UTF-8), bytes, or an iterable of them, sync or async, which is sent piece by piece without
      a `content-length`. An iterable that raises is a client that breaks off in the middle.
    * `data`: a form; urlencoded, or multipart if there are `files`: field to bytes, `(filename, bytes)` or
      `(filename, bytes, content_type)`, or a list of these.

    Redirects are not followed. An error in a handler is the app's 500; what does leave the app is raised as it is.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._lifespan = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.transport.lifespan())
            self._lifespan = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        # Whatever has ended the block, the app stops in order and need not know of it
        await self._lifespan.aclose()

    @property
    def app(self) -> ASGIApp:
        """The app."""
        return self.transport.app

    @property
    def cookies(self) -> Cookies:
        """The jar: a dict by name, sent with each request and fed by the answers; can be set to any mapping."""
        return self.transport.cookies

    @cookies.setter
    def cookies(self, cookies: Mapping[str, str]) -> None:
        """Replace all cookies."""
        self.transport.cookies = Cookies(cookies)

    def get(self, path: str, *, headers: HeadersGiven | None = None, params: ParamsGiven | None = None) -> R:
        """Send a GET request."""
        return self.request("GET", path, headers=headers, params=params)

    def head(self, path: str, *, headers: HeadersGiven | None = None, params: ParamsGiven | None = None) -> R:
        """Send a HEAD request; a body that the app sends all the same is dropped, as servers do."""
        return self.request("HEAD", path, headers=headers, params=params)

    def options(self, path: str, *, headers: HeadersGiven | None = None, params: ParamsGiven | None = None) -> R:
        """Send an OPTIONS request."""
        return self.request("OPTIONS", path, headers=headers, params=params)

    def delete(self, path: str, *, headers: HeadersGiven | None = None, params: ParamsGiven | None = None) -> R:
        """Send a DELETE request."""
        return self.request("DELETE", path, headers=headers, params=params)

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        body: Body | None = None,
        data: Mapping[str, Any] | None = None,
        files: Files | None = None,
        headers: HeadersGiven | None = None,
        params: ParamsGiven | None = None,
    ) -> R:
        """Send a POST request."""
        return self.request("POST", path, json=json, body=body, data=data, files=files, headers=headers, params=params)

    def put(
        self,
        path: str,
        *,
        json: Any = None,
        body: Body | None = None,
        data: Mapping[str, Any] | None = None,
        files: Files | None = None,
        headers: HeadersGiven | None = None,
        params: ParamsGiven | None = None,
    ) -> R:
        """Send a PUT request."""
        return self.request("PUT", path, json=json, body=body, data=data, files=files, headers=headers, params=params)

    def patch(
        self,
        path: str,
        *,
        json: Any = None,
        body: Body | None = None,
        data: Mapping[str, Any] | None = None,
        files: Files | None = None,
        headers: HeadersGiven | None = None,
        params: ParamsGiven | None = None,
    ) -> R:
        """Send a PATCH request."""
        return self.request("PATCH", path, json=json, body=body, data=data, files=files, headers=headers, params=params)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: Body | None = None,
        data: Mapping[str, Any] | None = None,
        files: Files | None = None,
        headers: HeadersGiven | None = None,
        params: ParamsGiven | None = None,
    ) -> R:
        """Send a request; the answer is there when the app has ended, background tasks included.

        Raises:
            ValueError: If there is a line break in the path or a header, or more than one body.
            ProtocolError: If the app broke ASGI, or ended without a whole answer.
        """
        content = encode_content(method, json=json, body=body, data=data, files=files)
        return self._fetch(self.transport.request(method, path, content, headers, params))

    def stream(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: Body | None = None,
        data: Mapping[str, Any] | None = None,
        files: Files | None = None,
        headers: HeadersGiven | None = None,
        params: ParamsGiven | None = None,
    ) -> S:
        """Send a request and read the answer while the app makes it; a context manager.

        The app waits at each chunk until the test asks for it. Leaving the block early is a disconnect. The errors of
        `request` are raised where they show: at the start, while reading, or on leaving the block.
        """
        content = encode_content(method, json=json, body=body, data=data, files=files)
        return self._stream(self.transport.request(method, path, content, headers, params))

    def websocket_connect(
        self,
        path: str,
        *,
        headers: HeadersGiven | None = None,
        params: ParamsGiven | None = None,
        subprotocols: Sequence[str] | None = None,
    ) -> W:
        """Open a WebSocket; a context manager, whose end closes it and waits for the app.

        Raises:
            WebSocketDenied: If the app refuses.
        """
        return self._connect(self.transport.handshake(path, subprotocols or (), headers, params))

    @abstractmethod
    def _fetch(self, request: Outgoing) -> R: ...

    @abstractmethod
    def _stream(self, request: Outgoing) -> S: ...

    @abstractmethod
    def _connect(self, scope: Scope) -> W: ...

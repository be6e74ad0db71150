"""What stands between the clients and the app, in whatever loop: requests, sessions, the lifespan."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec

from hawkapi._types import ASGIApp, Scope
from hawkapi.runtime.lifespan import drive
from hawkapi.testing import http, websocket
from hawkapi.testing.content import Chunks, Content
from hawkapi.testing.cookies import Cookies
from hawkapi.testing.response import TestResponse
from hawkapi.testing.scope import BaseURL, HeadersGiven, ParamsGiven, http_scope, websocket_scope
from hawkapi.testing.streaming import AsyncStreamedResponse
from hawkapi.testing.websocket import AsyncWebSocketSession


class Outgoing(msgspec.Struct, frozen=True):
    """A request ready to be sent."""

    scope: Scope
    body: bytes | Chunks


class Transport:
    """One app, with the cookies and the lifespan state that its requests share.

    Args:
        app: The app.
        base_url: Where it is said to be served.
    """

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self.app = app
        self.cookies: Cookies = Cookies()
        self._base = BaseURL.parse(base_url)
        self._state: dict[str, Any] = {}
        self._alive = False

    def request(
        self, method: str, path: str, content: Content, headers: HeadersGiven | None, params: ParamsGiven | None
    ) -> Outgoing:
        """Make a request ready, with the cookies and the state as they are now."""
        scope = http_scope(
            self._base,
            method,
            path,
            params=params,
            headers=headers,
            defaults=[*content.headers, *self._cookie_header()],
            state=self._state,
        )
        return Outgoing(scope, content.body)

    def handshake(
        self, path: str, subprotocols: Sequence[str], headers: HeadersGiven | None, params: ParamsGiven | None
    ) -> Scope:
        """Make a WebSocket's scope ready, with the cookies and the state as they are now."""
        return websocket_scope(
            self._base,
            path,
            params=params,
            headers=headers,
            defaults=self._cookie_header(),
            subprotocols=subprotocols,
            state=self._state,
        )

    async def fetch(self, app: ASGIApp, request: Outgoing) -> TestResponse:
        """Send a request; the cookies of the answer go to the jar. Errors are those of `http.fetch`.

        Args:
            app: The app, maybe wrapped.
            request: The request.
        """
        response = await http.fetch(app, request.scope, request.body)
        self.cookies.feed(response.headers.getlist("set-cookie"))
        return response

    @asynccontextmanager
    async def stream(self, app: ASGIApp, request: Outgoing) -> AsyncGenerator[AsyncStreamedResponse, None]:
        """Send a request and enter the block when the answer starts. Errors are those of `http.stream`."""
        async with http.stream(app, request.scope, request.body) as response:
            self.cookies.feed(response.headers.getlist("set-cookie"))
            yield response

    def connect(self, app: ASGIApp, scope: Scope) -> AbstractAsyncContextManager[AsyncWebSocketSession]:
        """Open a WebSocket; the cookies of the answer go to the jar. Errors are those of `websocket.connect`."""
        return websocket.connect(app, scope, self.cookies)

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None, None]:
        """Run the app's lifespan round the block; what it puts into its state, the requests have.

        Raises:
            LifespanFailed: If the start-up fails.
            RuntimeError: If the client runs it already.
        """
        if self._alive:
            raise RuntimeError("The client already runs the app's lifespan: enter it once, or make another client")
        self._alive, self._state = True, {}
        try:
            async with drive(self.app, self._state):
                yield
        finally:
            self._alive, self._state = False, {}

    def _cookie_header(self) -> list[tuple[str, str]]:
        return [("cookie", self.cookies.header())] if self.cookies else []

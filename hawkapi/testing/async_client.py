"""The client for tests that are coroutines."""

from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from hawkapi._types import ASGIApp, Scope
from hawkapi.testing.base_client import BaseClient
from hawkapi.testing.content import Body, Files
from hawkapi.testing.response import TestResponse
from hawkapi.testing.scope import HeadersGiven, ParamsGiven
from hawkapi.testing.streaming import AsyncStreamedResponse
from hawkapi.testing.transport import Outgoing, Transport
from hawkapi.testing.websocket import AsyncWebSocketSession


class AsyncTestClient(
    BaseClient[
        Coroutine[Any, Any, TestResponse],
        AbstractAsyncContextManager[AsyncStreamedResponse],
        AbstractAsyncContextManager[AsyncWebSocketSession],
    ]
):
    """Talk to an app in the test's own loop, whichever backend runs it.

    `async with` runs the app's lifespan; without it no hooks run. For the arguments of the methods see `BaseClient`.

    Args:
        app: Any ASGI app.
        base_url: Where it is said to be served.
    """

    def __init__(self, app: ASGIApp, base_url: str = "http://testserver") -> None:
        super().__init__(Transport(app, base_url))

    def _fetch(self, request: Outgoing) -> Coroutine[Any, Any, TestResponse]:
        return self.transport.fetch(self.app, request)

    def _stream(self, request: Outgoing) -> AbstractAsyncContextManager[AsyncStreamedResponse]:
        return self.transport.stream(self.app, request)

    def _connect(self, scope: Scope) -> AbstractAsyncContextManager[AsyncWebSocketSession]:
        return self.transport.connect(self.app, scope)


class AsyncCall(Protocol):
    """The shape of `AsyncTestClient.get` and `delete`."""

    def __call__(
        self, path: str, *, headers: HeadersGiven | None = None, params: ParamsGiven | None = None
    ) -> Coroutine[Any, Any, TestResponse]:
        """Send the request."""
        ...


class AsyncBodyCall(Protocol):
    """The shape of `AsyncTestClient.post`, `put` and `patch`."""

    def __call__(
        self,
        path: str,
        *,
        json: Any = None,
        body: Body | None = None,
        data: Mapping[str, Any] | None = None,
        files: Files | None = None,
        headers: HeadersGiven | None = None,
        params: ParamsGiven | None = None,
    ) -> Coroutine[Any, Any, TestResponse]:
        """Send the request."""
        ...


class AsyncStreamCall(Protocol):
    """The shape of `AsyncTestClient.stream`."""

    def __call__(
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
    ) -> AbstractAsyncContextManager[AsyncStreamedResponse]:
        """Send the request."""
        ...


class AsyncConnectCall(Protocol):
    """The shape of `AsyncTestClient.websocket_connect`."""

    def __call__(
        self,
        path: str,
        *,
        headers: HeadersGiven | None = None,
        params: ParamsGiven | None = None,
        subprotocols: Sequence[str] | None = None,
    ) -> AbstractAsyncContextManager[AsyncWebSocketSession]:
        """Open the WebSocket."""
        ...

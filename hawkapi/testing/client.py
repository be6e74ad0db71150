"""The client for tests that are plain functions."""

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any, Literal, Self

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from hawkapi._errors import MissingExtraError
from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.testing.async_client import AsyncBodyCall, AsyncCall, AsyncConnectCall, AsyncStreamCall, AsyncTestClient
from hawkapi.testing.base_client import BaseClient
from hawkapi.testing.response import HTTPStatusError as HTTPStatusError  # users import both from here, too
from hawkapi.testing.response import TestResponse as TestResponse
from hawkapi.testing.streaming import StreamedResponse
from hawkapi.testing.transport import Outgoing
from hawkapi.testing.websocket import WebSocketSession


class TestClient(
    BaseClient[TestResponse, AbstractContextManager[StreamedResponse], AbstractContextManager[WebSocketSession]]
):
    """Talk to an app that runs in a loop of its own, in another thread.

    `with` runs the app's lifespan, and everything in one loop; without it no hooks run, and each call has a new loop.
    For the arguments of the methods see `BaseClient`. Async tests use the coroutines `async_get`, `async_post`,
    `async_put`, `async_patch` and `async_delete` and the context managers `async_stream`, `async_websocket_connect`
    and `async with`: these run in the test's own loop. The other methods raise `RuntimeError` there.

    Args:
        app: Any ASGI app.
        base_url: Where it is said to be served.
        backend: Which loop to run.
        backend_options: Options of the loop as `anyio.run` takes them: `{"use_uvloop": True}`.

    Raises:
        MissingExtraError: If the loop is not installed.
        ValueError: If there is no such backend.
    """

    __test__ = False  # not a test class, whatever its name says to pytest

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        *,
        backend: Literal["asyncio", "trio"] = "asyncio",
        backend_options: Mapping[str, Any] | None = None,
    ) -> None:
        self._backend, self._backend_options = backend, dict(backend_options or {})
        _check_backend(backend, self._backend_options)
        twin = AsyncTestClient(app, base_url)
        super().__init__(twin.transport)
        self.async_get: AsyncCall = twin.get
        self.async_delete: AsyncCall = twin.delete
        self.async_post: AsyncBodyCall = twin.post
        self.async_put: AsyncBodyCall = twin.put
        self.async_patch: AsyncBodyCall = twin.patch
        self.async_stream: AsyncStreamCall = twin.stream
        self.async_websocket_connect: AsyncConnectCall = twin.websocket_connect
        self._carrying_app = _carrying(app)
        self._portal: BlockingPortal | None = None
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            portal = stack.enter_context(self._loop())
            stack.enter_context(portal.wrap_async_context_manager(self.transport.lifespan()))
            self._portal = portal
            self._exit = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        # Whatever has ended the block, the app stops in order and need not know of it
        self._portal = None
        self._exit.close()

    def _fetch(self, request: Outgoing) -> TestResponse:
        with self._loop() as portal:
            return portal.call(self.transport.fetch, self._carrying_app, request)

    @contextmanager
    def _stream(self, request: Outgoing) -> Generator[StreamedResponse, None, None]:
        with self._loop() as portal:
            stream = self.transport.stream(self._carrying_app, request)
            with portal.wrap_async_context_manager(stream) as response:
                yield StreamedResponse(portal, response)

    @contextmanager
    def _connect(self, scope: Scope) -> Generator[WebSocketSession, None, None]:
        with self._loop() as portal:
            connection = self.transport.connect(self._carrying_app, scope)
            with portal.wrap_async_context_manager(connection) as session:
                yield WebSocketSession(portal, session)

    @contextmanager
    def _loop(self) -> Generator[BlockingPortal, None, None]:
        if _in_event_loop():
            raise RuntimeError(
                "TestClient's plain methods would block the event loop that runs this test; "
                "use 'async with client', 'await client.async_get(...)', 'client.async_stream(...)' and the like"
            )
        try:
            if self._portal is not None:
                yield self._portal
            else:
                with start_blocking_portal(self._backend, self._backend_options) as portal:
                    yield portal
        except _Carried as carried:
            raise carried.error from None


class _Carried(Exception):  # noqa: N818 - no error of its own
    """What is no `Exception` on its way out of the loop; bare, it would end the loop and the lifespan with it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


def _carrying(app: ASGIApp) -> ASGIApp:
    """Carry out what tests use and is no `Exception`, such as `pytest.fail` in a handler."""

    async def carrying(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except (Exception, GeneratorExit, anyio.get_cancelled_exc_class()):
            raise
        except BaseException as exc:  # noqa: BLE001 - carried, not caught
            raise _Carried(exc) from None

    return carrying


def _check_backend(backend: str, options: dict[str, Any]) -> None:
    if backend not in ("asyncio", "trio"):
        raise ValueError(f"backend must be 'asyncio' or 'trio', not {backend!r}; for uvloop see backend_options")
    if backend == "trio" and find_spec("trio") is None:
        raise MissingExtraError("TestClient(backend='trio')", "trio")
    if options.get("use_uvloop") and find_spec("uvloop") is None:
        raise MissingExtraError("TestClient(backend_options={'use_uvloop': True})", "uvicorn")


def _in_event_loop() -> bool:
    try:
        anyio.get_current_task()
    except RuntimeError:
        return False
    return True

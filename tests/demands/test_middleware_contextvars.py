"""starlette#1678: a middleware that runs the app in a task of its own loses context variables and disconnects."""

from contextvars import ContextVar

import anyio
import pytest

from hawkapi import HawkAPI, Request
from hawkapi.middleware.base import Middleware
from hawkapi.responses.streaming import StreamingResponse
from tests.app.wire import Wire, exchange
from tests.asgi import call

user: ContextVar[str] = ContextVar("user", default="nobody")


class SetUser(Middleware):
    async def before_request(self, request):
        user.set(request.headers["x-user"])
        request.state.task = anyio.get_current_task().id

    async def after_response(self, request, response):
        response.headers["x-seen"] = user.get()
        assert anyio.get_current_task().id == request.state.task


@pytest.fixture(params=["app", "route"])
def app(request):
    app = HawkAPI()
    if request.param == "app":
        app.add_middleware(SetUser)
    own = [SetUser] if request.param == "route" else None

    @app.get("/async", middleware=own)
    async def as_coroutine(request: Request):
        seen = user.get()
        user.set("handler")
        assert anyio.get_current_task().id == request.state.task
        return seen

    @app.get("/sync", middleware=own)
    def as_function():
        return user.get()

    @app.get("/stream", middleware=own)
    async def stream():
        async def content():
            yield user.get()

        return StreamingResponse(content())

    @app.get("/asks", middleware=own)
    async def asks(request: Request):
        return await request.is_disconnected()

    return app


HEADERS = [("x-user", "ada")]


@pytest.mark.parametrize("path", ["/async", "/sync", "/stream"])
async def test_starlette_1678_what_middleware_sets_is_seen_by_the_handler(app, path):
    user.set("nobody")
    answer = await call(app, "GET", path, headers=HEADERS)
    assert answer.body.strip(b'"') == b"ada"


async def test_starlette_1678_what_the_handler_sets_is_seen_by_the_middleware(app):
    answer = await call(app, "GET", "/async", headers=HEADERS)
    assert answer.headers["x-seen"] == "handler"


async def test_starlette_1678_the_handler_sees_the_client_leave(app):
    wire = await exchange(app, "GET", "/asks", wire=Wire(), headers=HEADERS)
    assert wire.body == b"true"

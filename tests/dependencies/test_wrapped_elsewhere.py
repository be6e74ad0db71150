"""A plain wrapper round an async function is as good as the function, wherever the framework calls one."""

from functools import wraps

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.middleware.base import Middleware
from hawkapi.plugins import Plugin
from hawkapi.security.http_bearer import HTTPBearer
from hawkapi.security.permissions import PermissionPolicy
from tests.asgi import call
from tests.websocket.wire import CONNECT, Peer


def handing_on(fn):
    @wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


async def test_a_handler_runs_in_the_event_loop():
    app = HawkAPI()

    @app.get("/")
    @handing_on
    async def handler():
        return app.runtime().handlers.borrowed_tokens

    assert (await call(app, "GET", "/")).json() == 0


@pytest.mark.parametrize("options", [{"cancel_on_disconnect": True}, {"sync": "inline"}])
async def test_a_handler_takes_the_options_of_an_async_one(options):
    app = HawkAPI()

    @app.get("/", **options)
    @handing_on
    async def handler():
        return 1

    assert (await call(app, "GET", "/")).json() == 1


async def test_a_websocket_handler():
    app = HawkAPI()

    @app.websocket("/ws")
    @handing_on
    async def handler(ws):
        await ws.accept()

    assert "accept" in (await Peer(CONNECT).serve(app)).log


async def test_an_exception_handler():
    app = HawkAPI()

    @app.exception_handler(LookupError)
    @handing_on
    async def answer(request, exc):
        return "answered"

    @app.get("/")
    async def handler():
        raise LookupError

    assert (await call(app, "GET", "/")).json() == "answered"


async def test_a_hook_of_a_plugin():
    seen = []

    class Watching(Plugin):
        @handing_on
        async def on_exception(self, request, exc):
            seen.append(exc)

    app = HawkAPI()
    app.add_plugin(Watching())

    @app.get("/")
    async def handler():
        raise LookupError

    assert (await call(app, "GET", "/")).status == 500
    assert len(seen) == 1


async def test_a_resolver_of_permissions():
    @handing_on
    async def granted(request):
        return ["a"]

    app = HawkAPI()
    app.permission_policy = PermissionPolicy(granted)

    @app.get("/", permissions=["a"])
    async def handler():
        return 1

    assert (await call(app, "GET", "/")).json() == 1


async def test_a_hook_of_middleware():
    class Passing(Middleware):
        @handing_on
        async def before_request(self, request):
            """Lets everything pass."""

    app = HawkAPI()
    app.add_middleware(Passing)

    @app.get("/")
    async def handler():
        return 1

    assert (await call(app, "GET", "/")).json() == 1


async def test_a_security_scheme():
    class Scheme(HTTPBearer):
        @handing_on
        async def __call__(self, connection):
            return await super().__call__(connection)

    app = HawkAPI()

    @app.get("/", dependencies=[Depends(Scheme())])
    async def handler():
        return 1

    assert (await call(app, "GET", "/", headers=[("authorization", "Bearer t")])).json() == 1

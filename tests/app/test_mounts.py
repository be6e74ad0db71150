"""Foreign ASGI apps under a path (contract 2.15)."""

import anyio
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.middleware.base import Middleware
from hawkapi.requests.request import Request
from hawkapi.responses.plain_text import PlainTextResponse
from hawkapi.routing.router import Router
from hawkapi.runtime.lifespan import LifespanFailed
from hawkapi.testing.async_client import AsyncTestClient
from tests.app.wire import Wire, exchange
from tests.asgi import call


class Foreign:
    """Answers with the path and root path that it sees; keeps the scopes."""

    def __init__(self):
        self.scopes = []

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 1000})
        else:
            text = f"{scope['root_path']}|{scope['path']}"
            await PlainTextResponse(text)(scope, receive, send)


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/static", "/static|/"),
        ("/static/", "/static|/"),
        ("/static/a/b", "/static|/a/b"),
        ("/static//a", "/static|//a"),
    ],
)
async def test_a_mounted_app_gets_the_rest_of_the_path(path, seen):
    app = HawkAPI()
    app.mount("/static", Foreign())
    answer = await call(app, "GET", path)
    assert (answer.status, answer.body.decode()) == (200, seen)


@pytest.mark.parametrize("path", ["/staticx", "/stati", "/", "/x/static"])
async def test_a_path_that_only_looks_like_the_mount_does_not_match(path):
    app = HawkAPI()
    app.mount("/static", Foreign())
    assert (await call(app, "GET", path)).status == 404


async def test_a_mount_at_the_root_takes_everything_that_no_route_takes():
    app = HawkAPI()
    app.mount("/", Foreign())

    @app.get("/own")
    async def own():
        return "own"

    assert (await call(app, "GET", "/own")).body == b'"own"'
    assert (await call(app, "GET", "/x/y")).body == b"|/x/y"


async def test_routes_of_the_app_go_before_mounts():
    app = HawkAPI()
    app.mount("/static", Foreign())

    @app.get("/static/own")
    async def own():
        return "own"

    assert (await call(app, "GET", "/static/own")).body == b'"own"'
    assert (await call(app, "POST", "/static/own")).status == 405
    assert (await call(app, "GET", "/static/other")).body == b"/static|/other"


async def test_the_longest_mount_that_matches_wins():
    app = HawkAPI()
    app.mount("/a", Foreign())
    app.mount("/a/b", Foreign())
    assert (await call(app, "GET", "/a/b/c")).body == b"/a/b|/c"
    assert (await call(app, "GET", "/a/bc")).body == b"/a|/bc"


async def test_the_root_path_of_the_server_stands_before_that_of_the_mount():
    app = HawkAPI()
    app.mount("/static", Foreign())
    for path in ("/api/static/x", "/static/x"):
        assert (await exchange(app, "GET", path, root_path="/api")).body == b"/api/static|/x"
    assert (await exchange(app, "GET", "/api/static/x", root_path="/api/")).body == b"/api/static|/x"


async def test_mounts_of_an_included_router_come_along_behind_the_prefixes():
    inner, outer = Router(prefix="/inner"), Router(prefix="/outer")
    inner.mount("/static", Foreign())
    outer.include_router(inner)
    app = HawkAPI(prefix="/app")
    app.include_router(outer)
    assert (await call(app, "GET", "/app/outer/inner/static/x")).body == b"/app/outer/inner/static|/x"


async def test_a_mounted_hawkapi_serves_below_its_prefix_and_never_strips_a_root_path():
    inner, outer = HawkAPI(), HawkAPI()

    @inner.get("/items")
    async def items(request: Request):
        return {"path": request.path, "root": request.scope["root_path"]}

    @inner.get("/inner/items")
    async def not_this():
        return "stripped"

    outer.mount("/inner", inner)
    assert (await call(outer, "GET", "/inner/items")).json() == {"path": "/items", "root": "/inner"}
    assert (await call(outer, "GET", "/inner/inner/items")).json() == "stripped"
    wire = await exchange(outer, "GET", "/api/inner/items", root_path="/api")
    assert wire.body == b'{"path":"/items","root":"/api/inner"}'


async def test_mounts_nest():
    inner, middle, outer = HawkAPI(), HawkAPI(), HawkAPI()
    inner.mount("/c", Foreign())
    middle.mount("/b", inner)
    outer.mount("/a", middle)
    assert (await call(outer, "GET", "/a/b/c/d")).body == b"/a/b/c|/d"
    assert (await call(outer, "GET", "/a/b/x")).json()["detail"] == "No route matches GET /x"


async def test_a_mounted_hawkapi_answers_its_own_errors():
    inner, outer = HawkAPI(), HawkAPI()

    @inner.get("/")
    async def handler():
        raise LookupError

    @inner.exception_handler(LookupError)
    async def handle(request, exc):
        return PlainTextResponse("inner", status_code=400)

    @outer.exception_handler(LookupError)
    async def handle_outside(request, exc):
        return PlainTextResponse("outer", status_code=400)

    outer.mount("/inner", inner)
    assert (await call(outer, "GET", "/inner")).body == b"inner"


async def test_an_error_of_a_mounted_app_is_answered_by_the_outer_app():
    async def foreign(scope, receive, send):
        raise LookupError("secret")

    app = HawkAPI()
    app.mount("/foreign", foreign)

    @app.exception_handler(LookupError)
    async def handle(request, exc):
        return PlainTextResponse(f"{request.path} {exc}", status_code=400)

    answer = await call(app, "GET", "/foreign/x")
    assert (answer.status, answer.body) == (400, b"/foreign/x secret")


async def test_an_error_of_a_mounted_app_after_its_head_is_raised_on(caplog):
    async def foreign(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise LookupError("late")

    app = HawkAPI()
    app.mount("/foreign", foreign)
    wire = Wire()
    with pytest.raises(LookupError, match="late"):
        await exchange(app, "GET", "/foreign", wire=wire)
    assert wire.types == ["http.response.start"]
    assert len(caplog.records) == 1


async def test_a_body_that_was_read_by_nobody_is_there_for_the_mounted_app():
    inner, outer = HawkAPI(), HawkAPI()

    @inner.post("/")
    async def handler(request: Request):
        return (await request.body()).decode()

    outer.mount("/inner", inner)
    assert (await call(outer, "POST", "/inner", body=b"hello")).body == b'"hello"'


async def test_a_websocket_reaches_the_mounted_app():
    foreign, app = Foreign(), HawkAPI()
    app.mount("/ws", foreign)
    wire = Wire({"type": "websocket.connect"})
    await app({"type": "websocket", "path": "/api/ws/chat", "root_path": "/api"}, wire.receive, wire.send)
    assert wire.types == ["websocket.accept", "websocket.close"]
    assert (foreign.scopes[0]["path"], foreign.scopes[0]["root_path"]) == ("/chat", "/api/ws")


async def test_a_websocket_does_not_reach_a_mount_that_only_looks_alike():
    foreign, app = Foreign(), HawkAPI()
    app.mount("/ws", foreign)
    wire = Wire({"type": "websocket.connect"})
    await app({"type": "websocket", "path": "/wsx"}, wire.receive, wire.send)
    assert wire.types == ["websocket.close"]
    assert foreign.scopes == []


async def test_an_error_of_a_mounted_websocket_passes():
    async def foreign(scope, receive, send):
        raise LookupError("mine")

    app = HawkAPI()
    app.mount("/ws", foreign)
    wire = Wire({"type": "websocket.connect"})
    with pytest.raises(LookupError, match="mine"):
        await app({"type": "websocket", "path": "/ws"}, wire.receive, wire.send)


def tracing_app(name, events):
    app = HawkAPI()
    app.on_startup(lambda: events.append(f"{name} starts"))
    app.on_shutdown(lambda: events.append(f"{name} stops"))
    return app


async def test_lifespans_of_mounted_apps_run_inside_that_of_the_app_in_reverse_at_the_stop():
    events = []
    app, one, two = (tracing_app(name, events) for name in ("app", "one", "two"))
    app.mount("/one", one)
    app.mount("/two", two)
    async with AsyncTestClient(app):
        assert events == ["app starts", "one starts", "two starts"]
        events.clear()
    assert events == ["two stops", "one stops", "app stops"]


async def test_a_mount_whose_start_fails_fails_the_start_of_the_app_and_stops_the_others():
    events = []
    app, one, two = (tracing_app(name, events) for name in ("app", "one", "two"))
    app.mount("/one", one)
    app.mount("/two", two)

    @two.on_startup
    def fail():
        raise RuntimeError("no database")

    with pytest.raises(LifespanFailed, match="no database"):
        async with AsyncTestClient(app):
            raise AssertionError("not reached")
    assert events[:3] == ["app starts", "one starts", "two starts"]
    assert events[-2:] == ["one stops", "app stops"]


async def test_a_mounted_app_without_lifespan_is_fine():
    app = HawkAPI()

    async def foreign(scope, receive, send):
        assert scope["type"] == "http"
        await PlainTextResponse("foreign")(scope, receive, send)

    async def silent(scope, receive, send):
        """Returns at once, whatever it is asked."""

    app.mount("/foreign", foreign)
    app.mount("/silent", silent)
    async with AsyncTestClient(app) as client:
        assert (await client.get("/foreign")).text == "foreign"


async def test_a_mount_that_a_start_up_hook_made_has_its_lifespan_too():
    events = []
    app = HawkAPI()
    app.on_startup(lambda: app.mount("/late", tracing_app("late", events)))
    async with AsyncTestClient(app):
        assert events == ["late starts"]


async def test_what_a_mounted_app_keeps_in_its_state_its_requests_see_besides_that_of_the_app():
    inner, outer = HawkAPI(), HawkAPI()
    inner.state.who, outer.state.who, outer.state.outer = "inner", "outer", True

    async def who(request: Request):
        return request.scope["state"]

    inner.get("/")(who)
    outer.get("/")(who)
    outer.mount("/inner", inner)
    async with AsyncTestClient(outer) as client:
        assert (await client.get("/inner")).json() == {"who": "inner", "outer": True}
        assert (await client.get("/")).json() == {"who": "outer", "outer": True}


async def test_a_lifespan_task_group_of_a_mounted_app_works_on_every_backend():
    from contextlib import asynccontextmanager

    stopped = anyio.Event()

    async def forever():
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()

    @asynccontextmanager
    async def lifespan(app):
        async with anyio.create_task_group() as group:
            group.start_soon(forever)
            yield
            group.cancel_scope.cancel()

    outer = HawkAPI(lifespan=lifespan)
    outer.mount("/inner", HawkAPI(lifespan=lifespan))
    async with AsyncTestClient(outer) as client:
        assert (await client.get("/inner/x")).status_code == 404
    assert stopped.is_set()


@pytest.mark.parametrize("path", ["static", "/{any}"])
def test_a_mount_path_must_be_a_plain_path(path):
    with pytest.raises(ValueError, match=r"starts with '/'|takes no parameters"):
        HawkAPI().mount(path, Foreign())


def guard():
    """Lets everybody pass."""


GUARDED = [
    {"permissions": ["admin"]},
    {"permissions": []},
    {"dependencies": [Depends(guard)]},
    {"middleware": [Middleware]},
]


@pytest.mark.parametrize("options", GUARDED)
def test_a_mount_on_a_router_that_guards_its_routes_is_refused(options):
    router = Router(prefix="/admin", **options)
    with pytest.raises(ValueError, match=r"^The mount at /files would be open: .* guard the mounted app itself"):
        router.mount("/files", Foreign())
    assert router._registration.mounts == []


@pytest.mark.parametrize("options", GUARDED)
def test_a_mount_that_comes_along_into_a_router_that_guards_its_routes_is_refused(options):
    inner, outer = Router(prefix="/in"), Router(**options)
    inner.mount("/files", Foreign())
    with pytest.raises(ValueError, match=r"^The mount at /in/files would be open"):
        outer.include_router(inner)


async def test_an_app_with_dependencies_may_mount():
    app = HawkAPI(dependencies=[Depends(guard)])
    app.mount("/files", Foreign())
    assert (await call(app, "GET", "/files/x")).body == b"/files|/x"


async def test_an_app_with_dependencies_takes_mounts_of_its_routers():
    app, router = HawkAPI(dependencies=[Depends(guard)]), Router(prefix="/in")
    router.mount("/files", Foreign())
    app.include_router(router)
    assert (await call(app, "GET", "/in/files/x")).body == b"/in/files|/x"

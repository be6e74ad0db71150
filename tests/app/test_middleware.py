"""Middleware round an app, a router and a route (contract 6.1)."""

import threading

import anyio
import pytest
from anyio.lowlevel import checkpoint

from hawkapi import HawkAPI, Request, Response, Router
from hawkapi._errors import SealError
from hawkapi.app.config import Limits
from hawkapi.background import BackgroundTasks
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.entry import MiddlewareEntry
from hawkapi.responses.streaming import StreamingResponse
from hawkapi.routing.controllers import Controller, get
from tests.app.wire import Wire, chunks, exchange
from tests.asgi import call, http_scope


class Trace(Middleware):
    """Writes down in the answer which layers it came through, and how many requests each instance saw."""

    def __init__(self, app, name="app"):
        super().__init__(app)
        self.name, self.count = name, 0

    async def before_request(self, request):
        self.count += 1
        request.state.__dict__.setdefault("trace", []).append(f"{self.name}{self.count}")

    async def after_response(self, request, response):
        response.headers.append("x-trace", f"{self.name}{self.count}")


def trace(answer):
    return [value.decode() for name, value in answer.raw if name == b"x-trace"]


class Params(Middleware):
    """Puts the path parameters that it sees into the answer."""

    async def before_request(self, request):
        request.path_params  # noqa: B018 - they are there before the handler has run

    async def after_response(self, request, response):
        response.headers.append("x-params", repr(request.path_params))


def hooked(**hooks):
    """Make a middleware class of hook functions without `self`."""

    def method(hook):
        async def call_hook(self, *args):
            return await hook(*args)

        return call_hook

    return type("Hooked", (Middleware,), {name: method(hook) for name, hook in hooks.items()})


async def never(request):
    raise AssertionError


async def unreachable():
    raise AssertionError


def test_the_example_of_the_contract():
    from hawkapi.testing.client import TestClient

    app = HawkAPI()

    class AuthMiddleware(Middleware):
        async def before_request(self, request: Request) -> Request | Response:
            token = request.headers.get("authorization")
            if not token:
                return Response(status_code=401)
            request.state.user = token.upper()
            return request

    app.add_middleware(AuthMiddleware)

    @app.get("/")
    async def me(request: Request):
        return request.state.user

    client = TestClient(app)
    assert client.get("/").status_code == 401
    assert client.get("/", headers={"Authorization": "ada"}).json() == "ADA"


async def test_layers_go_in_from_the_app_to_the_route_and_out_again():
    app = HawkAPI()
    outer = Router(prefix="/outer", middleware=[(Trace, {"name": "outer"})])
    inner = Router(prefix="/inner", middleware=[(Trace, {"name": "inner-a"}), (Trace, {"name": "inner-b"})])

    @inner.get("/x", middleware=[(Trace, {"name": "route-a"}), MiddlewareEntry(Trace, {"name": "route-b"})])
    async def handler(request: Request):
        return request.state.trace

    outer.include_router(inner)
    app.add_middleware(Trace, name="first")
    app.add_middleware(Trace, name="second")
    app.include_router(outer)
    names = ["first1", "second1", "outer1", "inner-a1", "inner-b1", "route-a1", "route-b1"]
    answer = await call(app, "GET", "/outer/inner/x")
    assert answer.json() == names
    assert trace(answer) == names[::-1]


async def test_a_routes_instances_live_as_long_as_the_route():
    app = HawkAPI()

    @app.get("/a", middleware=[Trace])
    async def a():
        return 1

    @app.get("/b", middleware=[Trace])
    async def b():
        return 1

    seen = [trace(await call(app, "GET", path)) for path in ("/a", "/a", "/b", "/a")]
    assert seen == [["app1"], ["app2"], ["app1"], ["app3"]]


async def test_a_routers_instances_are_shared_by_its_routes():
    app, router = HawkAPI(), Router(middleware=[Trace])

    @router.get("/a")
    async def a():
        return 1

    @router.get("/b/{x}", middleware=[(Trace, {"name": "own"})])
    async def b(x):
        return x

    app.include_router(router)
    seen = [trace(await call(app, "GET", path)) for path in ("/a", "/b/x", "/a")]
    assert seen == [["app1"], ["own1", "app2"], ["app3"]]


async def test_equal_lists_of_two_routers_make_two_instances():
    app, items = HawkAPI(), [Trace]
    for name in "ab":
        router = Router(prefix=f"/{name}", middleware=items)
        router.get("/")(checkpoint)
        app.include_router(router)
    assert [trace(await call(app, "GET", f"/{name}")) for name in "ab"] == [["app1"], ["app1"]]


async def test_requests_at_the_same_time_come_to_their_own_routes():
    app, router, both = HawkAPI(), Router(middleware=[Trace]), anyio.Event()
    waiting = []

    @router.get("/{name}")
    async def handler(name):
        waiting.append(name)
        if len(waiting) == 2:
            both.set()
        await both.wait()
        return name

    @router.get("/x/{name}")
    async def other(name):
        return await handler(f"other {name}")

    app.include_router(router)
    answers = {}

    async def ask(path):
        answers[path] = (await call(app, "GET", path)).json()

    async with anyio.create_task_group() as group:
        group.start_soon(ask, "/a")
        group.start_soon(ask, "/x/b")
    assert answers == {"/a": "a", "/x/b": "other b"}


async def test_a_controllers_middleware_is_that_of_its_routes():
    class Items(Controller):
        middleware = [Trace]  # noqa: RUF012 - as the contract writes it

        @get("/a")
        async def a(self):
            return 1

        @get("/b")
        async def b(self):
            return 1

    app = HawkAPI()
    app.include_controller(Items)
    assert trace(await call(app, "GET", "/a")) == ["app1"]
    assert trace(await call(app, "GET", "/b")) == ["app2"]


def test_a_routes_middleware_is_kept_as_given():
    router = Router()

    @router.get("/a", middleware=[Trace, (Trace, {"name": "b"})])
    async def a():
        """Is never called."""

    router.get("/b")(a)
    app = HawkAPI()
    app.include_router(router)
    assert app.routes[0].middleware == (Trace, (Trace, {"name": "b"}))
    assert app.routes[1].middleware is None


async def test_the_chain_is_built_once():
    made = []

    class Made(Middleware):
        def __init__(self, app):
            super().__init__(app)
            made.append(type(self))

    app = HawkAPI()
    app.add_middleware(Made)
    app.get("/", middleware=[Made])(checkpoint)
    for _ in range(3):
        await call(app, "GET", "/")
    assert len(made) == 2


async def test_middleware_of_a_route_sees_its_path_parameters_and_that_of_the_app_does_not():
    app = HawkAPI()
    app.add_middleware(Params)

    def params(answer):
        return [value for name, value in answer.raw if name == b"x-params"]

    @app.get("/plain/{n:int}")
    async def plain(n: int):
        return n

    @app.get("/own/{n:int}/{name}", middleware=[Params])
    async def own(n: int, name):
        return n

    router = Router(prefix="/router", middleware=[Params])
    router.get("/{n:int}")(plain)
    app.include_router(router)
    assert params(await call(app, "GET", "/own/3/x")) == [b"{'n': 3, 'name': 'x'}", b"{}"]
    assert params(await call(app, "GET", "/router/4")) == [b"{'n': 4}", b"{}"]
    assert params(await call(app, "GET", "/plain/5")) == [b"{}"]


async def test_the_callers_scope_is_left_as_it_was():
    app, scope, wire = HawkAPI(), http_scope("GET", "/3"), Wire()
    app.add_middleware(Params)

    @app.get("/{n:int}", middleware=[Params])
    async def handler(n: int):
        return n

    await app(scope, wire.receive, wire.send)
    assert scope == http_scope("GET", "/3")


async def test_middleware_of_the_app_sees_what_no_route_takes():
    app = HawkAPI()
    app.add_middleware(Trace)
    app.post("/post")(checkpoint)
    assert [(await call(app, "GET", path)).status for path in ("/missing", "/post")] == [404, 405]
    assert trace(await call(app, "GET", "/missing")) == ["app3"]


async def test_middleware_sees_what_a_handler_raised_as_an_ordinary_answer(caplog):
    seen = []

    async def look(request, response):
        seen.append(response.status_code)

    app = HawkAPI()
    app.add_middleware(hooked(after_response=look))

    @app.get("/", middleware=[hooked(after_response=look)])
    async def handler():
        raise ValueError

    assert (await call(app, "GET", "/")).status == 500
    assert seen == [500, 500]


async def test_an_answer_of_middleware_inside_passes_that_outside():
    async def refuse(request):
        return Response("no", status_code=401)

    app = HawkAPI()
    app.add_middleware(Trace)
    app.get("/", middleware=[hooked(before_request=refuse)])(unreachable)
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.body, trace(answer)) == (401, b"no", ["app1"])


async def test_probes_know_no_middleware():
    app = HawkAPI()
    app.add_middleware(hooked(before_request=never))
    for path in ("/livez", "/readyz", "/healthz", "/startupz"):
        assert (await call(app, "GET", path)).status == 200
        assert (await call(app, "HEAD", path)).body == b""
    assert (await exchange(app, "GET", "/api/livez", root_path="/api")).status == 200


async def test_only_a_probes_own_methods_are_its_own():
    app = HawkAPI()
    app.add_middleware(Trace)
    answer = await call(app, "POST", "/livez")
    assert (answer.status, trace(answer)) == (405, ["app1"])


async def test_a_root_path_is_stripped_once():
    app = HawkAPI()
    app.add_middleware(Trace)

    @app.get("/api/x")
    async def handler(request: Request):
        return request.url

    wire = await exchange(app, "GET", "/api/api/x", root_path="/api")
    assert wire.body == b'"http://localhost/api/api/x"'
    assert (await exchange(app, "GET", "/api/x", root_path="/other")).status == 200


async def test_the_head_of_an_answer_to_head_is_that_of_get():
    app = HawkAPI()
    app.add_middleware(Trace)

    @app.get("/", middleware=[Trace])
    async def handler():
        return "12345"

    answer = await call(app, "HEAD", "/")
    assert (answer.headers["content-length"], answer.body, len(trace(answer))) == ("7", b"", 2)


async def test_an_empty_answer_stays_one():
    app = HawkAPI()
    app.add_middleware(Trace)
    app.get("/none")(checkpoint)

    @app.get("/not-modified")
    async def not_modified():
        return Response(status_code=304)

    for path, status in (("/none", 204), ("/not-modified", 304)):
        answer = await call(app, "GET", path)
        assert (answer.status, answer.body) == (status, b"")
        assert "content-length" not in answer.headers


async def test_several_cookies_stay_apart():
    async def add(request, response):
        response.headers.append("set-cookie", "c=3")

    async def foreign(scope, receive, send):
        cookies = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await send({"type": "http.response.start", "status": 200, "headers": cookies})
        await send({"type": "http.response.body"})

    app = HawkAPI()
    app.add_middleware(hooked(after_response=add))
    app.add_middleware(Trace)
    app.mount("/", foreign)
    cookies = [value for name, value in (await call(app, "GET", "/")).raw if name == b"set-cookie"]
    assert cookies == [b"a=1", b"b=2", b"c=3"]


async def test_a_stream_goes_out_part_by_part_through_all_layers():
    app = HawkAPI()
    for _ in range(3):
        app.add_middleware(Trace)
    sent = []

    @app.get("/", middleware=[Trace])
    async def handler():
        async def content():
            for i in range(3):
                yield f"{i}:{len(sent)} "

        return StreamingResponse(content())

    async def send(message):
        sent.append(message)

    await app(http_scope("GET", "/"), Wire({"type": "http.request"}).receive, send)
    assert b"".join(message["body"] for message in sent[1:]) == b"0:1 1:2 2:3 "


async def test_a_body_that_middleware_has_read_is_there_for_every_kind_of_handler():
    async def read(request):
        request.state.length = len(await request.body())

    app, foreign, inner = HawkAPI(), [], HawkAPI()
    app.add_middleware(hooked(before_request=read))

    @app.post("/json", status_code=200)
    async def json(body: list[int], request: Request):
        return [*body, request.state.length]

    @app.post("/sync", status_code=200, middleware=[hooked(before_request=read)])
    def sync(body: list[int]):
        return body

    @app.post("/stream", status_code=200)
    async def stream(request: Request):
        return [chunk.decode() async for chunk in request.stream()]

    @inner.post("/", status_code=200)
    async def mounted(body: list[int]):
        return body

    async def mount(scope, receive, send):
        foreign.append(await receive())
        foreign.append(await receive())
        await Response()(scope, receive, send)

    app.mount("/inner", inner)
    app.mount("/mount", mount)
    expected = {"/json": b"[1,2,5]", "/sync": b"[1,2]", "/stream": b'["[1,2]"]', "/inner": b"[1,2]", "/mount": b""}
    for path, body in expected.items():
        wire = await exchange(app, "POST", path, wire=Wire(*chunks(b"[1,", b"2]")))
        assert (wire.status, wire.body) == (200, body)
    assert foreign == [
        {"type": "http.request", "body": b"[1,2]", "more_body": False},
        {"type": "http.disconnect"},
    ]


async def test_the_apps_limits_hold_in_middleware():
    async def read(request):
        await request.body()

    app = HawkAPI(limits=Limits(body=10))
    app.add_middleware(hooked(before_request=read))
    app.post("/")(unreachable)
    assert (await call(app, "POST", "/", body=b"x" * 11)).status == 413
    app = HawkAPI(limits=Limits(body=10))
    app.post("/", middleware=[hooked(before_request=read)])(unreachable)
    assert (await call(app, "POST", "/", body=b"x" * 11)).status == 413


async def test_middleware_round_a_mounted_app_and_in_it():
    app, inner = HawkAPI(), HawkAPI()
    app.add_middleware(Trace, name="outer")
    inner.add_middleware(Trace, name="inner")

    @inner.get("/x")
    async def handler(request: Request):
        return request.state.trace

    app.mount("/in", inner)
    answer = await call(app, "GET", "/in/x")
    assert answer.json() == ["outer1", "inner1"]
    assert trace(answer) == ["inner1", "outer1"]


@pytest.mark.parametrize("within", [[], [Trace]])
async def test_middleware_may_hand_on_a_scope_of_its_own(within):
    class Bare(Middleware):
        async def __call__(self, scope, receive, send):
            await self.app(http_scope(scope["method"], "/other"), receive, send)

    app = HawkAPI()
    for cls in [Trace, Bare, *within]:
        app.add_middleware(cls)

    @app.get("/other")
    async def other():
        return "other"

    answer = await call(app, "GET", "/")
    assert (answer.json(), len(trace(answer))) == ("other", 1 + len(within))


async def test_a_middleware_may_serve_a_request_twice():
    class Fallback(Middleware):
        async def __call__(self, scope, receive, send):
            async def look(message):
                if message["type"] == "http.response.start" and message["status"] == 404:
                    missing.append(message)
                elif not missing:
                    await send(message)

            missing = []
            await self.app(scope, receive, look)
            if missing:
                await self.app({**scope, "path": "/fallback"}, receive, send)

    app = HawkAPI()
    app.add_middleware(Fallback)
    app.add_middleware(Trace)

    @app.get("/fallback", middleware=[Trace])
    async def fallback():
        return "fallback"

    answer = await call(app, "GET", "/missing")
    assert (answer.json(), trace(answer)) == ("fallback", ["app1", "app2"])


async def test_background_tasks_run_to_their_end():
    app, ran = HawkAPI(), []
    app.add_middleware(Trace)

    @app.get("/", middleware=[Trace])
    async def handler(tasks: BackgroundTasks):
        async def task():
            await checkpoint()
            ran.append(1)

        tasks.add_task(task)
        return 1

    await exchange(app, "GET", "/", wire=Wire())  # whose client is gone from the start
    assert ran == [1]


async def test_background_tasks_run_after_an_answer_that_was_replaced():
    async def replace(request, response):
        return Response("instead")

    app, ran = HawkAPI(), []
    app.add_middleware(hooked(after_response=replace))

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        async def endless():
            while True:
                yield b"x"

        tasks.add_task(ran.append, 1)
        return StreamingResponse(endless())

    wire = await exchange(app, "GET", "/", wire=Wire({"type": "http.request"}))
    assert (wire.body, ran) == (b"instead", [1])


async def test_a_sync_handler_runs_in_its_thread_behind_middleware():
    app = HawkAPI()
    app.add_middleware(Trace)

    @app.get("/", middleware=[Trace])
    def handler():
        return threading.current_thread() is threading.main_thread()

    assert (await call(app, "GET", "/")).json() is False


def test_every_mistake_in_middleware_is_told_at_the_seal():
    class Limit(Middleware):
        def __init__(self, app, *, limit):
            super().__init__(app)

    app = HawkAPI()
    app.add_middleware(Limit)
    router = Router(middleware=[(Limit, {"limits": 1})])

    @router.get("/a", middleware=[(Limit, {"limit": 1}), (Limit, {"rate": 1})])
    async def a():
        """Is never called."""

    router.get("/b")(a)
    router.websocket("/ws")(a)
    app.include_router(router)
    with pytest.raises(SealError) as caught:
        app.seal()
    found = [mistake for mistake in caught.value.mistakes if "Limit" in mistake]
    assert len(found) == 3
    assert all("TypeError" in mistake and "test_middleware.py:" in mistake for mistake in found)
    assert found[0].startswith("/a: ")
    assert "'limits'" in found[0]
    assert "'rate'" in found[1]
    assert "limit" in found[2]


async def test_an_app_that_is_sealed_takes_no_more():
    app = HawkAPI()
    app.seal()
    with pytest.raises(RuntimeError, match="The middleware Trace comes too late"):
        app.add_middleware(Trace)

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.debug import MAX_PATHS, DebugMiddleware
from hawkapi.middleware.timing import TimingMiddleware
from hawkapi.responses.response import Response
from tests.app.wire import Broken, Wire, exchange
from tests.asgi import call, http_scope
from tests.middleware.answers import answering
from tests.middleware.edges import BARE, Neighbour, pass_on


def ticking(step):
    now = [0.0]

    def clock():
        now[0] += step
        return now[0]

    return clock


def an_app(**options):
    app = HawkAPI()

    @app.get("/users/{id:int}")
    async def user(id: int):
        return id

    @app.put("/old", deprecated="2025-01-01", name="ancient")
    async def old():
        raise KeyError

    app.add_middleware(DebugMiddleware, **options)
    return app


async def page(app, name, **options):
    answer = await call(app, "GET", f"/_debug/{name}", **options)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def declared(routes):
    return [route for route in routes if route["path"] in ("/users/{id:int}", "/old")]


ROUTES = [
    {"path": "/users/{id:int}", "methods": ["GET", "HEAD"], "name": "user", "deprecated": False},
    {"path": "/old", "methods": ["PUT"], "name": "ancient", "deprecated": True},
]


async def test_the_routes_of_the_app_are_listed():
    assert declared(await page(an_app(), "routes")) == ROUTES


@pytest.mark.parametrize("debug", [True, False])
async def test_whatever_the_app_says_of_debug_it_is_on_where_it_was_added(debug):
    app = HawkAPI(debug=debug)
    app.add_middleware(DebugMiddleware)
    assert isinstance(await page(app, "routes"), list)
    assert await page(app, "stats") == {}


@pytest.mark.parametrize("debug", [True, False])
async def test_whatever_the_app_says_of_debug_it_is_off_where_it_was_turned_off(debug):
    app = HawkAPI(debug=debug)
    app.add_middleware(DebugMiddleware, enabled=False)
    for name in ("routes", "stats"):
        assert (await call(app, "GET", f"/_debug/{name}")).status == 404


async def test_the_methods_of_a_route_are_sorted():
    async def handler(): ...

    app = HawkAPI()
    app.add_route("/old", handler, methods=["PUT", "TRACE", "OPTIONS", "DELETE", "PATCH", "POST", "GET"])
    app.add_middleware(DebugMiddleware)
    (route,) = declared(await page(app, "routes"))
    assert route["methods"] == ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"]


async def test_an_app_inside_of_other_middleware_is_found():
    inner = HawkAPI()

    @inner.get("/users/{id:int}")
    async def user(id: int):
        return id

    for app in (
        DebugMiddleware(inner),
        DebugMiddleware(TimingMiddleware(inner)),
        Neighbour(DebugMiddleware(TimingMiddleware(inner))),
    ):
        assert declared(await page(app, "routes")) == ROUTES[:1]


async def test_an_app_that_has_no_routes_of_ours_lists_none():
    class Foreign:
        routes = ("/a",)

        async def __call__(self, scope, receive, send):
            raise AssertionError

    for app in (answering(b""), Foreign()):
        assert await page(DebugMiddleware(app), "routes") == []


async def test_each_path_is_counted(caplog):
    app = an_app(clock=ticking(0.0015))
    for _ in range(2):
        assert (await call(app, "GET", "/users/1")).status == 200
    assert (await call(app, "PUT", "/old")).status == 500
    assert (await call(app, "GET", "/missing")).status == 404
    assert await page(app, "stats") == {
        "/users/1": {"count": 2, "avg_latency_ms": 1.5, "errors": 0},
        "/old": {"count": 1, "avg_latency_ms": 1.5, "errors": 1},
        "/missing": {"count": 1, "avg_latency_ms": 1.5, "errors": 0},
    }


async def test_its_own_pages_are_not_counted():
    app = an_app()
    await page(app, "stats")
    await page(app, "routes")
    assert await page(app, "stats") == {}


async def test_an_exception_is_an_error_and_raised_on():
    async def failing(scope, receive, send):
        raise KeyError

    app = DebugMiddleware(failing)
    with pytest.raises(KeyError):
        await call(app, "GET", "/")
    assert (await page(app, "stats"))["/"]["errors"] == 1


async def test_an_exception_after_the_head_is_no_second_answer():
    async def failing(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError

    app = DebugMiddleware(failing)
    wire = Wire()
    with pytest.raises(KeyError):
        await app(http_scope("GET", "/"), wire.receive, wire.send)
    figures = (await page(app, "stats"))["/"]
    assert (figures["count"], figures["errors"]) == (1, 0)


async def test_head_is_answered_and_other_methods_are_told_what_is_allowed():
    app = DebugMiddleware(answering(b""))
    answer = await call(app, "HEAD", "/_debug/stats")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "2")
    answer = await call(app, "POST", "/_debug/stats")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.json()["detail"] == "Method POST not allowed. Allowed: GET, HEAD"


async def test_turned_off_both_pages_are_404_and_nothing_is_counted():
    for app in (an_app(enabled=False), DebugMiddleware(answering(b"caught"), enabled=False)):
        for name in ("routes", "stats"):
            answer = await call(app, "GET", f"/_debug/{name}")
            assert (answer.status, answer.json()["detail"]) == (404, f"No route matches GET /_debug/{name}")
    assert (await call(app, "GET", "/x")).body == b"caught"
    assert app._figures == {}


async def test_without_the_middleware_there_are_no_such_pages():
    for name in ("routes", "stats"):
        assert (await call(HawkAPI(debug=True), "GET", f"/_debug/{name}")).status == 404


@pytest.mark.parametrize("prefix", ["/ops/debug", "/ops/debug/"])
async def test_the_pages_stand_behind_the_prefix(prefix):
    made = DebugMiddleware(answering(b""), prefix=prefix)
    assert (made.prefix, made.enabled) == ("/ops/debug", True)
    assert (await call(made, "GET", "/ops/debug/stats")).json() == {}
    assert (await call(made, "GET", "/_debug/stats")).body == b""


@pytest.mark.parametrize(("prefix", "error"), [("debug", ValueError), ("", ValueError), (b"/x", TypeError)])
def test_a_prefix_that_is_none_is_a_mistake(prefix, error):
    with pytest.raises(error, match="prefix"):
        DebugMiddleware(answering(b""), prefix=prefix)


@pytest.mark.parametrize("root", ["/api", "/api/"])
async def test_a_root_path_of_the_server_is_not_part_of_the_path(root):
    for app in (an_app(), DebugMiddleware(answering(b""))):
        wire = await exchange(app, "GET", "/api/_debug/stats", root_path=root)
        assert wire.body == b"{}"


async def test_an_answer_that_breaks_off_is_not_begun_again():
    wire = Wire(break_send=2)
    with pytest.raises(Broken):
        await exchange(an_app(), "GET", "/_debug/stats", wire=wire)
    assert wire.sends == 2


async def test_answers_pass_as_they_are():
    wire = await exchange(DebugMiddleware(answering(b"one", b"two")), "GET", "/")
    assert [message["body"] for message in wire.sent[1:]] == [b"one", b"two"]


async def test_a_bare_scope_is_enough():
    async def app(scope, receive, send):
        await Response("x")(scope, receive, send)

    wire = Wire()
    made = DebugMiddleware(app)
    await made({"type": "http"}, wire.receive, wire.send)
    assert wire.body == b"x"
    assert list(await page(made, "stats")) == ["/"]


async def test_a_path_is_all_that_its_pages_need():
    wire = Wire()
    await DebugMiddleware(answering(b""))({"type": "http", "path": "/_debug/stats"}, wire.receive, wire.send)
    assert (wire.status, wire.body) == (200, b"{}")


async def test_of_many_paths_the_latest_are_kept():
    app = DebugMiddleware(answering(b""))
    await call(app, "GET", "/first")
    for number in range(MAX_PATHS - 1):
        await call(app, "GET", f"/{number}")
    await call(app, "GET", "/first")
    await call(app, "GET", "/last")
    stats = await page(app, "stats")
    assert len(stats) == MAX_PATHS
    assert stats["/first"]["count"] == 2
    assert "/0" not in stats


@pytest.mark.parametrize("scope", BARE)
async def test_other_scopes_pass_as_they_are(scope):
    assert await pass_on(DebugMiddleware, scope) is scope

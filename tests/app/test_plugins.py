"""Plugins, and what they see of an app (contract 9)."""

import pytest
from msgspec.structs import replace

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.middleware.entry import MiddlewareEntry
from hawkapi.plugins import Plugin
from hawkapi.routing.controllers import Controller, get
from hawkapi.routing.router import Router
from hawkapi.testing.async_client import AsyncTestClient
from tests.asgi import call


async def handler(): ...


async def other(): ...


async def chat(ws): ...


class Guard:
    def __init__(self, app, **options):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


class Users(Controller):
    @get("/users")
    async def list_users(self): ...


class Noting(Plugin):
    """Notes what its hooks are called with."""

    def __init__(self, name="", notes=None):
        self.name, self.notes = name, [] if notes is None else notes

    def on_route_registered(self, route):
        self.notes.append(f"{self.name}{route.path}")
        return route

    def on_middleware_added(self, middleware_class, kwargs):
        self.notes.append((self.name, middleware_class, kwargs))

    async def on_startup(self):
        self.notes.append(f"{self.name} starts")

    def on_shutdown(self):
        self.notes.append(f"{self.name} stops")


def with_plugin(plugin):
    app = HawkAPI()
    app.add_plugin(plugin)
    return app


# Routes


def test_a_plugin_sees_every_route_of_the_app_at_once_and_whole():
    plugin = Noting()
    app = with_plugin(plugin)
    app.get("/own")(handler)
    assert plugin.notes == ["/own"]
    inner, outer = Router(prefix="/in"), Router(prefix="/out")
    inner.get("/x", version="v1")(handler)
    outer.include_router(inner)
    assert plugin.notes == ["/own"]
    app.include_router(outer)
    app.include_controller(Users)
    assert plugin.notes == ["/own", "/v1/out/in/x", "/users"]


def test_probes_websockets_and_mounts_are_no_routes_to_a_plugin():
    plugin = Noting()
    app = with_plugin(plugin)
    app.websocket("/ws")(chat)
    app.mount("/sub", handler)
    assert app.routes
    assert plugin.notes == []


def test_a_plugin_sees_later_routes_only():
    app = HawkAPI()
    app.get("/before")(handler)
    plugin = Noting()
    app.add_plugin(plugin)
    app.get("/after")(handler)
    assert plugin.notes == ["/after"]


def test_the_returned_route_is_the_one_that_counts():
    class Moving(Plugin):
        def on_route_registered(self, route):
            return replace(route, path=f"/moved{route.path}", handler=other)

    app = with_plugin(Moving())
    given = app.add_route("/x", handler, methods=["GET"])
    assert (given.path, given.handler) == ("/moved/x", other)
    assert app.routes[0] is given
    assert app.url_for("handler") == "/moved/x"


def test_the_conflict_check_comes_after_the_plugins():
    class Dodging(Plugin):
        def on_route_registered(self, route):
            return route if route.handler is handler else replace(route, path=f"{route.path}/{route.name}")

    app = with_plugin(Dodging())
    app.get("/x")(handler)
    app.get("/x")(other)
    assert [route.path for route in app.routes][:2] == ["/x", "/x/other"]
    with pytest.raises(ValueError, match=r"^Route conflict: GET /x/other"):
        app.get("/x")(other)


def test_plugins_see_what_those_before_them_made():
    class Renaming(Plugin):
        def on_route_registered(self, route):
            return replace(route, path="/renamed")

    notes = []
    app = with_plugin(Noting("a", notes))
    app.add_plugin(Renaming())
    app.add_plugin(Noting("b", notes))
    app.get("/x")(handler)
    assert notes == ["a/x", "b/renamed"]


@pytest.mark.parametrize("returned", [None, "/x"])
def test_a_plugin_that_returns_no_route_is_named(returned):
    class Forgetful(Plugin):
        def on_route_registered(self, route):
            return returned

    app = with_plugin(Forgetful())
    with pytest.raises(
        TypeError, match=r"^Forgetful\.on_route_registered \(.*test_plugins\.py:\d+\) must return the route to use, not"
    ):
        app.get("/x")(handler)
    assert all(route.handler is not handler for route in app.routes)


def test_the_route_of_a_plugin_is_checked_like_any_other():
    class Wrong(Plugin):
        def on_route_registered(self, route):
            return replace(route, status_code=99)

    with pytest.raises(ValueError, match=r"^status_code of handler .* must be in 100\.\.599, not 99"):
        with_plugin(Wrong()).get("/x")(handler)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"permissions": "admin"}, r"^permissions of handler \(.*\) must be a list of texts, not 'admin'"),
        ({"tags": "users"}, r"^tags of handler \(.*\) must be a list of texts, not 'users'"),
        (
            {"dependencies": (other,)},
            r"^dependencies of handler \(.*\) must be a list .* write Depends\(other\)",
        ),
    ],
)
def test_what_a_plugin_says_that_guards_nothing_is_refused_at_once(changes, message):
    class Guarding(Plugin):
        def on_route_registered(self, route):
            return replace(route, **changes)

    app = with_plugin(Guarding())
    with pytest.raises(TypeError, match=message):
        app.get("/x")(handler)
    assert all(route.handler is not handler for route in app.routes)


async def test_what_a_plugin_guards_a_route_with_guards_it():
    def guard():
        raise HTTPException(403)

    class Guarding(Plugin):
        def on_route_registered(self, route):
            return replace(route, dependencies=(Depends(guard),))

    app = with_plugin(Guarding())
    app.get("/x")(handler)
    assert (await call(app, "GET", "/x")).status == 403


@pytest.mark.parametrize("plugin", [Noting, Plugin, None, object()])
def test_only_an_instance_of_a_plugin_is_added(plugin):
    with pytest.raises(TypeError, match=r"^add_plugin\(\) takes an instance of a Plugin subclass, not"):
        HawkAPI().add_plugin(plugin)


# Middleware


def test_middleware_is_kept_in_order_and_shown_to_the_plugins():
    plugin = Noting("p")
    app = HawkAPI()
    app.add_middleware(Guard)
    app.add_plugin(plugin)
    app.add_middleware(Guard, self=1, cls=2)
    assert app._declared.middleware == [MiddlewareEntry(Guard), MiddlewareEntry(Guard, {"self": 1, "cls": 2})]
    assert plugin.notes == [("p", Guard, {"self": 1, "cls": 2})]


def test_the_middleware_of_a_route_is_not_shown_to_the_plugins():
    plugin = Noting()
    with_plugin(plugin).get("/x", middleware=[Guard])(handler)
    assert plugin.notes == ["/x"]


# Start and stop


async def test_plugins_start_and_stop_among_the_hooks_of_the_app():
    notes = []
    app = HawkAPI()
    app.add_plugin(Noting("a", notes))
    app.on_startup(lambda: notes.append("app starts"))
    app.on_shutdown(lambda: notes.append("app stops"))
    app.add_plugin(Noting("b", notes))
    async with AsyncTestClient(app):
        assert notes == ["a starts", "app starts", "b starts"]
    assert notes[3:] == ["b stops", "app stops", "a stops"]


@pytest.mark.parametrize("base", [Exception, LookupError])
async def test_a_plugin_sees_what_nobody_expected_before_it_is_answered(base):
    seen = []

    class Watching(Plugin):
        async def on_exception(self, request, exc):
            seen.append((request.path, exc))

    app = with_plugin(Watching())
    error = LookupError("no such thing")

    @app.exception_handler(base)
    def answer(request, exc):
        assert seen == [("/x", error)]
        return {"seen": len(seen)}

    @app.get("/x")
    async def fail():
        raise error

    @app.get("/gone")
    async def gone():
        raise HTTPException(410)

    async with AsyncTestClient(app) as client:
        assert (await client.get("/gone")).status_code == 410
        assert (await client.get("/x")).json() == {"seen": 1}


async def test_a_plugin_that_fails_at_the_start_fails_the_start():
    class Failing(Plugin):
        def on_startup(self):
            raise ValueError("no database")

    with pytest.raises(RuntimeError, match="no database"):
        async with AsyncTestClient(with_plugin(Failing())):
            pass


async def test_what_a_start_adds_its_stop_forgets_and_the_next_start_adds_again():
    notes = []
    app = HawkAPI()

    @app.on_startup
    def add():
        app.add_plugin(Noting("late", notes))
        app.add_middleware(Guard)
        app.get("/x")(handler)

    for _ in range(2):
        async with AsyncTestClient(app) as client:
            assert (await client.get("/x")).status_code == 204
    assert notes == [("late", Guard, {}), "late/x", "late starts", "late stops"] * 2
    assert app._declared.plugins == app._declared.plugin_hooks == app._declared.middleware == []


def test_what_comes_after_the_seal_is_refused():
    app = HawkAPI()
    app.seal()
    with pytest.raises(RuntimeError, match=r"^The plugin Noting comes too late"):
        app.add_plugin(Noting())
    with pytest.raises(RuntimeError, match=r"^The middleware Guard comes too late"):
        app.add_middleware(Guard)

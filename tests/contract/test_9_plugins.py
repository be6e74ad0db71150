"""Contract 9: plugins and their hooks."""

import msgspec
import pytest

from hawkapi import Controller, HawkAPI, HTTPException, Middleware, Plugin, Router, TestClient, get
from hawkapi.responses import PlainTextResponse
from tests.asgi import call


class Recording(Plugin):
    """Has every hook, and writes down when it was called."""

    def __init__(self, log, name="plugin"):
        self.log, self.name = log, name

    def on_route_registered(self, route):
        self.log.append((self.name, "route", route.path))
        return route

    def on_startup(self):
        self.log.append((self.name, "start"))

    def on_shutdown(self):
        self.log.append((self.name, "stop"))

    def on_exception(self, request, exc):
        self.log.append((self.name, request.path, type(exc).__name__))

    def on_middleware_added(self, middleware_class, kwargs):
        self.log.append((self.name, middleware_class.__name__, kwargs))


class AsyncRecording(Recording):
    async def on_startup(self):
        super().on_startup()

    async def on_shutdown(self):
        super().on_shutdown()

    async def on_exception(self, request, exc):
        super().on_exception(request, exc)


both = pytest.mark.parametrize("plugin", [Recording, AsyncRecording])


def make(log, plugin=Recording):
    app = HawkAPI()
    app.add_plugin(plugin(log))
    return app


async def test_the_example(capsys):
    reported = []

    def log_to_sentry(exc):
        reported.append(exc)

    class AuditPlugin(Plugin):
        def on_route_registered(self, route):
            return route

        def on_schema_generated(self, spec):
            spec["info"]["x-audited"] = True
            return spec

        def on_startup(self):
            print("App starting up")  # noqa: T201 - the contract's text

        def on_exception(self, request, exc):
            log_to_sentry(exc)

    app, error = HawkAPI(), LookupError("x")
    app.add_plugin(AuditPlugin())

    @app.get("/")
    async def handler():
        raise error

    async with TestClient(app) as client:
        assert (await client.async_get("/")).status_code == 500
    assert "App starting up" in capsys.readouterr().out
    assert reported == [error]


def test_all_hooks_are_optional():
    plugin, route = Plugin(), HawkAPI().add_route("/", lambda: None, methods=["GET"])
    assert plugin.on_route_registered(route) is route
    assert plugin.on_schema_generated(spec := {}) is spec
    assert plugin.on_startup() is None
    assert plugin.on_shutdown() is None
    assert plugin.on_exception(None, LookupError()) is None
    assert plugin.on_middleware_added(Middleware, {}) is None


# routes


def test_routes_come_at_once_those_of_routers_and_controllers_included():
    class Things(Controller):
        @get("/controller")
        async def things(self):
            """Is not called."""

    app, router = make(log := []), Router(prefix="/router")
    app.get("/own")(lambda: None)
    assert log == [("plugin", "route", "/own")]
    router.get("/a")(lambda: None)
    assert len(log) == 1
    app.include_router(router)
    app.include_controller(Things)
    assert [path for _, _, path in log] == ["/own", "/router/a", "/controller"]


def test_probes_and_docs_do_not_come():
    app = make(log := [])
    app.seal()
    assert log == []


def test_only_later_routes_are_seen():
    app, log = HawkAPI(), []
    app.get("/before")(lambda: None)
    app.add_plugin(Recording(log))
    app.get("/after")(lambda: None)
    assert [path for _, _, path in log] == ["/after"]


async def test_the_returned_route_is_the_one_used():
    class Renaming(Plugin):
        def on_route_registered(self, route):
            return msgspec.structs.replace(route, path=f"/moved{route.path}", status_code=202)

    app = HawkAPI()
    app.add_plugin(Renaming())

    @app.get("/a")
    async def handler():
        return 1

    assert (await call(app, "GET", "/moved/a")).status == 202
    assert (await call(app, "GET", "/a")).status == 404
    assert app.routes[0].path == "/moved/a"
    assert app.url_for("handler") == "/moved/a"


def test_plugins_are_called_in_order_each_with_the_route_of_the_former():
    class Tagging(Plugin):
        def __init__(self, tag):
            self.tag = tag

        def on_route_registered(self, route):
            return msgspec.structs.replace(route, tags=[*route.tags, self.tag])

    app = HawkAPI()
    app.add_plugin(Tagging("first"))
    app.add_plugin(Tagging("second"))
    assert app.add_route("/", lambda: None, methods=["GET"]).tags == ["first", "second"]


# start and stop


@both
async def test_start_and_stop(plugin):
    app = make(log := [], plugin)
    async with TestClient(app):
        assert log == [("plugin", "start")]
    assert log == [("plugin", "start"), ("plugin", "stop")]


@both
async def test_a_failing_start_fails_the_start(plugin):
    class Failing(plugin):
        def on_startup(self):
            raise LookupError("no licence")

    app = make([], Failing)
    with pytest.raises(Exception, match="no licence"):
        async with TestClient(app):
            """Is not reached."""


async def test_they_start_in_order():
    app = make(log := [])
    app.add_plugin(Recording(log, "second"))
    async with TestClient(app):
        assert log == [("plugin", "start"), ("second", "start")]


# exceptions


@both
async def test_an_unhandled_exception_comes_before_the_exception_handlers(plugin):
    app = make(log := [], plugin)

    @app.exception_handler(LookupError)
    async def answer(request, exc):
        log.append("handler")
        return PlainTextResponse("x", status_code=418)

    @app.get("/a")
    async def handler():
        raise LookupError

    assert (await call(app, "GET", "/a")).status == 418
    assert log[1:] == [("plugin", "/a", "LookupError"), "handler"]


@both
async def test_an_http_exception_does_not_come(plugin):
    app = make(log := [], plugin)

    @app.get("/a")
    async def handler(n: int = 0):
        raise HTTPException(409)

    await call(app, "GET", "/a")
    await call(app, "GET", "/a", query=b"n=x")
    await call(app, "GET", "/nowhere")
    assert log == [("plugin", "route", "/a")]


@both
async def test_an_error_in_the_hook_is_logged_and_changes_no_answer(plugin, caplog):
    class Failing(plugin):
        def on_exception(self, request, exc):
            raise OSError("sentry is down")

    log = []
    app = make(log, Failing)
    app.add_plugin(Recording(log, "second"))

    @app.get("/a")
    async def handler():
        raise LookupError

    answer = await call(app, "GET", "/a")
    assert (answer.status, answer.json()["detail"]) == (500, "Internal Server Error")
    assert "sentry is down" in caplog.text
    assert log[-1] == ("second", "/a", "LookupError")


async def test_an_exception_of_a_dependency_comes_too():
    from hawkapi import Depends

    app = make(log := [])

    async def fail():
        raise LookupError

    @app.get("/a", dependencies=[Depends(fail)])
    async def handler():
        """Is not called."""

    await call(app, "GET", "/a")
    assert log[1:] == [("plugin", "/a", "LookupError")]


# middleware


def test_a_middleware_comes_when_it_is_added():
    class Other(Middleware):
        def __init__(self, app, *, size):
            super().__init__(app)

    app = HawkAPI()
    app.add_middleware(Middleware)
    app.add_plugin(Recording(log := []))
    app.add_middleware(Other, size=1)
    app.add_middleware(Middleware)
    assert log == [("plugin", "Other", {"size": 1}), ("plugin", "Middleware", {})]

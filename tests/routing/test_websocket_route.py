"""Declaring WebSocket routes."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.routing.router import Router
from hawkapi.routing.websocket_route import WebSocketRoute


async def chat(ws): ...


async def other(ws): ...


class Callable:
    async def __call__(self, ws): ...


def test_the_decorator_gives_the_handler_back():
    router = Router()
    assert router.websocket("/ws")(chat) is chat


def test_a_route_has_defaults():
    router = Router()
    router.websocket("/ws/")(chat)
    (route,) = router.websocket_routes
    assert (route.path, route.handler, route.name, route.permissions) == ("/ws", chat, "chat", None)
    assert (route.max_size, route.send_timeout, route.idle_timeout) == (None, 10.0, None)


def test_a_route_keeps_what_is_said_of_it():
    router = Router()
    options = {"name": "talk", "permissions": ["a"], "max_size": 5, "send_timeout": None, "idle_timeout": 60}
    router.websocket("/ws", **options)(chat)
    (route,) = router.websocket_routes
    assert {name: getattr(route, name) for name in options} == options


def test_a_callable_object_is_named_after_its_class():
    assert WebSocketRoute(path="/", handler=Callable()).name == "Callable"


def test_the_list_of_routes_is_a_copy():
    router = Router()
    router.websocket_routes.append("x")
    assert router.websocket_routes == []


@pytest.mark.parametrize("size", [0, -1])
def test_a_size_that_lets_nothing_through_is_refused(size):
    with pytest.raises(ValueError, match=r"max_size of chat \(.*\) must be at least 1 byte"):
        Router().websocket("/ws", max_size=size)(chat)


@pytest.mark.parametrize("name", ["send_timeout", "idle_timeout"])
@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_a_timeout_that_cannot_be_kept_is_refused(name, seconds):
    with pytest.raises(ValueError, match=rf"{name} of chat \(.*\) must be above 0 seconds or None"):
        Router().websocket("/ws", **{name: seconds})(chat)


@pytest.mark.parametrize("path", ["ws", "/{", "/{a:nope}", "/{a}/{a}"])
def test_a_path_that_cannot_be_read_is_refused_at_once(path):
    with pytest.raises(ValueError, match=r"path|parameter|converter"):
        Router().websocket(path)(chat)


def test_prefixes_add_up():
    inner, outer, app = Router(prefix="/in"), Router(prefix="/out"), HawkAPI(prefix="/api")
    inner.websocket("/ws/{room}")(chat)
    outer.include_router(inner)
    app.include_router(outer)
    assert [route.path for route in app.websocket_routes] == ["/api/out/in/ws/{room}"]


def test_a_route_that_comes_after_the_include_is_refused():
    router, app = Router(), HawkAPI()
    app.include_router(router)
    with pytest.raises(RuntimeError, match=r"/ws by chat \(.*\) comes too late: this router was included at"):
        router.websocket("/ws")(chat)


def test_a_path_serves_one_websocket():
    app = HawkAPI()
    app.websocket("/ws/{a}")(chat)
    with pytest.raises(ValueError, match=r"Route conflict: WebSocket /ws/{b} is served by chat .* again by other"):
        app.websocket("/ws/{b}")(other)


def test_a_path_may_have_methods_and_a_websocket():
    app = HawkAPI()
    app.get("/ws")(chat)
    app.add_route("/ws", other, methods=["WEBSOCKET"])
    app.websocket("/ws", name="socket")(chat)
    assert [route.path for route in app.websocket_routes] == ["/ws"]


def test_included_routes_conflict_too():
    app, router = HawkAPI(), Router()
    app.websocket("/ws")(chat)
    router.websocket("/ws")(other)
    with pytest.raises(ValueError, match="Route conflict"):
        app.include_router(router)


def test_a_sealed_app_takes_no_further_one():
    app = HawkAPI()
    app.seal()
    with pytest.raises(RuntimeError, match="The WebSocket route /ws comes too late"):
        app.websocket("/ws")(chat)


def test_a_websocket_has_a_url_by_name():
    app = HawkAPI()
    app.websocket("/rooms/{room:int}")(chat)
    assert app.url_for("chat", room=5) == "/rooms/5"

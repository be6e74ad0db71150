import inspect
import os

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.routing.router import Router

HERE = os.path.relpath(__file__)


def handler(): ...


def other(): ...


async def sub_app(scope, receive, send): ...


@pytest.mark.parametrize(
    ("verb", "methods", "status"),
    [
        ("get", {"GET", "HEAD"}, 200),
        ("post", {"POST"}, 201),
        ("put", {"PUT"}, 200),
        ("patch", {"PATCH"}, 200),
        ("delete", {"DELETE"}, 204),
    ],
)
def test_a_decorator_declares_its_method_and_status_and_gives_the_function_back(verb, methods, status):
    router = Router()
    assert getattr(router, verb)("/x")(handler) is handler
    [route] = router.routes
    assert (route.path, route.handler, route.methods, route.status_code) == ("/x", handler, methods, status)


def test_options_arrive_in_the_route():
    router = Router()
    router.post(
        "/x", status_code=202, name="n", summary="s", description="d", include_in_schema=False, permissions=["p"]
    )(handler)
    [route] = router.routes
    assert (route.status_code, route.name, route.summary, route.description) == (202, "n", "s", "d")
    assert (route.include_in_schema, route.permissions) == (False, ["p"])


def test_an_option_that_is_none_takes_its_default():
    router = Router()
    router.get("/x", tags=None, name=None, permissions=None)(handler)
    [route] = router.routes
    assert (route.tags, route.name, route.permissions) == ([], "handler", None)


def test_add_route_takes_any_methods_and_gives_the_route():
    router = Router()
    route = router.add_route("/x", handler, methods=["get", "Propfind"])
    assert (route.methods, route.status_code) == ({"GET", "PROPFIND"}, 200)
    assert router.routes == [route]


@pytest.mark.parametrize("methods", [[], [""], ["GE T"], ["GET\r\n"]])
def test_a_method_that_is_no_token_is_refused(methods):
    with pytest.raises(ValueError, match=r"methods of handler \(.*\) must be a list of HTTP method names"):
        Router().add_route("/x", handler, methods=methods)


@pytest.mark.parametrize("status", [99, 600])
def test_a_status_that_is_none_is_refused(status):
    with pytest.raises(ValueError, match=rf"status_code of handler .* must be in 100..599, not {status}"):
        Router().get("/x", status_code=status)(handler)


def test_routes_is_a_new_list_each_time():
    router = Router()
    router.routes.append("x")
    assert router.routes == []


@pytest.mark.parametrize(
    ("prefix", "path", "whole"),
    [
        ("", "/", "/"),
        ("", "", "/"),
        ("", "/items/", "/items"),
        ("/items", "/", "/items"),
        ("/items", "", "/items"),
        ("/api/", "/items", "/api/items"),
        ("/api", "/{id:int}", "/api/{id:int}"),
    ],
)
def test_a_path_is_prefix_and_own_path_without_a_trailing_slash(prefix, path, whole):
    router = Router(prefix=prefix)
    router.get(path)(handler)
    assert router.routes[0].path == whole


def test_a_version_stands_in_front_of_the_prefix():
    router = Router(prefix="/api")
    router.get("/x", version="v1")(handler)
    assert router.routes[0].path == "/v1/api/x"


@pytest.mark.parametrize("declare", [lambda: Router(prefix="api"), lambda: Router().get("x")(handler)])
def test_a_path_starts_with_a_slash(declare):
    with pytest.raises(ValueError, match=r"starts with '/'"):
        declare()


def test_tags_of_the_router_come_before_the_routes_own():
    router = Router(tags=["a"])
    router.get("/x", tags=["b"])(handler)
    assert router.routes[0].tags == ["a", "b"]


def test_including_adds_prefixes_and_tags_up():
    inner = Router(prefix="/inner", tags=["in"])
    inner.get("/x", tags=["own"])(handler)
    middle = Router(prefix="/middle", tags=["mid"])
    middle.include_router(inner)
    outer = Router(prefix="/app", tags=["app"])
    outer.include_router(middle)
    [route] = outer.routes
    assert (route.path, route.tags) == ("/app/middle/inner/x", ["app", "mid", "in", "own"])


def test_a_version_stays_in_front_through_an_include():
    inner = Router(prefix="/inner")
    inner.get("/x", version="v2")(handler)
    outer = Router(prefix="/app")
    outer.include_router(inner)
    assert outer.routes[0].path == "/v2/app/inner/x"


def test_a_route_that_comes_after_the_include_is_refused_naming_both_places():
    inner = Router()
    line = inspect.currentframe().f_lineno + 1
    HawkAPI().include_router(inner)
    with pytest.raises(RuntimeError) as refused:
        inner.get("/late")(handler)
    assert f"/late by handler ({HERE}:{inspect.getsourcelines(handler)[1]})" in str(refused.value)
    assert f"{HERE}:{line}" in str(refused.value)


def test_a_mount_that_comes_after_the_include_is_refused():
    inner = Router()
    HawkAPI().include_router(inner)
    with pytest.raises(RuntimeError, match=r"The mount at / comes too late"):
        inner.mount("/", sub_app)


def test_mounts_come_along_behind_the_prefix():
    inner = Router(prefix="/in")
    inner.mount("/static/", sub_app)
    outer = Router(prefix="/out")
    outer.include_router(inner)
    [mount] = outer._registration.mounts
    assert (mount.path, mount.app) == ("/out/in/static", sub_app)


@pytest.mark.parametrize(("path", "message"), [("static", "starts with '/'"), ("/{x}", "takes no parameters")])
def test_a_mount_path_that_cannot_be_served_is_refused(path, message):
    with pytest.raises(ValueError, match=message):
        Router().mount(path, sub_app)


def test_only_routers_are_included():
    with pytest.raises(TypeError, match=r"is not a Router"):
        Router().include_router(sub_app)


@pytest.mark.parametrize("make", [Router, HawkAPI])
def test_an_app_is_not_included_but_mounted(make):
    with pytest.raises(TypeError, match=r"an app is more: .* Mount it: mount\(path, app\)"):
        make().include_router(HawkAPI())


def test_a_router_cannot_include_itself():
    router = Router()
    with pytest.raises(ValueError, match=r"cannot include itself"):
        router.include_router(router)


def test_an_unknown_converter_is_refused_at_once():
    with pytest.raises(ValueError, match=r"Unknown converter"):
        Router().get("/{x:date}")(handler)


def test_the_same_path_and_method_twice_names_both_handlers_and_their_places():
    app = HawkAPI()
    app.get("/x/{a}")(handler)
    with pytest.raises(ValueError, match=r"^Route conflict: GET /x/{b}") as refused:
        app.get("/x/{b}/")(other)
    for fn in (handler, other):
        assert f"{fn.__name__} ({HERE}:{inspect.getsourcelines(fn)[1]})" in str(refused.value)


def test_an_include_that_conflicts_is_refused():
    app = HawkAPI()
    app.get("/x")(handler)
    inner = Router()
    inner.get("/x")(other)
    with pytest.raises(ValueError, match=r"^Route conflict"):
        app.include_router(inner)


def test_other_methods_and_other_types_of_one_path_may_stand_beside_each_other():
    app = HawkAPI()
    app.get("/x/{a}")(handler)
    app.post("/x/{b}")(other)
    app.get("/x/{a:int}")(other)
    assert [route.handler for route in app.routes if route.path.startswith("/x")] == [handler, other, other]


@pytest.mark.parametrize("head_first", [True, False])
def test_a_head_of_its_own_may_stand_beside_a_get_but_not_beside_another(head_first):
    app = HawkAPI()
    steps = [lambda: app.add_route("/x", other, methods=["HEAD"]), lambda: app.get("/x")(handler)]
    for step in steps if head_first else reversed(steps):
        step()
    with pytest.raises(ValueError, match=r"^Route conflict: HEAD"):
        app.add_route("/x", handler, methods=["HEAD", "POST"])

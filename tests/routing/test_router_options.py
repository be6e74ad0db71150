"""What routers and routes say of dependencies, permissions and middleware, as it arrives in the routes."""

import inspect
import os

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends, Security
from hawkapi.middleware.entry import MiddlewareEntry
from hawkapi.routing.router import Router

HERE = os.path.relpath(__file__)


def handler(): ...


async def chat(ws): ...


def first(): ...


def second(): ...


def third(): ...


class Outer:
    def __init__(self, app): ...


class Inner:
    def __init__(self, app): ...


@pytest.fixture(params=["http", "websocket"])
def declare(request):
    """Declare a route on a router and give it back, of either kind."""

    def http(router, path="/x", **options):
        router.get(path, **options)(handler)
        return router.routes[0]

    def websocket(router, path="/x", **options):
        router.websocket(path, **options)(chat)
        return router.websocket_routes[0]

    return http if request.param == "http" else websocket


def the_route(router):
    [route] = [*Router.routes.fget(router), *router.websocket_routes]
    return route


def nested(declare, outer, middle, inner, **options):
    """Declare a route on the innermost of three routers and give what the outermost has of it."""
    declare(inner, **options)
    middle.include_router(inner)
    outer.include_router(middle)
    return the_route(outer)


def test_without_any_a_route_has_none(declare):
    route = declare(Router())
    assert (route.dependencies, route.permissions, route.middleware, route.router_middleware) == ((), None, None, ())


# Dependencies


def test_dependencies_of_outer_routers_come_first(declare):
    outer, middle, inner = (Router(dependencies=[Depends(each)]) for each in (first, second, third))
    route = nested(declare, outer, middle, inner, dependencies=[Depends(handler)])
    assert route.dependencies == (Depends(first), Depends(second), Depends(third), Depends(handler))


def test_dependencies_of_the_app_come_before_all(declare):
    app = HawkAPI(dependencies=[Depends(first), Security(second, scopes=["s"])])
    assert declare(app, dependencies=[Depends(third)]).dependencies == (
        Depends(first),
        Security(second, scopes=["s"]),
        Depends(third),
    )


def test_the_probes_have_no_dependencies():
    assert {route.dependencies for route in HawkAPI(dependencies=[Depends(first)]).routes} == {()}


def test_what_is_no_depends_is_refused_naming_the_handler_and_the_fix():
    with pytest.raises(TypeError) as refused:
        Router().get("/x", dependencies=[Depends(first), second])(handler)
    line = inspect.getsourcelines(handler)[1]
    assert f"dependencies of handler ({HERE}:{line}) must be a list of Depends(...)" in str(refused.value)
    assert "write Depends(second)" in str(refused.value)


@pytest.mark.parametrize("given", [[1], Depends(first), "first"])
def test_what_is_no_list_of_depends_is_refused(declare, given):
    with pytest.raises(TypeError, match=r"^dependencies of \w+ \(.*\) must be a list of Depends"):
        declare(Router(), dependencies=given)


@pytest.mark.parametrize("make", [Router, HawkAPI])
def test_a_router_refuses_such_dependencies_too(make):
    with pytest.raises(
        TypeError, match=r"^dependencies must be a list of Depends\(\.\.\.\), .* write Depends\(first\)"
    ):
        make(dependencies=[first])


# Permissions


def test_permissions_add_up_outer_ones_first_and_each_once(declare):
    outer, middle, inner = Router(permissions=["b", "a"]), Router(), Router(permissions=["c", "a"])
    assert nested(declare, outer, middle, inner, permissions=["d", "b"]).permissions == ["b", "a", "c", "d"]


def test_permissions_of_the_route_alone_are_equal_to_the_list_given(declare):
    assert declare(Router(), permissions=["b", "a", "b"]).permissions == ["b", "a", "b"]


def test_permissions_of_the_router_alone_are_those_of_the_route(declare):
    assert declare(Router(permissions=["a"])).permissions == ["a"]


def test_an_empty_list_of_permissions_is_one(declare):
    assert declare(Router(permissions=[])).permissions == []
    assert declare(Router(), permissions=[]).permissions == []


def test_a_route_does_not_share_its_permissions_with_whoever_gave_them(declare):
    given = ["a"]
    route = declare(Router(), permissions=given)
    given.clear()
    assert route.permissions == ["a"]


@pytest.mark.parametrize("given", ["admin", [1], 7])
def test_permissions_are_a_list_of_texts(declare, given):
    with pytest.raises(TypeError, match=r"^permissions of \w+ \(.*\) must be a list of texts"):
        declare(Router(), permissions=given)
    with pytest.raises(TypeError, match=r"^permissions must be a list of texts"):
        Router(permissions=given)


def test_tags_are_a_list_of_texts():
    with pytest.raises(TypeError, match=r"^tags of handler \(.*\) must be a list of texts, not 'users'"):
        Router().get("/x", tags="users")(handler)
    with pytest.raises(TypeError, match=r"^tags must be a list of texts, not 'users'"):
        Router(tags="users")


# Middleware


def test_middleware_of_a_route_is_a_tuple_of_what_was_given(declare):
    items = [Outer, (Inner, {"a": 1}), MiddlewareEntry(Inner, {"a": 1})]
    assert declare(Router(), middleware=items).middleware == tuple(items)


def test_middleware_of_routers_stands_apart_outermost_first(declare):
    outer, middle, inner = Router(middleware=[Outer]), Router(), Router(middleware=[(Inner, {"a": 1}), Outer])
    route = nested(declare, outer, middle, inner, middleware=[Inner])
    assert route.router_middleware == ((Outer,), ((Inner, {"a": 1}), Outer))
    assert route.middleware == (Inner,)


def test_a_router_has_one_tuple_for_all_its_routes():
    router = Router(middleware=[Outer])
    router.get("/x")(handler)
    router.websocket("/x")(chat)
    app = HawkAPI()
    app.include_router(router)
    [mine], [theirs] = app.routes[0].router_middleware, app.websocket_routes[0].router_middleware
    assert mine is theirs


def test_two_routers_have_two_tuples_though_they_were_given_the_same():
    shared = (Outer,)
    one, two = (Router(middleware=shared) for _ in range(2))
    for router in (one, two):
        router.get("/x")(handler)
    assert one.routes[0].router_middleware == two.routes[0].router_middleware
    assert one.routes[0].router_middleware[0] is not two.routes[0].router_middleware[0]


def test_a_router_with_an_empty_list_of_middleware_has_none(declare):
    assert declare(Router(middleware=[])).router_middleware == ()


@pytest.mark.parametrize("given", ["Outer", Outer])
def test_what_is_no_list_of_middleware_is_refused(declare, given):
    with pytest.raises(TypeError, match=r"^middleware of \w+ \(.*\) must be a list of classes and pairs"):
        declare(Router(), middleware=given)
    with pytest.raises(TypeError, match=r"^middleware must be a list of classes and pairs"):
        Router(middleware=given)


# Versions


def test_a_version_of_a_websocket_stands_in_front_of_everything():
    outer, inner = Router(prefix="/app"), Router(prefix="/in")
    inner.websocket("/ws", version="v1")(chat)
    outer.include_router(inner)
    [route] = outer.websocket_routes
    assert (route.path, route.version) == ("/v1/app/in/ws", "v1")


@pytest.mark.parametrize("version", ["", "/v1", "v1/x", "{v}", "v 1", "..", "v1?", 1])
def test_a_version_is_one_segment_of_a_path(declare, version):
    with pytest.raises(ValueError, match=r"^version of \w+ \(.*\) must be one segment of a path"):
        declare(Router(), version=version)


# What results look like


def test_the_options_of_response_models_arrive_in_the_route():
    router = Router()
    router.get("/a", response_model_exclude_none=True)(handler)
    router.get("/b", response_model_exclude_unset=True, response_model_exclude_defaults=True)(handler)
    a, b = router.routes
    assert (a.response_model_exclude_none, a.response_model_exclude_unset, a.response_model_exclude_defaults) == (
        True,
        False,
        False,
    )
    assert (b.response_model_exclude_unset, b.response_model_exclude_defaults) == (True, True)

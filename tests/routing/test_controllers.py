"""Controllers as they are declared: which routes `include_controller` makes of a class."""

import functools
import inspect
import os
from abc import ABC, abstractmethod

import pytest

from hawkapi._signature import describe
from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.routing.controllers import Controller, delete, get, patch, post, put
from hawkapi.routing.router import Router
from hawkapi.routing.version_router import VersionRouter

HERE = os.path.relpath(__file__)


def first(): ...


def second(): ...


class Guard:
    def __init__(self, app): ...


class UserController(Controller):
    prefix = "/users"
    tags = ["users"]  # noqa: RUF012 - as users write it

    @get("/")
    async def list_users(self):
        """All of them."""

    @post("/", status_code=202, name="make", tags=["own"], version="v2")
    async def create_user(self): ...


def routes_of(controller, router=None):
    router = router or Router()
    router.include_controller(controller)
    return router.routes


def table(controller):
    return [(route.path, route.handler.__qualname__.rpartition("<locals>.")[2]) for route in routes_of(controller)]


def test_the_methods_of_a_controller_are_routes_in_order_of_definition():
    listing, creation = routes_of(UserController, Router(prefix="/api", tags=["api"]))
    assert (listing.path, listing.methods, listing.status_code) == ("/api/users", {"GET", "HEAD"}, 200)
    assert (listing.name, listing.summary, listing.tags) == ("list_users", "All of them.", ["api", "users"])
    assert (creation.path, creation.methods, creation.status_code) == ("/v2/api/users", {"POST"}, 202)
    assert (creation.name, creation.tags) == ("make", ["api", "users", "own"])


def test_the_handler_is_the_plain_function_and_the_controller_is_the_class():
    listing, _ = routes_of(UserController)
    assert listing.handler is UserController.list_users
    assert listing.controller is UserController
    line = inspect.getsourcelines(UserController.list_users)[1]
    assert describe(listing.handler) == f"UserController.list_users ({HERE}:{line})"


@pytest.mark.parametrize(
    ("decorator", "methods", "status"),
    [
        (get, {"GET", "HEAD"}, 200),
        (post, {"POST"}, 201),
        (put, {"PUT"}, 200),
        (patch, {"PATCH"}, 200),
        (delete, {"DELETE"}, 204),
    ],
)
def test_a_decorator_declares_its_method_and_status_and_gives_the_function_back(decorator, methods, status):
    def handler(self): ...

    assert decorator("/x")(handler) is handler
    [route] = routes_of(type("Made", (Controller,), {"handler": handler}))
    assert (route.path, route.methods, route.status_code) == ("/x", methods, status)


def test_the_attributes_of_a_controller_mean_what_they_mean_on_a_router():
    class Guarded(Controller):
        dependencies = (Depends(first),)
        permissions = ("read",)
        middleware = (Guard,)

        @get("/x", dependencies=[Depends(second)], permissions=["write"], middleware=[(Guard, {})])
        async def read(self): ...

    [route] = routes_of(Guarded)
    assert route.dependencies == (Depends(first), Depends(second))
    assert route.permissions == ["read", "write"]
    assert (route.router_middleware, route.middleware) == (((Guard,),), ((Guard, {}),))


def test_several_decorators_make_several_routes_the_lowest_first():
    class Many(Controller):
        @get("/new")
        @get("/old", deprecated=True)
        async def read(self): ...

    assert [(route.path, route.deprecated) for route in routes_of(Many)] == [("/old", True), ("/new", False)]


def test_a_method_without_a_decorator_and_a_field_are_no_routes():
    class Plain(Controller):
        limit = 3

        def helper(self): ...

    assert routes_of(Plain) == []


class Base(Controller):
    @get("/a")
    async def a(self): ...

    @get("/b")
    async def b(self): ...


def test_inherited_routes_come_along_and_name_the_class_that_answers():
    class Child(Base):
        prefix = "/child"

        @get("/c")
        async def c(self): ...

    assert table(Child) == [("/child/a", "Base.a"), ("/child/b", "Base.b"), ("/child/c", "Child.c")]
    assert {route.controller for route in routes_of(Child)} == {Child}


def test_an_override_without_a_decorator_answers_on_the_routes_of_the_base():
    class Child(Base):
        async def a(self): ...

    assert table(Child) == [("/a", "Child.a"), ("/b", "Base.b")]


def test_an_override_with_a_decorator_replaces_the_routes_of_the_base():
    class Child(Base):
        @get("/z")
        async def a(self): ...

    assert table(Child) == [("/z", "Child.a"), ("/b", "Base.b")]
    assert table(Base) == [("/a", "Base.a"), ("/b", "Base.b")]


def test_none_in_place_of_a_method_takes_its_routes_away():
    class Child(Base):
        a = None

    assert table(Child) == [("/b", "Base.b")]


def test_a_mixin_that_is_no_controller_brings_its_routes():
    class Mixin:
        @get("/m")
        async def m(self): ...

    class Mixed(Mixin, Base): ...

    assert [path for path, _ in table(Mixed)] == ["/a", "/b", "/m"]


def test_a_decorator_that_wraps_keeps_the_route():
    def logged(fn):
        @functools.wraps(fn)
        async def wrapper(self): ...

        return wrapper

    class Logged(Controller):
        @get("/above")
        @logged
        @get("/below")
        async def read(self): ...

    assert [route.path for route in routes_of(Logged)] == ["/below", "/above"]


def test_the_routes_of_an_abstract_base_are_answered_by_its_subclass():
    class Repository(Controller, ABC):
        @get("/")
        @abstractmethod
        async def read(self): ...

    class Users(Repository):
        async def read(self): ...

    assert table(Users) == [("/", "Users.read")]
    with pytest.raises(TypeError, match=r"Repository is abstract.* include a subclass that defines read"):
        Router().include_controller(Repository)


def test_one_controller_goes_into_two_routers():
    app = HawkAPI()
    for prefix in ("/a", "/b"):
        router = Router(prefix=prefix)
        router.include_controller(Base)
        app.include_router(router)
    assert [route.path for route in app.routes][:4] == ["/a/a", "/a/b", "/b/a", "/b/b"]


def test_a_version_router_gives_its_version():
    assert [route.path for route in routes_of(Base, VersionRouter("v1", prefix="/api"))] == ["/v1/api/a", "/v1/api/b"]


def test_twice_in_one_app_is_a_conflict_that_names_the_method():
    app = HawkAPI()
    app.include_controller(Base)
    with pytest.raises(ValueError, match=r"^Route conflict: GET /a is served by Base\.a .* and again by Base\.a"):
        app.include_controller(Base)


@pytest.mark.parametrize("what", [Base(), Guard, Controller, None, "Base"])
def test_anything_else_is_refused(what):
    with pytest.raises(TypeError, match=r"is not a Controller subclass$"):
        Router().include_controller(what)


def test_a_mistake_in_an_option_names_the_method():
    class Wrong(Controller):
        @get("/x", dependencies=[first])
        async def read(self): ...

    with pytest.raises(TypeError, match=r"^dependencies of Wrong\.read \(.*\) must be a list of Depends"):
        Router().include_controller(Wrong)


@pytest.mark.parametrize("kind", [staticmethod, classmethod, property])
def test_only_a_plain_method_is_decorated(kind):
    with pytest.raises(TypeError, match=r"^@get\('/x'\) takes a plain method, not <"):
        get("/x")(kind(first))


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_a_decorated_method_stays_plain(kind):
    class Wrong(Controller):
        read = kind(get("/x")(lambda self: None))

    with pytest.raises(TypeError, match=r"^Wrong\.read has a route, so it must be a plain method, not <"):
        Router().include_controller(Wrong)


def test_a_route_is_not_overridden_by_a_field():
    class Wrong(Base):
        a = 3

    with pytest.raises(TypeError, match=r"^Wrong\.a has a route, so it must be a plain method, not 3"):
        Router().include_controller(Wrong)

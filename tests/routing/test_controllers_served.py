"""Controllers as they answer: an instance a request, its constructor filled like a handler."""

import threading
from typing import Annotated

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.requests.request import Request
from hawkapi.routing.controllers import Controller, get, post
from hawkapi.routing.router import Router
from hawkapi.security.permissions import PermissionPolicy
from hawkapi.validation.constraints import Header
from tests.asgi import call


class Service:
    """Stands for a service of the container."""


def get_user(x_user: Annotated[str, Header()]):
    return x_user.title()


class Greetings(Controller):
    prefix = "/greetings"

    def __init__(self, request: Request, user: Annotated[str, Depends(get_user)], service: Service, tone: str = "calm"):
        self.path, self.user, self.service, self.tone = request.path, user, service, tone
        self.count = 0

    @get("/{greeting}")
    async def greet(self, greeting: str, times: int = 1):
        self.count += 1
        assert isinstance(self.service, Service)
        return [self.path, greeting, self.user, self.tone, times, self.count]

    @get("/thread/{greeting}")
    def greet_in_a_thread(self, greeting: str):
        return [greeting, self.user, threading.current_thread() is threading.main_thread()]

    @post("/")
    async def keep(self, body: dict[str, int]):
        return {self.user: body}


@pytest.fixture
def app():
    app = HawkAPI()
    app.container.singleton(Service, factory=Service)
    app.include_controller(Greetings)
    return app


USER = {"headers": [("x-user", "ada")]}


async def test_constructor_and_method_are_filled_like_a_handler(app):
    answer = await call(app, "GET", "/greetings/hi", query=b"tone=loud&times=2", **USER)
    assert answer.json() == ["/greetings/hi", "hi", "Ada", "loud", 2, 1]


async def test_each_request_has_an_instance_of_its_own(app):
    answers = [await call(app, "GET", "/greetings/hi", **USER) for _ in range(2)]
    assert [answer.json()[-1] for answer in answers] == [1, 1]


async def test_a_sync_method_runs_in_a_worker_thread(app):
    assert (await call(app, "GET", "/greetings/thread/hi", **USER)).json() == ["hi", "Ada", False]


async def test_a_method_takes_a_body(app):
    answer = await call(app, "POST", "/greetings", body=b'{"a": 1}', **USER)
    assert (answer.status, answer.json()) == (201, {"Ada": {"a": 1}})


async def test_what_the_constructor_lacks_is_a_bad_request(app):
    answer = await call(app, "GET", "/greetings/hi", query=b"times=x")
    assert answer.status == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["x-user", "times"]


async def test_an_inherited_method_answers_for_the_class_that_was_included():
    class Base(Controller):
        kind = "base"

        @get("/")
        async def read(self):
            return self.kind

    class Child(Base):
        prefix = "/child"
        kind = "child"

    app = HawkAPI()
    app.include_controller(Child)
    assert (await call(app, "GET", "/child")).json() == "child"


async def test_dependencies_and_permissions_of_all_round_the_method_count_outer_ones_first():
    calls = []

    def note(name):
        async def dependency():
            calls.append(name)

        return Depends(dependency)

    class Guarded(Controller):
        dependencies = (note("controller"),)
        permissions = ("read",)

        @get("/x", dependencies=[note("route")], permissions=["write"])
        async def read(self):
            calls.append("method")

    router = Router(dependencies=[note("router")], permissions=["enter"])
    router.include_controller(Guarded)
    app = HawkAPI(dependencies=[note("app")])
    app.include_router(router)
    granted = {"enter", "read"}
    app.permission_policy = PermissionPolicy(lambda request: granted)
    assert (await call(app, "GET", "/x")).json()["detail"] == "Insufficient permissions. Missing: write"
    assert calls == []
    granted.add("write")
    assert (await call(app, "GET", "/x")).status == 204
    assert calls == ["app", "router", "controller", "route", "method"]

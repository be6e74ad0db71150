"""Callables round callables: what a call gives counts, whatever stands behind it."""

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import Annotated, Any

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.testing.overrides import override
from hawkapi.validation.constraints import Header
from tests.asgi import call
from tests.dependencies.cleanup import KINDS, STYLES, declare, logged

each_style = pytest.mark.parametrize("style", STYLES)
each_kind = pytest.mark.parametrize("kind", KINDS)


async def coroutine():
    return "awaited"


async def refusing():
    raise HTTPException(403)


class Giving:
    def __call__(self):
        return coroutine()


def handing_on(fn):
    """Wrap a function in a plain one that returns what it gives."""

    @wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


def giving(value):
    """Make a decorator that wraps a function in a plain one that never calls it."""

    def decorate(fn):
        @wraps(fn)
        def wrapper(*args, **kwargs):
            return value

        return wrapper

    return decorate


def asking(style, dependency, container=None):
    """Make an app whose handler returns what it depends on."""
    app = HawkAPI(container=container)

    async def in_loop(found: Annotated[Any, Depends(dependency)]):
        return found

    def in_thread(found: Annotated[Any, Depends(dependency)]):
        return found

    if style == "async":
        app.get("/")(in_loop)
    else:
        app.get("/", sync="inline" if style == "inline" else "thread")(in_thread)
    return app


async def given(style, dependency, query=b""):
    return (await call(asking(style, dependency), "GET", "/", query=query)).json()


# Coroutines out of plain functions

GIVING = {
    "lambda": lambda: coroutine(),
    "object": Giving(),
    "wrapper": handing_on(coroutine),
    "partial": partial(handing_on(coroutine)),
}


@pytest.mark.parametrize("dependency", GIVING.values(), ids=GIVING)
@each_style
async def test_a_coroutine_that_a_plain_function_gives_is_awaited(style, dependency):
    assert await given(style, dependency) == "awaited"


@pytest.mark.parametrize("dependency", [lambda: refusing(), handing_on(refusing)], ids=["lambda", "wrapper"])
@each_style
async def test_what_it_raises_refuses_the_request(style, dependency):
    assert (await call(asking(style, dependency), "GET", "/")).status == 403


@each_kind
@each_style
async def test_it_is_awaited_beside_generators(style, kind):
    app, log = HawkAPI(), []
    opened = [Depends(logged(log, "a", kind)), Depends(lambda: refusing()), Depends(logged(log, "b", kind))]
    declare(app, style, lambda: log.append("handler"), dependencies=opened)
    assert (await call(app, "GET", "/")).status == 403
    assert log == ["a opened", "a HTTPException"]


@pytest.mark.parametrize("handler", GIVING.values(), ids=GIVING)
@pytest.mark.parametrize("sync", ["thread", "inline"])
async def test_a_coroutine_that_a_plain_handler_gives_is_awaited(sync, handler):
    app = HawkAPI()
    app.get("/", sync=sync)(handler)
    assert (await call(app, "GET", "/")).json() == "awaited"


# Wrappers that give something of their own


@each_style
async def test_a_plain_wrapper_round_an_async_function_may_give_a_value(style):
    assert await given(style, giving("at once")(coroutine)) == "at once"


async def test_a_plain_wrapper_round_an_async_handler_may_give_a_value():
    app = HawkAPI()
    app.get("/")(giving("at once")(coroutine))
    assert (await call(app, "GET", "/")).json() == "at once"


@each_style
async def test_a_plain_wrapper_round_a_generator_function_may_give_a_list(style):
    def collected(fn):
        @wraps(fn)
        def wrapper(*args, **kwargs):
            return list(fn(*args, **kwargs))

        return wrapper

    @collected
    def numbers(first: int):
        yield first
        yield first + 1

    assert await given(style, numbers, b"first=1") == [1, 2]


@each_style
async def test_a_plain_wrapper_round_an_async_generator_function_may_give_a_value(style):
    @giving([1])
    async def numbers():
        yield 1

    assert await given(style, numbers) == [1]


@each_kind
@each_style
async def test_a_generator_that_a_wrapper_hands_on_is_opened_and_closed(style, kind):
    log = []
    assert await given(style, handing_on(logged(log, "a", kind))) == "a"
    assert log == ["a opened", "a committed"]


# Context managers


class Pool:
    def __init__(self):
        self.log = []

    @contextmanager
    def connection(self, q: str):
        self.log.append("opened")
        yield q
        self.log.append("closed")

    @asynccontextmanager
    async def async_connection(self, q: str):
        self.log.append("opened")
        yield q
        self.log.append("closed")


@pytest.mark.parametrize("name", ["connection", "async_connection"])
@each_style
async def test_a_method_that_is_a_context_manager_is_entered_and_left(style, name):
    pool = Pool()
    assert await given(style, getattr(pool, name), b"q=a") == "a"
    assert pool.log == ["opened", "closed"]


@pytest.mark.parametrize("name", ["connection", "async_connection"])
@each_style
async def test_a_partial_of_a_context_manager_is_entered_and_left(style, name):
    pool = Pool()
    assert await given(style, partial(getattr(pool, name), q="b"), b"q=a") == "b"
    assert pool.log == ["opened", "closed"]


async def test_a_context_manager_is_asked_once_though_a_method_is_another_object_each_time():
    app, pool = HawkAPI(), Pool()

    @app.get("/")
    async def handler(a: Annotated[str, Depends(pool.connection)], b: Annotated[str, Depends(pool.connection)]):
        return [a, b]

    assert (await call(app, "GET", "/", query=b"q=a")).json() == ["a", "a"]
    assert pool.log == ["opened", "closed"]


# Partials


def joined(found, more):
    return [found, more]


@pytest.mark.parametrize("value", ["function", "service"])
@each_style
async def test_a_dependency_that_a_partial_gives_is_asked(style, value):
    class Service:
        """Something."""

    container = Container()
    container.singleton(Service, factory=lambda: "service")
    dependency = partial(joined, found=Depends(coroutine if value == "function" else Service), more=1)
    answer = await call(asking(style, dependency, container), "GET", "/", query=b"found=eve&more=eve")
    assert answer.json() == ["awaited" if value == "function" else "service", 1]


async def test_a_part_of_the_request_that_a_partial_gives_is_read():
    dependency = partial(joined, found=Header(alias="x-key"), more=1)
    answer = await call(asking("async", dependency), "GET", "/", query=b"found=eve", headers=[("x-key", "k")])
    assert answer.json() == ["k", 1]


async def test_a_handler_may_be_a_partial_that_gives_a_dependency():
    app = HawkAPI()
    app.get("/", name="joined")(partial(joined, found=Depends(coroutine), more=1))
    assert (await call(app, "GET", "/", query=b"found=eve")).json() == ["awaited", 1]


# Objects without a hash


@dataclass(frozen=True)
class Needs:
    """Has a `__hash__`, which raises."""

    roles: list[str]

    def __call__(self):
        self.roles.append("asked")
        return [*self.roles]


async def test_an_object_that_cannot_be_hashed_is_called_once():
    app, needs = HawkAPI(), Needs([])

    @app.get("/")
    async def handler(a: Annotated[list[str], Depends(needs)], b: Annotated[list[str], Depends(needs)]):
        return [a, b]

    assert (await call(app, "GET", "/")).json() == [["asked"], ["asked"]]


async def test_equal_objects_that_cannot_be_hashed_are_two():
    app, one, two = HawkAPI(), Needs([]), Needs([])

    @app.get("/", dependencies=[Depends(one), Depends(two)])
    async def handler():
        return [one.roles, two.roles]

    assert (await call(app, "GET", "/")).json() == [["asked"], ["asked"]]


async def test_an_object_that_cannot_be_hashed_may_be_overridden():
    needs = Needs([])
    app = asking("async", needs)
    with override(app, needs, ["mock"]):
        assert (await call(app, "GET", "/")).json() == ["mock"]
    assert (await call(app, "GET", "/")).json() == ["asked"]


# Annotations as texts

WRITTEN = """
from __future__ import annotations

Count = int

class Made:
    def __new__(cls, number: Count):
        made = object.__new__(cls)
        made.number = number
        return made
"""


async def test_a_class_that_is_made_by_new_has_the_names_of_its_module():
    module = {"__name__": "written"}
    exec(WRITTEN, module)

    async def dependency(made: Annotated[Any, Depends(module["Made"])]):
        return made.number

    assert await given("async", dependency, b"number=3") == 3

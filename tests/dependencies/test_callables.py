"""What a dependency may be, in both styles, for every kind of handler."""

from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from tests.asgi import call


def function():
    return "function"


async def coroutine():
    return "coroutine"


def generator():
    yield "generator"


async def async_generator():
    yield "async generator"


class Sync:
    def __call__(self):
        return "object"


class Async:
    async def __call__(self):
        return "async object"


class Generating:
    def __call__(self):
        yield "generating object"


class AsyncGenerating:
    async def __call__(self):
        yield "async generating object"


class Made:
    def __str__(self):
        return "class"


class Methods:
    def method(self):
        return "method"

    async def async_method(self):
        return "async method"

    def generating(self):
        yield "generating method"

    async def async_generating(self):
        yield "async generating method"

    @classmethod
    def of_class(cls):
        return "class method"

    @staticmethod
    def static():
        return "static method"


def joined(left, right):
    return left + right


async def async_joined(left, right):
    return left + right


def generated(left, right):
    yield left + right


async def async_generated(left, right):
    yield left + right


KINDS = {
    "function": function,
    "coroutine": coroutine,
    "generator": generator,
    "async generator": async_generator,
    "object": Sync(),
    "async object": Async(),
    "generating object": Generating(),
    "async generating object": AsyncGenerating(),
    "class": Made,
    "method": Methods().method,
    "async method": Methods().async_method,
    "generating method": Methods().generating,
    "async generating method": Methods().async_generating,
    "class method": Methods.of_class,
    "static method": Methods.static,
    "partial": partial(joined, "part", "ial"),
    "async partial": partial(async_joined, "async part", right="ial"),
    "generating partial": partial(generated, "generating part", "ial"),
    "async generating partial": partial(async_generated, "async generating ", right="partial"),
    "lambda": lambda: "lambda",
}

each_kind = pytest.mark.parametrize(("value", "dependency"), KINDS.items(), ids=KINDS)


@each_kind
async def test_an_annotation_asks_for_it(value, dependency):
    app = HawkAPI()

    @app.get("/")
    async def handler(found: Annotated[Any, Depends(dependency)]):
        return str(found)

    assert (await call(app, "GET", "/")).json() == value


@each_kind
async def test_a_default_value_asks_for_it(value, dependency):
    app = HawkAPI()

    @app.get("/")
    async def handler(found=Depends(dependency)):
        return str(found)

    assert (await call(app, "GET", "/")).json() == value


@each_kind
@pytest.mark.parametrize("sync", ["thread", "inline"])
async def test_sync_handlers_take_it(value, dependency, sync):
    app = HawkAPI()

    @app.get("/", sync=sync)
    def handler(found: Annotated[Any, Depends(dependency)]):
        return str(found)

    assert (await call(app, "GET", "/")).json() == value


@each_kind
async def test_dependencies_take_it(value, dependency):
    app = HawkAPI()

    def outer(found: Annotated[Any, Depends(dependency)]):
        return [str(found)]

    @app.get("/")
    async def handler(found: Annotated[Any, Depends(outer)]):
        return found

    assert (await call(app, "GET", "/")).json() == [value]


class Plain:
    def __init__(self, q: str, limit: int = 10):
        self.q, self.limit = q, limit


@dataclass
class Data:
    q: str
    limit: int = 10


class Struct(msgspec.Struct):
    q: str
    limit: int = 10


@pytest.mark.parametrize("cls", [Plain, Data, Struct])
async def test_a_class_takes_the_parameters_of_its_constructor(cls):
    app = HawkAPI()

    @app.get("/")
    async def handler(found: Annotated[Any, Depends(cls)]):
        return [type(found).__name__, found.q, found.limit]

    assert (await call(app, "GET", "/", query=b"q=a&limit=3")).json() == [cls.__name__, "a", 3]
    assert (await call(app, "GET", "/", query=b"q=a&limit=x")).status == 400


async def test_keyword_only_parameters_are_passed_by_name():
    app = HawkAPI()

    def dependency(*, q: str, more: Annotated[str, Depends(function)]):
        return [q, more]

    @app.get("/")
    async def handler(*, found: Annotated[Any, Depends(dependency)]):
        return found

    assert (await call(app, "GET", "/", query=b"q=a")).json() == ["a", "function"]


async def test_a_partial_binds_what_it_was_not_given():
    app = HawkAPI()

    def dependency(left: str, q: str):
        return [left, q]

    @app.get("/")
    async def handler(found: Annotated[Any, Depends(partial(dependency, "left"))]):
        return found

    assert (await call(app, "GET", "/", query=b"q=a")).json() == ["left", "a"]


async def test_a_context_manager_is_entered_and_left():
    app, log = HawkAPI(), []

    @asynccontextmanager
    async def opened(q: str):
        log.append("opened")
        yield q
        log.append("closed")

    @app.get("/")
    async def handler(found: Annotated[str, Depends(opened)]):
        return found

    assert (await call(app, "GET", "/", query=b"q=1")).json() == "1"
    assert log == ["opened", "closed"]


async def test_what_a_partial_has_bound_is_no_matter_of_the_client():
    app = HawkAPI()

    async def role_of(q: str = "-", *, role: str):
        return [q, role]

    @app.get("/")
    async def handler(found: Annotated[list, Depends(partial(role_of, role="admin"))]):
        return found

    assert (await call(app, "GET", "/", query=b"q=a&role=user")).json() == ["a", "admin"]

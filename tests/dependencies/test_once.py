"""A dependency is evaluated once a request, however it is reached."""

from typing import Annotated, Any

import pytest
from anyio import create_task_group

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from tests.asgi import call

STYLES = ["async", "sync", "inline"]


def route(app, style, handler_of):
    """Declare a handler of some style; `handler_of` is a pair of an async and a sync one."""
    in_loop, in_thread = handler_of
    if style == "async":
        app.get("/")(in_loop)
    else:
        app.get("/", sync="inline" if style == "inline" else "thread")(in_thread)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("style", STYLES)
async def test_two_parameters_share_it(style, kind):
    app, calls = HawkAPI(), []

    def sync():
        calls.append(1)
        return len(calls)

    async def in_loop():
        return sync()

    dependency = sync if kind == "sync" else in_loop

    async def handler(a: Annotated[int, Depends(dependency)], b=Depends(dependency)):
        return [a, b]

    def sync_handler(a: Annotated[int, Depends(dependency)], b=Depends(dependency)):
        return [a, b]

    route(app, style, (handler, sync_handler))
    assert (await call(app, "GET", "/")).json() == [1, 1]
    assert (await call(app, "GET", "/")).json() == [2, 2]


async def test_it_is_shared_where_it_is_reached_by_two_ways():
    app, calls = HawkAPI(), []

    async def root():
        calls.append("root")
        return object()

    def left(found: Annotated[Any, Depends(root)]):
        return found

    async def right(found: Annotated[Any, Depends(root)]):
        return found

    @app.get("/", dependencies=[Depends(root)])
    async def handler(
        a: Annotated[Any, Depends(left)], b: Annotated[Any, Depends(right)], c: Annotated[Any, Depends(root)]
    ):
        return a is b is c

    assert (await call(app, "GET", "/")).json() is True
    assert calls == ["root"]


async def test_it_is_shared_where_its_value_is_none():
    app, calls = HawkAPI(), []

    def nothing():
        calls.append(1)

    def inner(found: Annotated[None, Depends(nothing)]):
        return found

    @app.get("/")
    async def handler(a: Annotated[None, Depends(nothing)], b: Annotated[None, Depends(inner)]):
        return [a, b]

    assert (await call(app, "GET", "/")).json() == [None, None]
    assert calls == [1]


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_generator_is_opened_and_closed_once(kind):
    app, log = HawkAPI(), []

    def sync():
        log.append("open")
        yield 1
        log.append("close")

    async def in_loop():
        log.append("open")
        yield 1
        log.append("close")

    dependency = sync if kind == "sync" else in_loop

    def inner(found: Annotated[int, Depends(dependency)]):
        return found

    @app.get("/")
    async def handler(a: Annotated[int, Depends(dependency)], b: Annotated[int, Depends(inner)]):
        return a + b

    assert (await call(app, "GET", "/")).json() == 2
    assert log == ["open", "close"]


async def test_a_class_is_made_once():
    app = HawkAPI()

    class Filter:
        """Takes nothing."""

    @app.get("/")
    async def handler(a: Annotated[Filter, Depends(Filter)], b: Annotated[Filter, Depends(Filter)]):
        return a is b

    assert (await call(app, "GET", "/")).json() is True


async def test_a_method_is_the_same_wherever_it_is_named():
    app, calls = HawkAPI(), []

    class Thing:
        def get(self):
            calls.append(1)

    thing = Thing()

    @app.get("/", dependencies=[Depends(thing.get), Depends(thing.get)])
    async def handler():
        """Does nothing."""

    await call(app, "GET", "/")
    assert calls == [1]


async def test_methods_of_two_objects_are_two():
    app = HawkAPI()

    class Thing:
        def __init__(self, name):
            self.name = name

        def get(self):
            return self.name

    first, second = Thing("a"), Thing("b")

    @app.get("/")
    async def handler(a: Annotated[str, Depends(first.get)], b: Annotated[str, Depends(second.get)]):
        return [a, b]

    assert (await call(app, "GET", "/")).json() == ["a", "b"]


async def test_an_object_without_a_hash_is_known_again():
    app, calls = HawkAPI(), []

    class Thing:
        __hash__ = None

        def __call__(self):
            calls.append(1)
            return len(calls)

    thing, other = Thing(), Thing()

    @app.get("/")
    async def handler(
        a: Annotated[int, Depends(thing)], b: Annotated[int, Depends(thing)], c: Annotated[int, Depends(other)]
    ):
        return [a, b, c]

    assert (await call(app, "GET", "/")).json() == [1, 1, 2]


async def test_requests_at_the_same_time_have_their_own():
    app, found = HawkAPI(), []

    async def dependency():
        return object()

    @app.get("/")
    async def handler(a: Annotated[object, Depends(dependency)]):
        found.append(a)

    async with create_task_group() as group:
        for _ in range(5):
            group.start_soon(lambda: call(app, "GET", "/"))
    assert len({id(one) for one in found}) == 5

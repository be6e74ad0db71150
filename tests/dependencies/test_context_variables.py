"""Dependencies see the request's context variables, and may set some for what comes after them."""

from contextvars import ContextVar
from typing import Annotated

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from tests.asgi import call

VAR: ContextVar[str] = ContextVar("VAR", default="unset")


def sync():
    return VAR.get()


async def in_loop():
    return VAR.get()


def generator():
    yield VAR.get()


async def async_generator():
    yield VAR.get()


@pytest.mark.parametrize("dependency", [sync, in_loop, generator, async_generator])
@pytest.mark.parametrize("style", ["async", "sync"])
async def test_all_see_what_was_set_before_the_request(dependency, style):
    app = HawkAPI()

    async def handler(found: Annotated[str, Depends(dependency)]):
        return found

    def sync_handler(found: Annotated[str, Depends(dependency)]):
        return found

    app.get("/")(handler if style == "async" else sync_handler)
    VAR.set("before")
    assert (await call(app, "GET", "/")).json() == "before"


@pytest.mark.parametrize("style", ["async", "sync"])
async def test_what_an_async_dependency_sets_is_seen_by_all_that_follow(style):
    app = HawkAPI()

    async def sets():
        VAR.set("by a dependency")

    async def handler(nothing: Annotated[None, Depends(sets)], found: Annotated[str, Depends(sync)]):
        return [found, VAR.get()]

    def sync_handler(nothing: Annotated[None, Depends(sets)], found: Annotated[str, Depends(sync)]):
        return [found, VAR.get()]

    app.get("/")(handler if style == "async" else sync_handler)
    assert (await call(app, "GET", "/")).json() == ["by a dependency", "by a dependency"]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("waits", [False, True])
async def test_an_async_generator_may_reset_in_its_cleanup_what_it_has_set(fails, waits):
    app = HawkAPI()

    async def sets():
        token = VAR.set("during the request")
        try:
            yield
        finally:
            VAR.reset(token)

    async def sets_and_waits():
        token = VAR.set("during the request")
        try:
            yield await in_loop()
        finally:
            VAR.reset(token)

    @app.get("/", dependencies=[Depends(sets_and_waits if waits else sets)])
    async def handler():
        if fails:
            raise LookupError
        return VAR.get()

    answer = await call(app, "GET", "/")
    assert answer.status == 500 if fails else answer.json() == "during the request"
    assert VAR.get() == "unset"


async def test_the_cleanup_of_a_sync_generator_sees_what_the_handler_has_set():
    app, found = HawkAPI(), []

    def opened():
        yield
        found.append(VAR.get())

    @app.get("/", dependencies=[Depends(opened)])
    async def handler():
        VAR.set("by the handler")

    await call(app, "GET", "/")
    assert found == ["by the handler"]

"""Where dependencies run: sync ones in worker threads, in the hop of a sync handler where that is possible."""

from contextvars import ContextVar
from threading import get_ident
from typing import Annotated

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Threads
from hawkapi.di.depends import Depends
from tests.asgi import call

HOP: ContextVar[str] = ContextVar("HOP", default="another hop")
"""What is set in a hop is seen in the same hop alone."""


def mark():
    HOP.set("the same hop")
    return get_ident()


def seen(marked: Annotated[int, Depends(mark)]):
    return [HOP.get(), get_ident() == marked, get_ident() == MAIN.get()]


MAIN: ContextVar[int] = ContextVar("MAIN")
SAME = ["the same hop", True, False]


async def test_a_sync_dependency_of_an_async_handler_runs_in_a_worker_thread():
    app = HawkAPI()

    @app.get("/")
    async def handler(ident: Annotated[int, Depends(get_ident_of_call)]):
        return ident != get_ident()

    assert (await call(app, "GET", "/")).json() is True


def get_ident_of_call():
    return get_ident()


async def test_sync_dependencies_share_the_hop_of_a_sync_handler():
    MAIN.set(get_ident())
    app = HawkAPI()

    @app.get("/")
    def handler(marked: Annotated[int, Depends(mark)], found: Annotated[list, Depends(seen)]):
        return [found, [HOP.get(), get_ident() == marked, get_ident() == MAIN.get()]]

    assert (await call(app, "GET", "/")).json() == [SAME, SAME]


async def test_an_unbroken_run_of_sync_dependencies_is_one_hop():
    MAIN.set(get_ident())
    app = HawkAPI()

    @app.get("/")
    async def handler(found: Annotated[list, Depends(seen)]):
        return found

    assert (await call(app, "GET", "/")).json() == SAME


async def test_generators_share_the_hop_of_a_sync_handler_their_cleanup_too():
    app, log = HawkAPI(), []

    def opened():
        token = HOP.set("the same hop")
        yield get_ident()
        log.append(HOP.get())
        HOP.reset(token)

    @app.get("/")
    def handler(ident: Annotated[int, Depends(opened)]):
        return [HOP.get(), ident == get_ident()]

    assert (await call(app, "GET", "/")).json() == ["the same hop", True]
    assert log == ["the same hop"]


async def test_the_cleanup_of_a_sync_generator_never_runs_in_the_event_loop():
    app, found = HawkAPI(), []

    def opened():
        found.append(get_ident())
        yield
        found.append(get_ident())

    @app.get("/async", dependencies=[Depends(opened)])
    async def handler():
        """Does nothing."""

    @app.get("/sync", dependencies=[Depends(opened)])
    def sync_handler():
        """Does nothing."""

    await call(app, "GET", "/async")
    await call(app, "GET", "/sync")
    assert len(found) == 4
    assert get_ident() not in found


async def test_an_async_dependency_of_a_sync_handler_runs_in_the_event_loop():
    app = HawkAPI()

    async def in_loop():
        return get_ident()

    def before():
        return get_ident()

    def after(ident: Annotated[int, Depends(in_loop)]):
        return get_ident()

    @app.get("/")
    def handler(
        a: Annotated[int, Depends(before)], b: Annotated[int, Depends(in_loop)], c: Annotated[int, Depends(after)]
    ):
        return [a, b, c, get_ident()]

    loop = get_ident()
    assert [ident == loop for ident in (await call(app, "GET", "/")).json()] == [False, True, False, False]


async def test_the_sync_ones_after_the_last_async_one_share_the_handlers_hop():
    app = HawkAPI()

    async def in_loop():
        """Breaks the run."""

    def after(ident: Annotated[None, Depends(in_loop)]):
        HOP.set("the same hop")

    @app.get("/", dependencies=[Depends(mark), Depends(after)])
    def handler():
        return HOP.get()

    assert (await call(app, "GET", "/")).json() == "the same hop"


async def test_inline_handlers_have_inline_dependencies():
    app, found = HawkAPI(), []

    def opened():
        found.append(get_ident())
        yield get_ident()
        found.append(get_ident())

    @app.get("/", sync="inline")
    def handler(a: Annotated[int, Depends(get_ident_of_call)], b: Annotated[int, Depends(opened)]):
        return [a, b, get_ident()]

    loop = get_ident()
    assert (await call(app, "GET", "/")).json() == [loop, loop, loop]
    assert found == [loop, loop]


async def test_a_class_is_called_in_the_event_loop():
    app = HawkAPI()

    class Where:
        def __init__(self):
            self.ident = get_ident()

    @app.get("/")
    async def handler(where: Annotated[Where, Depends(Where)]):
        return where.ident == get_ident()

    assert (await call(app, "GET", "/")).json() is True


@pytest.mark.parametrize("kind", ["object", "method", "lambda"])
async def test_whatever_is_sync_runs_in_a_worker_thread(kind):
    class Thing:
        def __call__(self):
            return get_ident()

    dependency = {"object": Thing(), "method": Thing().__call__, "lambda": lambda: get_ident()}[kind]
    app = HawkAPI()

    @app.get("/")
    async def handler(ident: Annotated[int, Depends(dependency)]):
        return ident != get_ident()

    assert (await call(app, "GET", "/")).json() is True


async def test_the_hop_is_one_of_the_handlers_pool():
    app, found = HawkAPI(threads=Threads(pools={"reports": 2})), []

    async def pools():
        return [app.runtime().limiter(name) for name in ("reports", "handlers")]

    def count(known: Annotated[list, Depends(pools)]):
        found.extend(pool.borrowed_tokens for pool in known)

    @app.get("/", threads="reports", dependencies=[Depends(count)])
    def handler():
        """Does nothing."""

    await call(app, "GET", "/")
    assert found == [1, 0]


@pytest.mark.parametrize("style", ["async", "sync"])
async def test_no_thread_is_in_use_afterwards(style):
    app = HawkAPI()

    def opened():
        yield

    async def handler():
        """Does nothing."""

    def sync_handler():
        """Does nothing."""

    app.get("/", dependencies=[Depends(opened)])(handler if style == "async" else sync_handler)
    for _ in range(50):  # as many as there are threads, and more
        assert (await call(app, "GET", "/")).status == 204
    runtime = app.runtime()
    assert [pool.borrowed_tokens for pool in (runtime.handlers, runtime.cleanup)] == [0, 0]

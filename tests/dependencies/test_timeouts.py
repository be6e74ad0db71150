"""A 504 with open generators: each is closed once, and none commits."""

from threading import Event
from typing import Annotated

import anyio
import pytest
from anyio import sleep_forever
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.runtime import deadlines
from tests.asgi import call
from tests.dependencies.cleanup import ASYNC, KINDS, STYLES, SYNC, WAITING, declare, logged
from tests.runtime.pools import all_back, released

SHORT = 0.01
PATIENCE = 60

each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
async def test_a_handler_over_its_time_rolls_all_back(kind):
    app, log = HawkAPI(request_timeout=SHORT), []

    @app.get("/", dependencies=[Depends(logged(log, name, kind)) for name in "ab"])
    async def handler():
        log.append("handler called")
        await sleep_forever()

    while "handler called" not in log:  # the time may be over before a thread has opened them
        log.clear()
        answer = await call(app, "GET", "/")
        assert (answer.status, answer.json()["detail"]) == (504, "Handler exceeded 0.01s timeout")
        await all_back(app.runtime().handlers)
    assert [line.partition(" ")[0] for line in log] == ["a", "b", "handler", "b", "a"]
    assert not any("committed" in line for line in log)


@each_kind
async def test_a_dependency_over_its_time_rolls_back_what_is_open(kind):
    app, log = HawkAPI(request_timeout=SHORT), []

    async def endless():
        await sleep_forever()

    declare(app, "async", lambda: 1, dependencies=[Depends(logged(log, "a", kind)), Depends(endless)])
    assert (await call(app, "GET", "/")).status == 504
    await all_back(app.runtime().handlers)
    assert_closed_once(log)
    assert "a committed" not in log


@pytest.mark.parametrize("style", STYLES)
@each_kind
async def test_a_handler_that_comes_back_too_late_commits_nothing(style, kind, clock):
    app, log = HawkAPI(request_timeout=60), []

    def act():
        clock.now += 61

    declare(app, style, act, dependencies=[Depends(logged(log, "a", kind))])
    assert (await call(app, "GET", "/")).status == 504
    assert log[0] == "a opened"
    assert len(log) == 2
    assert log[1] != "a committed"


@pytest.mark.parametrize("style", STYLES)
@each_kind
async def test_a_commit_may_take_longer_than_the_handler(style, kind, clock):
    app, log = HawkAPI(request_timeout=60), []

    def sync():
        yield
        clock.now += 61
        log.append("committed")

    async def in_loop():
        yield
        clock.now += 61
        log.append("committed")

    async def waiting():
        await checkpoint()
        yield
        clock.now += 61
        await checkpoint()
        log.append("committed")

    slow = {SYNC: sync, ASYNC: in_loop, WAITING: waiting}[kind]
    declare(app, style, lambda: 1, dependencies=[Depends(logged(log, "a", kind)), Depends(slow)])
    assert (await call(app, "GET", "/")).status == 200
    assert log == ["a opened", "committed", "a committed"]


@each_kind
async def test_a_handler_in_time_commits(kind):
    app, log = HawkAPI(request_timeout=60), []
    declare(app, "async", lambda: 1, dependencies=[Depends(logged(log, "a", kind))])
    assert (await call(app, "GET", "/")).status == 200
    assert log == ["a opened", "a committed"]


@each_kind
async def test_a_sync_handler_over_its_time_rolls_all_back_once(kind):
    app, log, release = HawkAPI(request_timeout=SHORT), [], Event()
    entered = Event()

    @app.get("/", dependencies=[Depends(logged(log, "a", kind)), Depends(logged(log, "b", SYNC))])
    def handler():
        entered.set()
        release.wait(PATIENCE)

    with released(release):
        while not entered.is_set():  # the time may be over before a thread has taken it up
            assert_closed_once(log)
            log.clear()
            assert (await call(app, "GET", "/")).status == 504
        release.set()
        await all_back(app.runtime().handlers)
    assert_closed_once(log)
    assert len(log) == 4
    assert not any("committed" in line for line in log)


async def test_what_an_abandoned_thread_has_opened_stays_open_until_it_comes_back():
    app, log, release, entered = HawkAPI(request_timeout=SHORT), [], Event(), Event()

    @app.get("/", dependencies=[Depends(logged(log, "a", SYNC))])
    def handler():
        entered.set()
        release.wait(PATIENCE)

    with released(release):
        while not entered.is_set():
            assert (await call(app, "GET", "/")).status == 504
        assert log[-1] == "a opened"
        release.set()
        await all_back(app.runtime().handlers)
    assert_closed_once(log)
    assert "a committed" not in log


async def test_a_sync_generator_over_its_time_is_closed_in_its_thread_when_it_comes_back():
    app, release, entered, log = HawkAPI(request_timeout=SHORT), Event(), Event(), []

    def slow():
        entered.set()
        release.wait(PATIENCE)
        log.append("opened")
        try:
            yield
            log.append("committed")
        finally:
            log.append("closed")

    declare(app, "async", lambda: 1, dependencies=[Depends(slow)])
    with released(release):
        while not entered.is_set():
            assert (await call(app, "GET", "/")).status == 504
        release.set()
        await all_back(app.runtime().handlers)
    assert log == ["opened", "closed"]


async def test_services_are_closed_once():
    class Session:
        async def aclose(self):
            await anyio.lowlevel.checkpoint()
            log.append("closed")

    app, log = HawkAPI(container=Container(), request_timeout=SHORT), []
    app.container.scoped(Session, factory=Session)

    @app.get("/")
    async def handler(session: Session):
        await sleep_forever()

    assert (await call(app, "GET", "/")).status == 504
    assert log == ["closed"]


async def test_cleanup_may_wait_after_the_time_is_over():
    app, log = HawkAPI(request_timeout=SHORT), []

    async def opened():
        try:
            yield
        finally:
            await anyio.wait_all_tasks_blocked()
            log.append("closed")

    @app.get("/")
    async def handler(found: Annotated[None, Depends(opened)]):
        await sleep_forever()

    assert (await call(app, "GET", "/")).status == 504
    assert log == ["closed"]


@pytest.mark.parametrize("kinds", [[SYNC, WAITING], [WAITING, SYNC], [ASYNC, SYNC]])
async def test_a_handler_of_the_time_out_sees_all_closed(kinds):
    app, log = HawkAPI(), []

    @app.exception_handler(deadlines.TimeExceeded)
    async def answer(request, exc):
        log.append("answer")
        return 1

    @app.get("/", timeout=SHORT, dependencies=[Depends(logged(log, kind, kind)) for kind in kinds])
    async def handler():
        await sleep_forever()

    await call(app, "GET", "/")
    await all_back(app.runtime().handlers)
    assert_closed_once([line for line in log if line != "answer"])


def assert_closed_once(log):
    """Have as many ends as beginnings for each name."""
    for name in {line.partition(" ")[0] for line in log}:
        lines = [line for line in log if line.startswith(f"{name} ")]
        assert len(lines) == 2 * lines.count(f"{name} opened"), log

"""A dependency may hold a cancel scope or a task group across its yield (fastmcp#622)."""

from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from anyio import (
    CancelScope,
    Event,
    create_task_group,
    fail_after,
    move_on_after,
    sleep_forever,
    wait_all_tasks_blocked,
)
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.responses.plain_text import PlainTextResponse
from hawkapi.responses.streaming import StreamingResponse
from tests.app.wire import Wire, exchange
from tests.asgi import call
from tests.dependencies.cleanup import KINDS, logged
from tests.websocket.wire import CONNECT, Peer, disconnect


async def scope():
    with CancelScope() as held:
        yield held


async def group():
    async with create_task_group() as held:
        yield held
        held.cancel_scope.cancel()


async def deadline():
    with move_on_after(60) as held:
        yield held


@asynccontextmanager
async def worker(log):
    """A child that works until its group is cancelled."""

    async def work():
        log.append("started")
        try:
            await sleep_forever()
        finally:
            log.append("ended")

    async with create_task_group() as held:
        held.start_soon(work)
        yield held
        held.cancel_scope.cancel()


HELD = pytest.mark.parametrize("dependency", [scope, group, deadline])
OPTIONS = pytest.mark.parametrize(
    "options", [{}, {"timeout": 60}, {"cancel_on_disconnect": True}], ids=["plain", "timed", "watched"]
)


class Staying(Wire):
    async def receive(self):
        if not self.messages:
            await sleep_forever()
        return await super().receive()


@HELD
@OPTIONS
async def test_it_may_be_held_across_the_yield(dependency, options):
    app = HawkAPI()

    @app.get("/", **options)
    async def handler(held: Annotated[Any, Depends(dependency)]):
        await checkpoint()
        return 1

    for _ in range(2):
        wire = await exchange(app, "GET", "/", wire=Staying({"type": "http.request"}))
        assert wire.body == b"1"


@HELD
async def test_a_sync_handler_may_depend_on_it(dependency):
    app = HawkAPI()

    @app.get("/")
    def handler(held: Annotated[Any, Depends(dependency)]):
        return 1

    assert (await call(app, "GET", "/")).body == b"1"


@HELD
async def test_the_exception_of_a_handler_goes_through_it(dependency, caplog):
    app = HawkAPI()

    @app.exception_handler(LookupError)
    async def answer(request, exc):
        return PlainTextResponse("looked up", status_code=418)

    @app.get("/")
    async def handler(held: Annotated[Any, Depends(dependency)]):
        raise LookupError

    assert (await call(app, "GET", "/")).status == 418


async def nested():
    async with create_task_group() as outer, create_task_group():
        yield outer


@pytest.mark.parametrize("dependency", [scope, group, deadline, nested])
async def test_an_http_exception_of_a_handler_goes_through_it_without_a_word(dependency, caplog):
    app = HawkAPI()

    @app.get("/")
    async def handler(held: Annotated[Any, Depends(dependency)]):
        raise HTTPException(404)

    assert (await call(app, "GET", "/")).status == 404
    assert caplog.records == []


async def test_a_child_that_fails_beside_the_handler_is_logged(caplog):
    app = HawkAPI()

    async def failing():
        async with create_task_group() as held:
            yield held

    async def fail():
        try:
            await sleep_forever()
        finally:
            raise LookupError("of the child")

    @app.get("/")
    async def handler(held: Annotated[Any, Depends(failing)]):
        held.start_soon(fail)
        await wait_all_tasks_blocked()
        raise HTTPException(404)

    assert (await call(app, "GET", "/")).status == 404
    assert "of the child" in caplog.text


@HELD
async def test_it_may_stand_between_other_generators(dependency):
    app, log = HawkAPI(), []
    outer = [Depends(logged(log, kind, kind)) for kind in KINDS]
    inner = [Depends(logged(log, f"inner-{kind}", kind)) for kind in KINDS]

    async def second():
        async with create_task_group() as held:
            yield held

    @app.get("/", dependencies=[*outer, Depends(dependency), *inner, Depends(second)])
    async def handler():
        return 1

    assert (await call(app, "GET", "/")).body == b"1"
    assert [line for line in log if line.endswith("committed")] == [
        f"{name} committed" for name in [*(f"inner-{kind}" for kind in reversed(KINDS)), *reversed(KINDS)]
    ]


@HELD
async def test_it_may_be_held_for_a_stream(dependency):
    app = HawkAPI()

    async def chunks():
        for chunk in ("1", "2"):
            await checkpoint()
            yield chunk

    @app.get("/")
    async def handler(held: Annotated[Any, Depends(dependency)]):
        return StreamingResponse(chunks())

    wire = await exchange(app, "GET", "/", wire=Staying({"type": "http.request"}))
    assert wire.body == b"12"


@HELD
async def test_it_may_be_held_for_a_websocket(dependency):
    app = HawkAPI()

    @app.websocket("/ws")
    async def handler(ws, held: Annotated[Any, Depends(dependency)]):
        await ws.accept()
        await ws.receive_text()

    assert (await Peer(CONNECT, disconnect()).serve(app)).log == ["accept"]


async def test_a_child_works_for_the_handler_and_ends_with_the_request():
    app, log = HawkAPI(), []

    async def working():
        async with worker(log) as held:
            yield held

    @app.get("/", dependencies=[Depends(working)])
    async def handler():
        await wait_all_tasks_blocked()
        log.append("handler")

    assert (await call(app, "GET", "/")).status == 204
    assert log == ["started", "handler", "ended"]


async def test_a_request_that_is_cancelled_ends_the_child_too():
    app, log, entered = HawkAPI(), [], Event()

    async def working():
        async with worker(log) as held:
            yield held

    @app.get("/", dependencies=[Depends(working)])
    async def handler():
        await wait_all_tasks_blocked()
        entered.set()
        await sleep_forever()

    async with create_task_group() as outer:
        outer.start_soon(lambda: exchange(app, "GET", "/", wire=Staying({"type": "http.request"})))
        await entered.wait()
        outer.cancel_scope.cancel()
    assert log == ["started", "ended"]


async def test_a_client_that_leaves_ends_the_child_too():
    app, log, entered = HawkAPI(), [], Event()

    class Leaving(Wire):
        async def receive(self):
            if not self.messages:
                await entered.wait()
            return await super().receive()

    async def working():
        async with worker(log) as held:
            yield held

    @app.get("/", cancel_on_disconnect=True, dependencies=[Depends(working)])
    async def handler():
        await wait_all_tasks_blocked()
        entered.set()
        await sleep_forever()

    await exchange(app, "GET", "/", wire=Leaving({"type": "http.request"}))
    assert log == ["started", "ended"]


async def test_a_handler_over_its_time_ends_the_child_too():
    app, log = HawkAPI(), []

    async def working():
        async with worker(log) as held:
            yield held

    @app.get("/", timeout=0.01, dependencies=[Depends(working)])
    async def handler():
        await sleep_forever()

    assert (await call(app, "GET", "/")).status == 504
    assert log in (["started", "ended"], [])


async def test_a_child_that_fails_cuts_the_handler_off_and_its_error_answers():
    app, log, entered = HawkAPI(), [], Event()

    @app.exception_handler(LookupError)
    async def answer(request, exc):
        return PlainTextResponse("looked up", status_code=418)

    async def fail():
        await entered.wait()
        raise LookupError

    async def failing():
        async with create_task_group() as held:
            held.start_soon(fail)
            yield

    @app.get("/", dependencies=[Depends(logged(log, "a")), Depends(failing), Depends(logged(log, "b"))])
    async def handler():
        entered.set()
        await sleep_forever()

    assert (await call(app, "GET", "/")).status == 418
    assert "a committed" not in log
    assert "b committed" not in log
    assert len(log) == 4


async def test_a_child_that_fails_after_the_handler_is_a_failed_commit():
    app = HawkAPI()

    async def failing():
        async with create_task_group() as held:
            yield held

    async def fail():
        raise LookupError

    @app.get("/")
    async def handler(held: Annotated[Any, Depends(failing)]):
        held.start_soon(fail)
        return 1

    assert (await call(app, "GET", "/")).status == 500


async def test_a_time_limit_of_a_dependency_is_an_ordinary_500():
    app = HawkAPI(request_timeout=60)

    async def limited():
        with fail_after(0.01):
            yield

    @app.get("/", dependencies=[Depends(limited)])
    async def handler():
        await sleep_forever()

    assert (await call(app, "GET", "/")).status == 500


async def test_a_dependency_that_cuts_the_handler_off_makes_no_success_of_it():
    app, log = HawkAPI(), []

    async def limited():
        with move_on_after(0.01):
            yield

    @app.get("/", dependencies=[Depends(logged(log, "a")), Depends(limited)])
    async def handler():
        await sleep_forever()

    assert (await call(app, "GET", "/")).status == 500
    assert len(log) == 2
    assert "a committed" not in log


async def test_requests_at_the_same_time_have_groups_of_their_own():
    app, entered, together = HawkAPI(), [], Event()

    @app.get("/")
    async def handler(held: Annotated[Any, Depends(group)]):
        entered.append(held)
        if len(entered) == 5:
            together.set()
        await together.wait()
        return 1

    answers = []

    async def one():
        answers.append((await call(app, "GET", "/")).body)

    async with create_task_group() as clients:
        for _ in range(5):
            clients.start_soon(one)
    assert answers == [b"1"] * 5

"""Time limits: 504 for a handler over its own, and nothing else."""

import time
from threading import Event

import anyio
import pytest
from anyio import sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Threads
from hawkapi.background import BackgroundTasks
from hawkapi.requests.request import Request
from hawkapi.responses.streaming import StreamingResponse
from hawkapi.routing.router import Router
from hawkapi.runtime import deadlines
from tests.app.wire import Wire, chunks, exchange
from tests.asgi import call
from tests.runtime.pools import all_back, released

SHORT = 0.01
PROBLEM = {
    "type": "https://hawkapi.ashimov.com/errors/timeout",
    "title": "Request Timeout",
    "status": 504,
    "detail": "Handler exceeded 0.01s timeout",
}


async def test_a_handler_over_its_time_is_cut_off_and_answered_with_504(caplog):
    app, cleaned = HawkAPI(request_timeout=SHORT), []

    @app.get("/")
    async def handler():
        try:
            await sleep_forever()
        finally:
            cleaned.append(True)

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()) == (504, PROBLEM)
    assert answer.headers["content-type"] == "application/problem+json"
    assert cleaned == [True]
    assert [record.getMessage() for record in caplog.records] == ["GET / exceeded its time limit of 0.01s"]


async def test_a_handler_within_its_time_answers():
    app = HawkAPI(request_timeout=60)

    @app.get("/")
    async def handler(n: int):
        await checkpoint()
        return n

    assert (await call(app, "GET", "/", query=b"n=1")).body == b"1"
    assert (await call(app, "GET", "/", query=b"n=x")).status == 400


async def test_the_inner_timeout_wins():
    app, router = HawkAPI(request_timeout=60), Router(timeout=SHORT)

    @app.get("/route", timeout=SHORT)
    @router.get("/router")
    async def handler():
        await sleep_forever()

    app.include_router(router)
    for path in ("/route", "/router"):
        assert (await call(app, "GET", path)).status == 504


async def test_none_turns_a_timeout_off():
    app = HawkAPI(request_timeout=SHORT)

    @app.get("/", timeout=None)
    async def handler(request: Request):
        return [request.deadline, request.remaining()]

    assert (await call(app, "GET", "/")).json() == [None, None]


def test_a_route_without_a_timeout_has_no_trace_of_it(capsys):
    app = HawkAPI()

    @app.get("/plain")
    @app.get("/timed", timeout=1)
    async def handler():
        """Does nothing."""

    assert "limited" not in app.explain("/plain")
    assert "limited" in app.explain("/timed")


async def test_a_timeout_error_of_the_user_is_a_500():
    app = HawkAPI(request_timeout=60)

    @app.get("/raised")
    async def raised():
        raise TimeoutError

    @app.get("/scope")
    async def scope():
        with anyio.fail_after(0):
            await sleep_forever()

    for path in ("/raised", "/scope"):
        assert (await call(app, "GET", path)).status == 500


@pytest.mark.parametrize("kind", ["result", "error"])
async def test_what_comes_after_the_time_does_not_count(kind, clock, caplog):
    app = HawkAPI(request_timeout=60)

    @app.get("/")
    async def handler():
        clock.now += 61
        if kind == "error":
            raise LookupError("too late")
        return 1

    assert (await call(app, "GET", "/")).status == 504
    assert ("too late" in caplog.text) is (kind == "error")


async def test_the_reading_of_the_body_belongs_to_the_handlers_time():
    app = HawkAPI(request_timeout=SHORT)

    @app.post("/")
    async def handler(body: list[int]):
        """Is never called."""

    wire = Wire()
    wire.receive = sleep_forever
    await exchange(app, "POST", "/", wire=wire)
    assert wire.status == 504


async def test_a_stream_may_take_longer_than_the_handler():
    app = HawkAPI(request_timeout=SHORT)

    @app.get("/")
    async def handler(request: Request):
        async def slow():
            while request.remaining() > 0:
                await checkpoint()
            yield b"late"

        return StreamingResponse(slow())

    wire = Wire()
    wire.receive = sleep_forever
    await exchange(app, "GET", "/", wire=wire)
    assert (wire.status, wire.body) == (200, b"late")


async def test_the_request_tells_its_deadline(clock):
    app = HawkAPI(request_timeout=60)

    @app.get("/")
    async def handler(request: Request):
        return request.deadline

    assert (await call(app, "GET", "/")).json() == clock.now + 60


async def test_time_is_counted_for_each_request_anew(clock):
    app = HawkAPI(request_timeout=60)

    @app.get("/")
    async def handler():
        clock.now += 40
        return 1

    for _ in range(3):
        assert (await call(app, "GET", "/")).status == 200


async def test_background_tasks_of_a_handler_over_its_time_do_not_run():
    app, ran = HawkAPI(request_timeout=SHORT), []

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(ran.append, 1)
        await sleep_forever()

    assert (await call(app, "GET", "/")).status == 504
    assert ran == []


async def test_a_handler_of_everything_does_not_take_the_504():
    app = HawkAPI(request_timeout=SHORT)

    @app.exception_handler(Exception)
    async def answer(request, exc):
        return 1

    @app.get("/")
    async def handler():
        await sleep_forever()

    assert (await call(app, "GET", "/")).status == 504


async def test_a_user_may_answer_it_otherwise():
    app = HawkAPI(request_timeout=SHORT)

    @app.exception_handler(deadlines.TimeExceeded)
    async def answer(request, exc):
        return exc.seconds

    @app.get("/")
    async def handler():
        await sleep_forever()

    assert (await call(app, "GET", "/")).body == b"0.01"


async def test_a_cancellation_from_outside_is_not_answered():
    app, entered = HawkAPI(request_timeout=60), anyio.Event()

    @app.get("/")
    async def handler():
        entered.set()
        await sleep_forever()

    wire = Wire({"type": "http.request"})
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: exchange(app, "GET", "/", wire=wire))
        await entered.wait()
        group.cancel_scope.cancel()
    assert wire.sent == []
    assert app._in_flight.count == 0


async def test_nobody_is_hurried_under_a_debugger(monkeypatch):
    monkeypatch.setattr("hawkapi.app.planning.under_debugger", lambda: True)
    app = HawkAPI(request_timeout=SHORT)

    @app.get("/")
    async def handler(request: Request):
        return [request.deadline]

    assert (await call(app, "GET", "/")).json() == [None]


# sync handlers


async def test_a_sync_handler_gets_its_504_on_time_and_keeps_its_thread():
    app, release = HawkAPI(request_timeout=SHORT, threads=Threads(handlers=2)), Event()

    @app.get("/")
    def handler():
        release.wait(60)

    with released(release):
        answer = await call(app, "GET", "/")
        assert (answer.status, answer.json()) == (504, PROBLEM)
        pool = app.runtime().handlers
        assert (pool.abandoned, pool.borrowed_tokens) == (1, 1)
        release.set()
        await all_back(pool)
        assert pool.abandoned == 0
        assert (await call(app, "GET", "/")).status == 204


@pytest.mark.parametrize("path", ["/timed", "/untimed"])
async def test_when_all_threads_are_left_behind_sync_handlers_are_refused(path):
    app, release = HawkAPI(threads=Threads(handlers=2)), Event()

    @app.get("/timed", timeout=SHORT)
    def timed():
        release.wait(60)

    @app.get("/untimed")
    def untimed():
        """Does nothing."""

    @app.get("/async")
    async def in_loop():
        """Does nothing."""

    with released(release):
        while app.runtime().handlers.statistics().abandoned < 2:  # one whose thread came too late leaves none behind
            assert (await call(app, "GET", "/timed")).status == 504
        answer = await call(app, "GET", path)
        assert answer.status == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["detail"] == "No worker thread is free"
        assert (await call(app, "GET", "/async")).status == 204
        release.set()
        await all_back(app.runtime().handlers)
        assert (await call(app, "GET", path)).status == 204


async def test_a_sync_handler_that_asks_stops_when_its_time_is_over():
    app, begun, stopped = HawkAPI(request_timeout=SHORT), Event(), Event()

    @app.get("/")
    def handler():
        begun.set()
        try:
            while True:
                anyio.from_thread.check_cancelled()
                time.sleep(0)
        finally:
            stopped.set()

    while not begun.is_set():  # the time may be over before a thread has taken it up
        assert (await call(app, "GET", "/")).status == 504
    await anyio.to_thread.run_sync(stopped.wait)


async def test_without_a_timeout_no_thread_is_left_behind():
    app, entered, release, ended = HawkAPI(), Event(), Event(), []

    @app.get("/")
    def handler():
        entered.set()
        release.wait(60)
        ended.append(True)

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: exchange(app, "GET", "/"))
        await anyio.to_thread.run_sync(entered.wait)
        group.cancel_scope.cancel()
        release.set()
    assert ended == [True]


async def test_waiting_for_a_thread_belongs_to_the_handlers_time():
    app, release = HawkAPI(threads=Threads(handlers=1)), Event()

    @app.get("/blocking")
    def blocking():
        release.wait(60)

    @app.get("/", timeout=SHORT)
    def handler():
        """Never gets a thread."""

    with released(release):
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: exchange(app, "GET", "/blocking"))
            await wait_all_tasks_blocked()
            assert (await call(app, "GET", "/")).status == 504
            assert app.runtime().handlers.abandoned == 0
            release.set()


async def test_an_inline_handler_over_its_time_is_answered_with_504_when_it_returns(clock):
    app = HawkAPI(request_timeout=60)

    @app.get("/", sync="inline")
    def handler():
        clock.now += 61
        return 1

    assert (await call(app, "GET", "/")).status == 504


async def test_a_sync_handler_with_a_body_and_a_timeout_is_bound_as_any():
    app = HawkAPI(request_timeout=60)

    @app.post("/")
    def handler(body: list[int], request: Request):
        return [sum(body), request.remaining() > 0]

    wire = await exchange(app, "POST", "/", wire=Wire(*chunks(b"[1,", b"2]")))
    assert wire.body == b"[3,true]"

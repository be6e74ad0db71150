"""`app.lifecycle`, background tasks and workers in an app's life (contract 2.8, 3.5; ops.md 2; runtime.md 3, 6, 12)."""

import os
import signal
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio import create_task_group, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Drain
from hawkapi.background import BackgroundTasks
from hawkapi.requests.request import Request
from hawkapi.runtime import signals
from hawkapi.runtime.tasks import Supervisor
from hawkapi.runtime.workers import Backoff
from hawkapi.testing.async_client import AsyncTestClient
from hawkapi.testing.client import TestClient
from tests.app.wire import Wire, exchange
from tests.asgi import call

START, STOP = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}


async def live(app):
    """Let an app start and stop at once."""
    wire = Wire(START, STOP)
    await app({"type": "lifespan"}, wire.receive, wire.send)
    return wire


def recording(states):
    """An app that notes its state at every step of its life."""

    @asynccontextmanager
    async def lifespan(app):
        note()
        yield
        note()

    app = HawkAPI(lifespan=lifespan)

    def note():
        states.append(str(app.lifecycle.state))

    app.on_startup(note)
    app.on_shutdown(note)
    app.on_drain(note)
    return app


async def test_the_states_of_a_life():
    states = []
    app = recording(states)
    states.append(str(app.lifecycle.state))
    async with AsyncTestClient(app):
        states.append(str(app.lifecycle.state))
    states.append(str(app.lifecycle.state))
    assert states == ["starting", "starting", "starting", "ready", "stopping", "stopping", "stopping", "stopped"]


async def test_without_a_lifespan_the_first_request_makes_it_ready():
    app = HawkAPI()
    await call(app, "GET", "/")
    assert app.lifecycle.state == "ready"


async def test_a_seal_alone_does_not():
    app = HawkAPI()
    app.seal()
    assert app.lifecycle.state == "starting"


async def test_a_start_that_fails_leaves_the_reason(caplog):
    app = HawkAPI()

    @app.on_startup
    def fail():
        raise OSError("no database")

    await live(app)
    assert (app.lifecycle.state, app.lifecycle.reason) == ("failed", "no database")


async def test_a_start_that_fails_without_a_text_is_told_by_its_class(caplog):
    app = HawkAPI()

    @app.on_startup
    def fail():
        raise OSError

    await live(app)
    assert app.lifecycle.reason == "OSError"


async def test_after_a_failed_start_no_drain_hook_runs_and_a_further_life_may_succeed(caplog):
    states, fails = [], [OSError()]
    app = recording(states)

    @app.on_startup
    def fail():
        if fails:
            raise fails.pop()

    await live(app)
    assert states == ["starting"]
    async with AsyncTestClient(app):
        assert app.lifecycle.state == "ready"


async def test_a_start_that_is_cancelled_stops(caplog):
    app = HawkAPI()
    app.on_startup(sleep_forever)
    wire = Wire(START)
    async with create_task_group() as group:
        group.start_soon(app, {"type": "lifespan"}, wire.receive, wire.send)
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert app.lifecycle.state == "stopped"
    assert wire.sent == []


# background tasks


class App:
    """An app whose handler leaves one task behind."""

    def __init__(self, **options):
        self.app = HawkAPI(**options)
        self.gate, self.begun, self.done = anyio.Event(), anyio.Event(), []

        @self.app.get("/")
        async def handler(tasks: BackgroundTasks):
            tasks.add_task(self.task)
            return "sent"

    async def task(self):
        self.begun.set()
        await self.gate.wait()
        self.done.append(1)


class Server:
    """A server that keeps an app alive in a task of its own."""

    def __init__(self, app):
        self.app = app
        self.started, self.stop, self.stopped = anyio.Event(), anyio.Event(), anyio.Event()
        self.received = 0

    async def serve(self):
        await self.app({"type": "lifespan", "state": {}}, self.receive, self.send)

    async def receive(self):
        self.received += 1
        if self.received == 1:
            return START
        await self.stop.wait()
        return STOP

    async def send(self, message):
        (self.stopped if "shutdown" in message["type"] else self.started).set()


@asynccontextmanager
async def serving(app):
    """Run an app's life round the block; it stops when told to, or after the block."""
    server = Server(app)
    async with create_task_group() as group:
        group.start_soon(server.serve)
        await server.started.wait()
        yield server
        server.stop.set()


async def test_a_request_ends_before_its_background_tasks():
    app = App()
    async with serving(app.app):
        assert (await call(app.app, "GET", "/")).json() == "sent"
        await app.begun.wait()
        assert app.done == []
        app.gate.set()
    assert app.done == [1]


async def test_the_stop_waits_for_background_tasks_before_the_lifespan_exits():
    @asynccontextmanager
    async def lifespan(_):
        yield
        app.done.append("exit")

    app = App(lifespan=lifespan)
    async with serving(app.app) as server:
        await call(app.app, "GET", "/")
        server.stop.set()
        await app.begun.wait()
        await wait_all_tasks_blocked()
        assert app.done == []
        app.gate.set()
        await server.stopped.wait()
    assert app.done == [1, "exit"]


async def test_background_tasks_beyond_the_grace_are_cancelled_and_that_is_logged(caplog):
    app = App(drain=Drain(background_grace=0))
    async with serving(app.app):
        await call(app.app, "GET", "/")
        await app.begun.wait()
    assert app.done == []
    assert "1 background tasks were cancelled" in caplog.text


async def test_with_a_test_client_a_call_returns_when_the_tasks_are_done():
    app = App()
    app.gate.set()
    async with AsyncTestClient(app.app) as client:
        await client.get("/")
        assert app.done == [1]
    client = AsyncTestClient(app.app)
    await client.get("/")
    assert app.done == [1, 1]


async def test_a_failing_task_harms_no_other_and_the_next_request_is_served(caplog):
    app = HawkAPI()

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(fail)
        return "sent"

    async def fail():
        raise OSError("no mail server")

    async with AsyncTestClient(app) as client:
        for _ in range(2):
            assert (await client.get("/")).json() == "sent"
        assert app.runtime().supervisor.errors == 2
    assert len(caplog.records) == 2


async def test_a_send_that_fails_leaves_nothing_running():
    """Fault loop: the nth receive or send fails; the app stops in order and the next life is as good as new."""
    for number in (1, 2):
        for kind in ("break_receive", "break_send"):
            app = App()
            app.gate.set()
            async with serving(app.app):
                wire = Wire({"type": "http.request"}, **{kind: number})
                try:
                    await exchange(app.app, "GET", "/", wire=wire)
                except OSError:
                    assert wire.broke
                assert (await call(app.app, "GET", "/")).status == 200
                assert app.app._in_flight.count == 0
            assert app.app.lifecycle.state == "stopped"


# workers


async def test_a_worker_declared_with_the_app_runs_in_every_life_once_it_has_started():
    app, runs = HawkAPI(), []

    async def work(what):
        runs.append((what, str(app.lifecycle.state)))
        await sleep_forever()

    app.background.start(work, "mail")
    for _ in range(2):
        async with AsyncTestClient(app):
            await wait_all_tasks_blocked()
    assert runs == [("mail", "ready")] * 2


async def test_a_worker_started_by_a_hook_or_a_handler_lives_as_long_as_this_life():
    app, runs = HawkAPI(), []

    async def work(what):
        runs.append(what)
        await sleep_forever()

    @app.on_startup
    def hook():
        app.background.start(work, "hook")

    @app.get("/")
    async def handler():
        app.background.start(work, "handler")

    async with AsyncTestClient(app) as client:
        await client.get("/")
        await wait_all_tasks_blocked()
    async with AsyncTestClient(app):
        await wait_all_tasks_blocked()
    assert runs == ["hook", "handler", "hook"]


async def test_a_failing_worker_does_not_harm_the_app(caplog):
    app, runs = HawkAPI(), []

    async def work():
        runs.append(1)
        raise OSError

    app.background.start(work, backoff=Backoff(first=0), max_restarts=2)
    async with AsyncTestClient(app) as client:
        await wait_all_tasks_blocked()
        assert (await client.get("/readyz")).status_code == 200
    assert runs == [1, 1, 1]


async def test_a_worker_can_end_by_itself_when_the_app_drains():
    app, done = HawkAPI(), []

    async def work():
        await app.lifecycle.draining
        await checkpoint()
        done.append(1)

    app.background.start(work, finishes=True)
    async with AsyncTestClient(app):
        await wait_all_tasks_blocked()
    assert done == [1]


@pytest.mark.parametrize("is_sync", [False, True], ids=["in the loop", "in a thread"])
async def test_a_worker_that_would_never_run_is_refused(is_sync):
    app, errors = HawkAPI(), []

    def start():
        try:
            app.background.start(sleep_forever)
        except RuntimeError as exc:
            errors.append(str(exc))

    async def start_in_the_loop():
        start()

    app.get("/")(start if is_sync else start_in_the_loop)
    await call(app, "GET", "/")
    [error] = errors
    assert "lifespan does not run" in error


def test_a_sync_handler_may_start_a_worker(hawk_backend):
    backend, options = hawk_backend
    app, runs = HawkAPI(), []

    async def work():
        runs.append(1)

    @app.get("/")
    def handler():
        app.background.start(work)

    with TestClient(app, backend=backend, backend_options=options) as client:
        assert client.get("/").status_code == 204
    assert runs == [1]


# a lifespan that dies


class Fragile:
    """An app whose lifespan holds a task that crashes when told to."""

    def __init__(self):
        self.crash = anyio.Event()
        self.ended = []

        @asynccontextmanager
        async def lifespan(app):
            try:
                async with create_task_group() as group:
                    group.start_soon(self.child)
                    yield
            finally:
                self.ended.append(str(app.lifecycle.state))

        self.app = HawkAPI(lifespan=lifespan)

    async def child(self):
        await self.crash.wait()
        raise OSError("the consumer crashed")


async def test_a_lifespan_that_dies_makes_the_app_fail_and_the_server_is_answered(caplog):
    fragile = Fragile()
    async with serving(fragile.app) as server:
        fragile.crash.set()
        while not fragile.ended:
            await checkpoint()
        answer = await call(fragile.app, "GET", "/readyz")
        assert answer.json()["checks"] == {"lifecycle": {"ok": False, "detail": "failed"}}
        assert (await call(fragile.app, "GET", "/livez")).status == 200
        server.stop.set()
        await server.stopped.wait()
    assert fragile.ended == ["failed"]
    assert [record.levelname for record in caplog.records] == ["CRITICAL", "ERROR"]
    assert "the consumer crashed" in caplog.text


async def test_under_our_runner_the_process_is_told_to_stop(monkeypatch, caplog):
    told = []
    monkeypatch.setattr(signals, "_claims", [True])
    monkeypatch.setattr(os, "kill", lambda *args: told.append(args))
    fragile = Fragile()
    async with serving(fragile.app):
        fragile.crash.set()
        while not fragile.ended:
            await checkpoint()
    assert told == [(os.getpid(), signal.SIGTERM)]


async def test_a_mounted_app_is_stopped_in_order_when_the_lifespan_of_the_outer_one_dies(caplog):
    fragile, stopped = Fragile(), []
    inner = HawkAPI()
    inner.on_shutdown(lambda: stopped.append(1))
    fragile.app.mount("/inner", inner)
    async with serving(fragile.app):
        fragile.crash.set()
        while not fragile.ended:
            await checkpoint()
    assert stopped == [1]


# hooks that take too long


async def test_each_hook_has_a_deadline_of_its_own_and_all_others_run(caplog):
    done = []

    @asynccontextmanager
    async def lifespan(app):
        yield
        await sleep_forever()

    app = HawkAPI(lifespan=lifespan, drain=Drain(hook_grace=0.05))
    app.on_shutdown(lambda: done.append("first"))
    app.on_shutdown(sleep_forever)

    @app.on_shutdown
    async def last():
        await checkpoint()
        done.append("last")

    wire = await live(app)
    assert wire.types[-1] == "lifespan.shutdown.complete"
    assert done == ["last", "first"]
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert messages[0] == "The exit of the lifespan was given up after 0.05 s"
    assert messages[1].startswith("The shutdown hook sleep_forever")


# one app, many loops


def test_a_module_level_app_serves_three_loops_and_both_backends_in_turn():
    app, runs = HawkAPI(), []

    async def work():
        runs.append("worker")
        await app.lifecycle.draining

    async def task():
        await checkpoint()
        runs.append("task")

    async def check():
        return app.lifecycle.state == "ready"

    app.background.start(work, finishes=True)
    app.on_drain(lambda: runs.append("drain"))
    app.readiness_check("own")(check)

    @app.get("/")
    async def handler(request: Request, tasks: BackgroundTasks):
        tasks.add_task(task)
        return str(app.lifecycle.state)

    async def with_a_lifespan():
        async with AsyncTestClient(app) as client:
            await wait_all_tasks_blocked()
            assert (await client.get("/")).json() == "ready"
            assert (await client.get("/readyz")).status_code == 200

    async def without():
        assert (await call(app, "GET", "/")).json() == "ready"
        assert (await call(app, "GET", "/readyz")).status == 200

    backends = [("asyncio", {"use_uvloop": False}), ("trio", {}), ("asyncio", {"use_uvloop": True})]
    for backend, options in backends * 2:
        runs.clear()
        anyio.run(with_a_lifespan, backend=backend, backend_options=options)
        assert runs == ["worker", "task", "drain"]
        assert app.lifecycle.state == "stopped"
        anyio.run(without, backend=backend, backend_options=options)
        assert runs[3:] == ["task"]


def test_a_runtime_belongs_to_one_life():
    app = HawkAPI()

    async def main():
        bare = app.runtime()
        assert bare.supervisor is None
        async with AsyncTestClient(app):
            assert isinstance(app.runtime().supervisor, Supervisor)
        assert app.runtime() is bare

    anyio.run(main)


async def test_two_lives_at_once_do_no_harm():
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return "hi"

    async with AsyncTestClient(app) as first:
        async with AsyncTestClient(app) as second:
            assert (await second.get("/")).json() == "hi"
        assert (await first.get("/")).json() == "hi"
    assert (await call(app, "GET", "/")).json() == "hi"

"""Start, stop and what lies between (contract 2.8; runtime.md 6)."""

from contextlib import asynccontextmanager

import anyio
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Drain
from hawkapi.requests.request import Request
from hawkapi.runtime.lifespan import LifespanFailed
from hawkapi.testing.async_client import AsyncTestClient
from hawkapi.testing.client import TestClient
from tests.app.wire import Wire
from tests.asgi import call

START, STOP = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}


async def live(app, **scope):
    """Let an app start and stop at once."""
    wire = Wire(START, STOP)
    await app({"type": "lifespan", **scope}, wire.receive, wire.send)
    return wire


def traced(events):
    """An app whose every hook leaves a trace."""

    @asynccontextmanager
    async def lifespan(app):
        events.append("lifespan enters")
        yield
        events.append("lifespan exits")

    app = HawkAPI(lifespan=lifespan)

    @app.on_startup
    async def first():
        events.append("first start")

    @app.on_startup
    def second():
        events.append("second start")

    @app.on_shutdown
    def first_registered():
        events.append("first stop")

    @app.on_shutdown
    async def second_registered():
        events.append("second stop")

    return app


async def test_hooks_run_in_order_round_the_lifespan_and_back():
    events = []
    async with AsyncTestClient(traced(events)):
        assert events == ["first start", "second start", "lifespan enters"]
        events.clear()
    assert events == ["lifespan exits", "second stop", "first stop"]


async def test_the_lifespan_is_reported_complete_at_both_ends():
    wire = await live(HawkAPI())
    assert wire.types == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_hook_decorators_give_the_function_back():
    app = HawkAPI()

    def hook():
        """Nothing."""

    assert app.on_startup(hook) is hook
    assert app.on_shutdown(hook) is hook


async def test_the_lifespan_callable_gets_the_app():
    got = []

    @asynccontextmanager
    async def lifespan(app):
        got.append(app)
        yield

    app = HawkAPI(lifespan=lifespan)
    await live(app)
    assert got == [app]


async def test_what_is_set_on_the_state_or_yielded_is_in_the_scope_of_requests():
    @asynccontextmanager
    async def lifespan(app):
        app.state.db = "db"
        yield {"cache": "cache"}

    app = HawkAPI(lifespan=lifespan)
    app.state.early = "early"

    @app.get("/")
    async def handler(request: Request):
        return request.scope["state"]

    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).json() == {"cache": "cache", "db": "db", "early": "early"}


async def test_the_state_of_the_server_is_filled_in_place_and_keeps_what_was_there():
    app = HawkAPI()
    app.state.db = "db"
    state = {"of the server": 1}
    await live(app, state=state)
    assert state == {"of the server": 1, "db": "db"}


async def test_a_lifespan_scope_without_state_is_left_as_it_is():
    app = HawkAPI()
    app.state.db = "db"
    scope = {"type": "lifespan"}
    wire = Wire(START, STOP)
    await app(scope, wire.receive, wire.send)
    assert scope == {"type": "lifespan"}


async def test_start_up_hooks_and_the_lifespan_may_still_register():
    @asynccontextmanager
    async def lifespan(app):
        @app.get("/of-lifespan")
        async def of_lifespan():
            raise LookupError

        @app.exception_handler(LookupError)
        async def handle(request, exc):
            return {"handled": True}

        yield

    app = HawkAPI(lifespan=lifespan)
    events = []

    @app.on_startup
    def register():
        @app.get("/of-hook")
        async def of_hook():
            return "hook"

        app.on_startup(lambda: events.append("late start"))
        app.on_shutdown(lambda: events.append("late stop"))

    async with AsyncTestClient(app) as client:
        assert (await client.get("/of-hook")).json() == "hook"
        assert (await client.get("/of-lifespan")).json() == {"handled": True}
    assert events == ["late start", "late stop"]


@pytest.mark.parametrize(
    "register",
    [
        lambda app: app.get("/x")(print),
        lambda app: app.mount("/x", HawkAPI()),
        lambda app: app.exception_handler(ValueError)(print),
        lambda app: app.on_startup(print),
        lambda app: app.on_shutdown(print),
    ],
    ids=["route", "mount", "exception handler", "start-up hook", "shutdown hook"],
)
@pytest.mark.parametrize("how", ["lifespan", "request"])
async def test_registering_after_the_seal_raises(register, how):
    app = HawkAPI()
    if how == "lifespan":
        await live(app)
    else:
        await call(app, "GET", "/")
    with pytest.raises(RuntimeError, match="too late"):
        register(app)


async def test_a_failing_start_is_reported_with_the_text_of_the_exception(caplog):
    app = HawkAPI()

    @app.on_startup
    async def connect():
        raise RuntimeError("no database")

    wire = await live(app)
    assert wire.sent == [{"type": "lifespan.startup.failed", "message": "no database"}]
    assert len(caplog.records) == 1


async def test_a_mistake_found_at_the_seal_fails_the_start(caplog):
    app = HawkAPI()

    @app.get("/")
    async def handler(*args):
        """Takes what no request gives."""

    wire = await live(app)
    assert wire.types == ["lifespan.startup.failed"]
    assert "handler" in wire.sent[0]["message"]
    assert "test_lifespan.py" in wire.sent[0]["message"]


async def test_a_lifespan_that_fails_is_followed_by_the_shutdown_hooks(caplog):
    @asynccontextmanager
    async def lifespan(app):
        raise RuntimeError("no cache")
        yield

    events = []
    app = HawkAPI(lifespan=lifespan)
    app.on_shutdown(lambda: events.append("stopped"))
    wire = await live(app)
    assert wire.sent == [{"type": "lifespan.startup.failed", "message": "no cache"}]
    assert events == ["stopped"]


async def test_a_seal_that_fails_is_followed_by_the_exit_of_the_lifespan(caplog):
    events = []
    app = traced(events)
    app.get("/")(lambda *args: None)
    assert (await live(app)).types == ["lifespan.startup.failed"]
    assert events[2:] == ["lifespan enters", "lifespan exits", "second stop", "first stop"]


@pytest.mark.parametrize("what", [None, 1, "generator"])
async def test_a_lifespan_that_gives_no_context_manager_fails_the_start_and_says_so(what, caplog):
    app = HawkAPI(lifespan=lambda app: what)
    wire = await live(app)
    assert wire.types == ["lifespan.startup.failed"]
    assert "asynccontextmanager" in wire.sent[0]["message"]


async def test_a_failing_start_raises_in_the_test_client(caplog):
    app = HawkAPI()

    @app.on_startup
    def connect():
        raise RuntimeError("no database")

    with pytest.raises(LifespanFailed, match="no database"):
        async with AsyncTestClient(app):
            raise AssertionError("not reached")


async def test_errors_of_the_shutdown_are_logged_and_every_hook_runs(caplog):
    events = []

    @asynccontextmanager
    async def lifespan(app):
        yield
        raise RuntimeError("of the lifespan")

    app = HawkAPI(lifespan=lifespan)
    app.on_shutdown(lambda: events.append("first"))

    @app.on_shutdown
    async def fail():
        raise RuntimeError("of a hook")

    app.on_shutdown(lambda: events.append("last"))
    wire = await live(app)
    assert wire.types == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert events == ["last", "first"]
    logged = {str(record.exc_info[1]) for record in caplog.records}
    assert logged == {"of the lifespan", "of a hook"}


async def test_shutdown_waits_for_running_requests_before_the_lifespan_exits():
    events, running, finish = [], anyio.Event(), anyio.Event()

    @asynccontextmanager
    async def lifespan(app):
        yield
        events.append("lifespan exits")

    app = HawkAPI(lifespan=lifespan)

    @app.get("/")
    async def handler():
        running.set()
        await finish.wait()
        events.append("request ends")

    stopping = anyio.Event()

    class Slow(Wire):
        async def receive(self):
            if self.receives == 1:
                await stopping.wait()
                finish_soon.set()
            return await super().receive()

    finish_soon = anyio.Event()
    wire = Slow(START, STOP)
    async with anyio.create_task_group() as group:
        group.start_soon(app, {"type": "lifespan"}, wire.receive, wire.send)
        group.start_soon(call, app, "GET", "/")
        await running.wait()
        stopping.set()
        await finish_soon.wait()
        await anyio.wait_all_tasks_blocked()
        assert events == []
        assert wire.types == ["lifespan.startup.complete"]
        finish.set()
    assert events == ["request ends", "lifespan exits"]
    assert wire.types[-1] == "lifespan.shutdown.complete"


async def test_shutdown_waits_for_the_last_of_several_requests():
    gates = {name: anyio.Event() for name in "ab"}
    ended, started = [], {name: anyio.Event() for name in "ab"}
    app = HawkAPI()
    app.on_shutdown(lambda: ended.append("stop"))

    @app.get("/{name}")
    async def handler(name: str):
        started[name].set()
        await gates[name].wait()
        ended.append(name)

    client = AsyncTestClient(app)
    async with anyio.create_task_group() as group, client:
        for name in "ab":
            group.start_soon(client.get, f"/{name}")
            await started[name].wait()
        group.start_soon(open_in_turn, gates, ended)
    assert ended == ["a", "b", "stop"]


async def open_in_turn(gates, ended):
    for gate in gates.values():
        await anyio.wait_all_tasks_blocked()
        assert "stop" not in ended
        gate.set()


async def test_shutdown_gives_up_on_requests_that_do_not_end(caplog):
    app, started = HawkAPI(drain=Drain(request_grace=0)), anyio.Event()

    @app.get("/")
    async def handler():
        started.set()
        await anyio.sleep_forever()

    client = AsyncTestClient(app)
    async with anyio.create_task_group() as group:
        async with client:
            group.start_soon(client.get, "/")
            await started.wait()
        group.cancel_scope.cancel()
    assert "1 request" in caplog.text


async def test_without_a_lifespan_no_hook_runs_and_requests_are_served():
    events = []
    app = traced(events)
    assert (await call(app, "GET", "/")).status == 404
    assert events == []


def test_one_app_serves_several_loops_and_backends_in_turn():
    app = HawkAPI()
    runs = []
    app.on_startup(lambda: runs.append("start"))
    app.on_shutdown(lambda: runs.append("stop"))

    @app.get("/")
    def handler():
        return "sync"

    async def once():
        async with AsyncTestClient(app) as client:
            return (await client.get("/")).json()

    backends = [("asyncio", {"use_uvloop": False}), ("trio", {}), ("asyncio", {"use_uvloop": True})]
    for backend, options in backends * 2:
        assert anyio.run(once, backend=backend, backend_options=options) == "sync"
    assert runs == ["start", "stop"] * 6


def test_the_sync_client_runs_the_lifespan(hawk_backend):
    backend, options = hawk_backend
    events = []
    app = traced(events)

    @app.get("/")
    def handler():
        return "sync"

    with TestClient(app, backend=backend, backend_options=options) as client:
        assert client.get("/").json() == "sync"
    assert events[-1] == "first stop"


async def test_a_task_group_in_the_lifespan_is_left_where_it_was_entered():
    seen = anyio.Event()

    @asynccontextmanager
    async def lifespan(app):
        async with anyio.create_task_group() as group:
            group.start_soon(seen.wait)
            yield {"group": group}
            group.cancel_scope.cancel()

    app = HawkAPI(lifespan=lifespan)

    @app.get("/")
    async def handler(request: Request):
        request.scope["state"]["group"].start_soon(anyio.sleep_forever)
        return "started"

    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).json() == "started"


async def test_each_app_has_a_runtime_of_its_own_in_each_loop():
    one, two = HawkAPI(), HawkAPI()
    assert one.runtime() is one.runtime()
    assert one.runtime() is not two.runtime()


async def nothing():
    """Answers with nothing."""


async def nothing_said(request, exc):
    """Answers an exception with nothing."""


def test_what_a_start_registers_its_stop_forgets_so_that_the_next_start_may_register_it_again(hawk_backend):
    backend, options = hawk_backend
    app = HawkAPI()
    app.get("/first")(nothing)

    @app.on_startup
    def register():
        app.get("/later", name="later")(nothing)
        app.exception_handler(KeyError)(nothing_said)
        app.readiness_check("store")(lambda: True)

    for _ in range(2):
        with TestClient(app, backend=backend, backend_options=options) as client:
            assert client.get("/later").status_code == 204
            assert app.url_for("later") == "/later"
            assert list(client.get("/readyz").json()["checks"]) == ["store"]
    with pytest.raises(LookupError):
        app.url_for("later")
    assert TestClient(app, backend=backend, backend_options=options).get("/first").status_code == 204


def test_a_start_may_register_although_requests_came_before_it(hawk_backend):
    backend, options = hawk_backend
    app = HawkAPI()
    app.get("/first")(nothing)
    app.on_startup(lambda: app.get("/later")(nothing))
    client = TestClient(app, backend=backend, backend_options=options)
    assert client.get("/first").status_code == 204
    with client:
        assert client.get("/later").status_code == 204

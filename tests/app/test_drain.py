"""What happens from the signal on (ops.md 2)."""

import signal
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio import create_task_group, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.app import lifespan as lifespan_module
from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Drain
from hawkapi.responses.response import Response
from hawkapi.responses.sse import EventSourceResponse
from hawkapi.runtime import signals
from hawkapi.testing.async_client import AsyncTestClient
from tests.app.wire import Wire
from tests.asgi import call, http_scope


@pytest.fixture(autouse=True)
def quick_look(monkeypatch):
    """The poller looks so often that no test waits."""
    monkeypatch.setattr(lifespan_module, "POLL", 0.001)


async def connection_header(app, path="/", **scope):
    wire = Wire({"type": "http.request"})
    await app({**http_scope("GET", path), **scope}, wire.receive, wire.send)
    return [value for name, value in wire.sent[0]["headers"] if name == b"connection"]


def app_of(response="hi", **options):
    app = HawkAPI(**options)

    @app.get("/")
    async def handler():
        return response

    return app


# connections


async def test_a_draining_app_closes_connections_and_goes_on_serving():
    app = app_of()
    async with AsyncTestClient(app):
        assert await connection_header(app) == []
        app.lifecycle.begin_drain()
        assert (await call(app, "GET", "/")).json() == "hi"
        assert await connection_header(app) == [b"close"]
        assert await connection_header(app, "/nowhere") == [b"close"]
        assert await connection_header(app, "/livez") == [b"close"]


async def test_a_connection_header_of_the_answer_is_replaced():
    app = app_of(Response(headers={"Connection": "keep-alive"}))
    async with AsyncTestClient(app):
        assert await connection_header(app) == [b"keep-alive"]
        app.lifecycle.begin_drain()
        assert await connection_header(app) == [b"close"]


@pytest.mark.parametrize(("version", "header"), [("1.0", [b"close"]), ("1.1", [b"close"]), ("2", []), ("3", [])])
async def test_only_http_1_has_such_a_header(version, header):
    app = app_of()
    await call(app, "GET", "/")
    app.lifecycle.begin_drain()
    assert await connection_header(app, http_version=version) == header


async def test_a_websocket_is_left_as_it_is():
    app = app_of()
    await call(app, "GET", "/")
    app.lifecycle.begin_drain()
    wire = Wire({"type": "websocket.connect"})
    await app({"type": "websocket", "path": "/nowhere", "headers": []}, wire.receive, wire.send)
    assert wire.types == ["websocket.close"]


async def test_a_drain_that_began_before_the_first_request_counts():
    app = app_of()
    app.lifecycle.begin_drain()
    assert await connection_header(app) == [b"close"]
    assert app.lifecycle.state == "draining"


async def test_a_drain_that_began_during_the_start_counts():
    app = app_of()
    app.on_startup(app.lifecycle.begin_drain)
    async with AsyncTestClient(app):
        assert app.lifecycle.state == "draining"
        assert await connection_header(app) == [b"close"]


async def test_a_further_life_keeps_connections_again():
    app = app_of()
    async with AsyncTestClient(app):
        app.lifecycle.begin_drain()
    async with AsyncTestClient(app):
        assert await connection_header(app) == []
    assert await connection_header(app) == []


# hooks, and who waits


async def test_a_handler_can_wait_for_the_drain():
    app, waiting = HawkAPI(), anyio.Event()

    @app.get("/")
    async def handler():
        waiting.set()
        await app.lifecycle.draining
        return "drained"

    async with AsyncTestClient(app) as client, create_task_group() as group:

        async def request():
            assert (await client.get("/")).json() == "drained"

        group.start_soon(request)
        await waiting.wait()
        app.lifecycle.begin_drain()


async def test_drain_hooks_run_while_the_app_still_serves():
    app, ran = app_of(), anyio.Event()
    states = []

    @app.on_drain
    async def slow():
        await checkpoint()
        states.append(str(app.lifecycle.state))
        ran.set()

    app.on_drain(lambda: states.append("sync"))
    async with AsyncTestClient(app):
        app.lifecycle.begin_drain()
        await ran.wait()
        assert (await call(app, "GET", "/")).json() == "hi"
    assert sorted(states) == ["draining", "sync"]


async def test_drain_hooks_run_once_when_the_stop_follows():
    app, runs = HawkAPI(), []
    app.on_drain(lambda: runs.append(1))
    async with AsyncTestClient(app):
        app.lifecycle.begin_drain()
    assert runs == [1]


async def test_a_drain_hook_that_fails_harms_no_other(caplog):
    app, runs = HawkAPI(), []

    @app.on_drain
    def deregister():
        raise OSError("no registry")

    app.on_drain(lambda: runs.append(1))
    async with AsyncTestClient(app):
        pass
    assert runs == [1]
    assert "deregister" in caplog.records[0].getMessage()


async def test_a_drain_hook_has_a_deadline(caplog):
    app = HawkAPI(drain=Drain(hook_grace=0))
    app.on_drain(sleep_forever)
    async with AsyncTestClient(app):
        pass
    assert "The on_drain hook sleep_forever" in caplog.text


def test_the_decorator_gives_the_function_back_and_is_refused_after_the_seal():
    app = HawkAPI()
    assert app.on_drain(print) is print
    app.seal()
    with pytest.raises(RuntimeError, match="An on_drain hook comes too late"):
        app.on_drain(print)


# streams


class Feed:
    """An app with a stream of events that never ends by itself."""

    def __init__(self, **options):
        self.app = HawkAPI(**options)
        self.open, self.closed = anyio.Event(), anyio.Event()

        @self.app.get("/events")
        async def events():
            return EventSourceResponse(self.events())

    async def events(self):
        try:
            yield "hello"
            self.open.set()
            await sleep_forever()
        finally:
            self.closed.set()

    @asynccontextmanager
    async def listening(self):
        """A client that reads the stream to its end during the block."""
        wire = Wire({"type": "http.request"})
        wire.receive = self.receive
        async with create_task_group() as group:
            group.start_soon(self.app, http_scope("GET", "/events"), wire.receive, wire.send)
            await self.open.wait()
            yield wire

    async def receive(self):
        await sleep_forever()


@pytest.mark.parametrize("delay", [0.0, 0.01], ids=["a foreign server", "our runner"])
async def test_open_streams_end_politely(delay):
    feed = Feed()
    async with AsyncTestClient(feed.app), feed.listening() as wire:
        feed.app.lifecycle.begin_drain(delay)
        await feed.closed.wait()
    assert wire.body.startswith(b"data: hello\n\n: the server is going away\nretry: ")
    assert not wire.sent[-1].get("more_body", False)


async def test_a_stop_without_a_drain_ends_them_too():
    feed, wire = Feed(), Wire()
    async with create_task_group() as group, AsyncTestClient(feed.app):
        group.start_soon(feed.app, http_scope("GET", "/events"), feed.receive, wire.send)
        await feed.open.wait()
    assert b"going away" in wire.body


async def test_streams_that_would_begin_after_the_release_are_refused():
    feed = Feed()
    async with AsyncTestClient(feed.app) as client:
        feed.app.lifecycle.begin_drain()
        while not feed.app.runtime().streams.releasing:
            await checkpoint()
        answer = await client.get("/events")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].endswith("/draining")


async def test_streams_that_begin_before_the_release_are_served():
    feed = Feed()
    async with AsyncTestClient(feed.app):
        feed.app.lifecycle.begin_drain(60)
        await wait_all_tasks_blocked()
        assert not feed.app.runtime().streams.releasing
        async with feed.listening():
            feed.app.lifecycle.begin_stop()  # the second signal: the server waits no longer
            await feed.closed.wait()


async def test_a_further_life_serves_streams_again():
    feed = Feed()
    async with AsyncTestClient(feed.app):
        feed.app.lifecycle.begin_drain()
    async with AsyncTestClient(feed.app) as client, client.stream("GET", "/events") as answer:
        assert answer.status_code == 200


# mounted apps


async def test_a_mounted_app_drains_with_the_outer_one():
    outer, feed, told = HawkAPI(), Feed(), []
    outer.mount("/inner", feed.app)
    outer.mount("/foreign", Response("foreign"))
    feed.app.on_drain(lambda: told.append(1))
    async with AsyncTestClient(outer) as client:
        outer.lifecycle.begin_drain()
        await feed.app.lifecycle.draining
        assert (await client.get("/inner/readyz")).status_code == 503
        while not told:
            await checkpoint()
    assert feed.app.lifecycle.state == "stopped"


async def test_streams_of_a_mounted_app_do_not_hold_the_stop_of_the_outer_one():
    outer, feed = HawkAPI(), Feed()
    outer.mount("/inner", feed.app)
    wire = Wire()
    async with create_task_group() as group, AsyncTestClient(outer):
        group.start_soon(outer, http_scope("GET", "/inner/events"), feed.receive, wire.send)
        await feed.open.wait()
    assert b"going away" in wire.body


# signals


@pytest.fixture
def server_signals(monkeypatch):
    """A server that takes SIGTERM with a function; gives what reached it."""
    monkeypatch.setattr(signals, "_claims", [])
    reached = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: reached.append(number))
    yield reached
    signal.signal(signal.SIGTERM, before)


async def test_under_a_foreign_server_the_signal_begins_the_drain_and_that_is_said_once(server_signals, caplog):
    app, told = app_of(), anyio.Event()
    app.on_drain(told.set)
    async with AsyncTestClient(app) as client:
        signal.raise_signal(signal.SIGTERM)
        assert app.lifecycle.state == "draining"
        assert (await client.get("/readyz")).status_code == 503
        await told.wait()
        signal.raise_signal(signal.SIGTERM)
    assert server_signals == [signal.SIGTERM] * 2
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert "closes its socket" in record.getMessage()


async def test_after_the_life_the_server_has_its_handler_back(server_signals):
    app = app_of()
    async with AsyncTestClient(app):
        pass
    signal.raise_signal(signal.SIGTERM)
    assert server_signals == [signal.SIGTERM]
    assert app.lifecycle.state == "stopped"


async def test_under_our_runner_the_signal_is_the_runner_s(server_signals, monkeypatch, caplog):
    signals.claim_process()
    app, told = app_of(), anyio.Event()
    app.on_drain(told.set)
    async with AsyncTestClient(app):
        signal.raise_signal(signal.SIGTERM)
        assert app.lifecycle.state == "ready"
        app.lifecycle.begin_drain(0.01)
        await told.wait()
    assert caplog.records == []


# options


@pytest.mark.parametrize("name", ["delay", "request_grace", "background_grace", "hook_grace"])
@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_a_phase_is_a_number_of_seconds(name, seconds):
    with pytest.raises(ValueError, match=rf"Drain\({name}=\.\.\.\) is a number of seconds"):
        Drain(**{name: seconds})


async def test_the_defaults_fit_into_the_grace_of_an_orchestrator(caplog):
    assert Drain().total == 25
    async with AsyncTestClient(HawkAPI()):
        pass
    assert caplog.records == []


async def test_phases_that_may_take_longer_are_warned_of(caplog):
    async with AsyncTestClient(HawkAPI(drain=Drain(request_grace=15))):
        pass
    assert "A stop may take 30 s; Kubernetes kills after 30 s" in caplog.text

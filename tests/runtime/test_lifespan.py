import asyncio
import logging

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, get_current_task, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.runtime.lifespan import LifespanFailed, conversation, drive

NATIVE = pytest.mark.parametrize("use_uvloop", [False, True], ids=["asyncio", "uvloop"])


class Server:
    """A server that starts an app and stops it at once, or never; its nth receive or send fails."""

    def __init__(self, *, stops=True, broken_receive=None, broken_send=None):
        self.stops = stops
        self.broken_receive, self.broken_send = broken_receive, broken_send
        self.received = 0
        self.tried = 0
        self.sent = []

    async def receive(self):
        self.received += 1
        await checkpoint()
        if self.received == self.broken_receive:
            raise OSError("receive")
        if self.received == 1:
            return {"type": "lifespan.startup"}
        if not self.stops:
            await sleep_forever()
        return {"type": "lifespan.shutdown"}

    async def send(self, message):
        self.tried += 1
        await checkpoint()
        if self.tried == self.broken_send:
            raise OSError("send")
        self.sent.append(message)


class App:
    """The steps of an app; each records its name, then does what it was given to do."""

    def __init__(self, startup=None, shutdown=None):
        self.steps = []
        self.on = {"startup": startup, "shutdown": shutdown}

    async def startup(self):
        await self.step("startup")

    async def shutdown(self):
        await self.step("shutdown")

    async def step(self, name):
        await checkpoint()
        self.steps.append(name)
        if self.on[name] is not None:
            await self.on[name]()

    async def talk(self, server, **options):
        await conversation(server.receive, server.send, startup=self.startup, shutdown=self.shutdown, **options)


def raiser(error):
    async def fail():
        raise error

    return fail


# conversation


async def test_an_app_is_started_and_stopped_and_says_so():
    app, server = App(), Server()
    await app.talk(server)
    assert app.steps == ["startup", "shutdown"]
    assert server.sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


async def test_a_start_that_fails_is_answered_with_the_text_of_the_error_and_logged(caplog):
    app, server = App(startup=raiser(OSError("no database"))), Server()
    await app.talk(server)
    assert server.sent == [{"type": "lifespan.startup.failed", "message": "no database"}]
    assert "Traceback" in caplog.text


async def test_a_start_that_fails_halfway_is_followed_by_the_shutdown(caplog):
    app, server = App(startup=raiser(OSError("no database"))), Server()
    await app.talk(server)
    assert app.steps == ["startup", "shutdown"]


async def test_a_start_that_fails_without_a_text_is_answered_with_the_name_of_the_error():
    app, server = App(startup=raiser(OSError())), Server()
    await app.talk(server)
    assert server.sent == [{"type": "lifespan.startup.failed", "message": "OSError"}]


async def test_a_shutdown_that_fails_is_logged_and_complete(caplog):
    app, server = App(shutdown=raiser(OSError("no disk"))), Server()
    await app.talk(server)
    assert server.sent[-1] == {"type": "lifespan.shutdown.complete"}
    assert "no disk" in caplog.text


async def test_a_shutdown_that_overruns_is_given_up_logged_and_complete(caplog):
    app, server = App(shutdown=sleep_forever), Server()
    await app.talk(server, grace=0)
    assert server.sent[-1] == {"type": "lifespan.shutdown.complete"}
    assert "the shutdown was given up after 0 s" in caplog.text


async def test_start_and_shutdown_run_in_one_task_and_may_share_a_task_group():
    groups = []

    async def enter():
        group = create_task_group()
        await group.__aenter__()
        group.start_soon(sleep_forever)
        groups.append(group)

    async def leave():
        groups[0].cancel_scope.cancel()
        await groups[0].__aexit__(None, None, None)

    app, server = App(startup=enter, shutdown=leave), Server()
    await app.talk(server)
    assert server.sent[-1] == {"type": "lifespan.shutdown.complete"}


async def test_a_cancelled_conversation_shuts_down_and_the_cancellation_passes():
    app, server = App(shutdown=checkpoint), Server(stops=False)
    with CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(app.talk, server)
            await wait_all_tasks_blocked()
            scope.cancel()
    assert app.steps == ["startup", "shutdown"]
    assert [message["type"] for message in server.sent] == ["lifespan.startup.complete"]


async def test_a_conversation_cancelled_while_it_starts_shuts_down():
    app, server = App(startup=sleep_forever), Server()
    async with create_task_group() as group:
        group.start_soon(app.talk, server)
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert app.steps == ["startup", "shutdown"]
    assert server.sent == []


async def test_a_cancellation_passes_a_shutdown_that_overruns():
    app, server = App(shutdown=sleep_forever), Server(stops=False)
    passed = []

    async def talk():
        try:
            await app.talk(server, grace=0)
        except anyio.get_cancelled_exc_class():
            passed.append(True)
            raise

    async with create_task_group() as group:
        group.start_soon(talk)
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert passed == [True]


@pytest.mark.parametrize("nth", [1, 2])
async def test_the_nth_receive_may_fail(nth, caplog):
    app, server = App(), Server(broken_receive=nth)
    await app.talk(server)
    assert app.steps == ([] if nth == 1 else ["startup", "shutdown"])
    assert "broke off" in caplog.text


@pytest.mark.parametrize("nth", [1, 2])
async def test_the_nth_send_may_fail(nth, caplog):
    app, server = App(), Server(broken_send=nth)
    await app.talk(server)
    assert app.steps == ["startup", "shutdown"]
    assert "broke off" in caplog.text


async def test_the_answer_of_a_failed_start_may_fail(caplog):
    app, server = App(startup=raiser(OSError("no database"))), Server(broken_send=1)
    await app.talk(server)
    assert app.steps == ["startup", "shutdown"]
    assert "broke off" in caplog.text


@NATIVE
def test_a_native_cancellation_shuts_down_and_passes(use_uvloop):
    async def main():
        app = App(shutdown=checkpoint)
        task = asyncio.create_task(app.talk(Server(stops=False)))
        await wait_all_tasks_blocked()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert app.steps == ["startup", "shutdown"]

    anyio.run(main, backend="asyncio", backend_options={"use_uvloop": use_uvloop})


# a lifespan that dies


class Group:
    """A task group that the start enters and the shutdown leaves, one task of which fails when told to."""

    def __init__(self, *, fails_at_once=False):
        self.fail, self.dead = Event(), Event()
        self.fails_at_once = fails_at_once
        self.left = False

    async def startup(self):
        self.group = create_task_group()
        await self.group.__aenter__()
        self.group.start_soon(self.child)
        if self.fails_at_once:
            self.fail.set()
            await sleep_forever()

    async def child(self):
        await self.fail.wait()
        raise OSError("crashed")

    async def shutdown(self):
        with pytest.raises(ExceptionGroup):
            await self.group.__aexit__(None, None, None)
        self.left = True
        self.dead.set()


class Patient(Server):
    """A server that stops the app when it is told to."""

    def __init__(self):
        super().__init__()
        self.stop = Event()

    async def receive(self):
        self.received += 1
        if self.received == 1:
            return {"type": "lifespan.startup"}
        await self.stop.wait()
        return {"type": "lifespan.shutdown"}


async def test_a_lifespan_whose_task_group_fails_is_dead_and_shut_down_at_once_but_answers_the_server():
    group, server, dead = Group(), Patient(), Event()

    async def talk():
        await conversation(server.receive, server.send, startup=group.startup, shutdown=group.shutdown, died=dead.set)

    async with create_task_group() as tasks:
        tasks.start_soon(talk)
        await wait_all_tasks_blocked()
        group.fail.set()
        await dead.wait()
        await wait_all_tasks_blocked()
        assert group.left
        assert server.sent == [{"type": "lifespan.startup.complete"}]
        server.stop.set()
    assert server.sent[1:] == [{"type": "lifespan.shutdown.complete"}]


async def test_a_dead_lifespan_can_be_cancelled():
    group, server = Group(), Patient()

    async def talk():
        await conversation(server.receive, server.send, startup=group.startup, shutdown=group.shutdown)

    async with create_task_group() as tasks:
        tasks.start_soon(talk)
        await wait_all_tasks_blocked()
        group.fail.set()
        await group.dead.wait()
        tasks.cancel_scope.cancel()
    assert len(server.sent) == 1


async def test_a_start_whose_task_group_fails_has_failed(caplog):
    group, server, deaths = Group(fails_at_once=True), Server(), []
    await conversation(
        server.receive, server.send, startup=group.startup, shutdown=group.shutdown, died=lambda: deaths.append(1)
    )
    [message] = server.sent
    assert message["type"] == "lifespan.startup.failed"
    assert "task group" in message["message"]
    assert deaths == []


async def test_a_cancellation_from_outside_is_no_death():
    app, server, deaths = App(shutdown=checkpoint), Server(stops=False), []

    async def talk():
        await app.talk(server, died=lambda: deaths.append(1))

    async with create_task_group() as group:
        group.start_soon(talk)
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert app.steps == ["startup", "shutdown"]
    assert deaths == []


@NATIVE
def test_a_native_cancellation_while_the_app_serves_is_a_death_and_passes(use_uvloop):
    """That is how an asyncio.TaskGroup of the lifespan's fails."""

    async def main():
        deaths = []
        task = asyncio.create_task(App().talk(Server(stops=False), died=lambda: deaths.append(1)))
        await wait_all_tasks_blocked()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert deaths == [1]

    anyio.run(main, backend="asyncio", backend_options={"use_uvloop": use_uvloop})


async def test_the_scope_round_start_and_shutdown_may_be_given():
    scope = CancelScope()
    seen = []

    async def startup():
        seen.append(scope.shield)

    async def shutdown():
        seen.append(scope.shield)

    server = Server()
    await conversation(server.receive, server.send, startup=startup, shutdown=shutdown, scope=scope)
    assert seen == [False, True]


# drive


class Driven:
    """An app with a lifespan that records what happens in it."""

    def __init__(self, *, failure=None, crash=None, stop_answer="lifespan.shutdown.complete", end=None):
        self.failure, self.crash, self.stop_answer, self.end = failure, crash, stop_answer, end
        self.events = []
        self.tasks = []
        self.scope = None

    async def __call__(self, scope, receive, send):
        self.scope = scope
        self.tasks.append(get_current_task())
        self.events.append((await receive())["type"])
        scope["state"]["db"] = "open"
        if self.failure is not None:
            await send({"type": "lifespan.startup.failed", **self.failure})
            return
        await send({"type": "lifespan.startup.complete"})
        if self.crash is not None:
            raise self.crash
        self.events.append((await receive())["type"])
        self.tasks.append(get_current_task())
        if self.end is not None:
            await self.end()
        await send({"type": self.stop_answer})


async def test_a_driven_app_starts_before_the_block_and_stops_after_it():
    app = Driven()
    async with drive(app, {}) as supported:
        assert supported
        assert app.events == ["lifespan.startup"]
    assert app.events == ["lifespan.startup", "lifespan.shutdown"]


async def test_a_driven_app_gets_a_lifespan_scope_with_the_given_state():
    app, state = Driven(), {}
    async with drive(app, state):
        assert state == {"db": "open"}
    assert app.scope == {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    assert app.scope["state"] is state


async def test_a_driven_app_has_one_task_from_start_to_stop_which_is_not_the_blocks():
    app = Driven()
    async with drive(app, {}):
        task = get_current_task()
    assert app.tasks[0] == app.tasks[1] != task


async def test_an_app_that_raises_before_it_answered_has_no_lifespan():
    async def app(scope, receive, send):
        raise NotImplementedError(scope["type"])

    async with drive(app, {}) as supported:
        assert not supported


async def test_an_app_that_returns_before_it_answered_has_no_lifespan():
    async def app(scope, receive, send):
        await receive()

    async with drive(app, {}) as supported:
        assert not supported


@pytest.mark.parametrize(("failure", "text"), [({"message": "no database"}, "no database"), ({}, "")])
async def test_an_app_that_cannot_start_raises_what_it_answered(failure, text):
    app = Driven(failure=failure)
    with pytest.raises(LifespanFailed) as caught:
        async with drive(app, {}):
            raise AssertionError("not reached")
    assert str(caught.value) == text
    assert app.events == ["lifespan.startup"]


async def test_an_app_that_answers_that_it_cannot_start_and_then_raises_is_logged_once_by_itself(caplog):
    async def app(scope, receive, send):
        await send({"type": "lifespan.startup.failed", "message": "no database"})
        raise OSError("no database")

    with caplog.at_level(logging.DEBUG), pytest.raises(LifespanFailed, match="no database"):
        async with drive(app, {}):
            pass
    assert [record for record in caplog.records if record.name == "hawkapi"] == []


async def test_a_crash_while_serving_is_logged_and_the_block_goes_on(caplog):
    app = Driven(crash=OSError("crashed"))
    async with drive(app, {}) as supported:
        assert supported
        await wait_all_tasks_blocked()
    assert [record.levelname for record in caplog.records if "crashed" in record.getMessage()] == ["CRITICAL"]
    assert app.events == ["lifespan.startup"]


async def test_an_app_that_returns_while_serving_is_not_asked_to_stop():
    async def app(scope, receive, send):
        await send({"type": "lifespan.startup.complete"})

    async with drive(app, {}) as supported:
        assert supported
        await wait_all_tasks_blocked()


async def test_a_shutdown_that_failed_is_logged(caplog):
    async with drive(Driven(stop_answer="lifespan.shutdown.failed"), {}):
        pass
    assert "the shutdown of" in caplog.text


async def test_an_app_that_waits_for_more_after_its_last_answer_is_ended():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        while True:
            await receive()
            await send({"type": "lifespan.shutdown.complete"})

    async with drive(app, {}):
        pass


async def test_an_app_that_does_not_stop_in_time_is_given_up_and_logged(caplog):
    async with drive(Driven(end=sleep_forever), {}, grace=0):
        pass
    assert "was given up after 0 s" in caplog.text


async def test_an_error_of_the_block_leaves_as_it_was_raised_and_the_app_stops():
    app = Driven()
    error = ValueError("body")
    with pytest.raises(ValueError, match="body") as caught:
        async with drive(app, {}):
            raise error
    assert caught.value is error
    assert app.events == ["lifespan.startup", "lifespan.shutdown"]


async def test_a_cancelled_block_lets_the_app_stop_in_order():
    app = Driven(end=checkpoint)
    reached = []
    with CancelScope() as scope:
        async with drive(app, {}):
            scope.cancel()
            await sleep_forever()
        reached.append(True)
    assert scope.cancelled_caught
    assert app.events == ["lifespan.startup", "lifespan.shutdown"]
    assert reached == []


async def test_a_cancellation_while_the_app_starts_cancels_the_app():
    cancelled = []

    async def app(scope, receive, send):
        try:
            await sleep_forever()
        except anyio.get_cancelled_exc_class():
            cancelled.append(True)
            raise

    async def start():
        async with drive(app, {}):
            raise AssertionError("not reached")

    async with create_task_group() as group:
        group.start_soon(start)
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert cancelled == [True]


async def test_an_app_may_leave_in_its_shutdown_what_it_entered_in_its_start():
    done = []

    async def app(scope, receive, send):
        await receive()
        async with create_task_group() as group:
            group.start_soon(sleep_forever)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            group.cancel_scope.cancel()
        done.append(True)
        await send({"type": "lifespan.shutdown.complete"})

    with CancelScope() as scope:
        async with drive(app, {}):
            scope.cancel()
            await checkpoint()
    assert done == [True]


async def test_driven_apps_nest_and_stop_in_reverse_order():
    stopped = []

    def named(name):
        async def stop():
            stopped.append(name)

        return Driven(end=stop)

    async with drive(named("first"), {}), drive(named("second"), {}):
        pass
    assert stopped == ["second", "first"]


async def test_both_sides_of_the_conversation_fit():
    app = App()

    async def asgi(scope, receive, send):
        await conversation(receive, send, startup=app.startup, shutdown=app.shutdown)

    async with drive(asgi, {}) as supported:
        assert supported
        assert app.steps == ["startup"]
    assert app.steps == ["startup", "shutdown"]


@NATIVE
def test_a_native_cancellation_of_the_block_stops_the_app_and_passes(use_uvloop):
    async def main():
        app = Driven(end=checkpoint)
        inside = Event()

        async def serve():
            async with drive(app, {}):
                inside.set()
                await sleep_forever()

        task = asyncio.create_task(serve())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert app.events == ["lifespan.startup", "lifespan.shutdown"]

    anyio.run(main, backend="asyncio", backend_options={"use_uvloop": use_uvloop})


@NATIVE
def test_a_second_native_cancellation_ends_an_app_that_does_not_stop(use_uvloop):
    async def main():
        stopping = Event()

        async def hang():
            stopping.set()
            await sleep_forever()

        inside = Event()

        async def serve():
            async with drive(Driven(end=hang), {}):
                inside.set()
                await sleep_forever()

        task = asyncio.create_task(serve())
        await inside.wait()
        task.cancel()
        await stopping.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    anyio.run(main, backend="asyncio", backend_options={"use_uvloop": use_uvloop})

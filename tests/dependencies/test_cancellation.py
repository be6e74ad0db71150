"""Cleanup when the request is cancelled: shielded, bounded, once, and no commit."""

from typing import Annotated

import pytest
from anyio import CancelScope, Event, create_task_group, sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.runtime import exits
from tests.app.wire import Wire, exchange
from tests.asgi import call
from tests.dependencies.cleanup import ASYNC, KINDS, WAITING, logged

each_kind = pytest.mark.parametrize("kind", KINDS)


async def cancelled(app, entered):
    """Call the app, and cancel it once its handler was entered; gives what went out."""
    wire = Wire({"type": "http.request"})
    async with create_task_group() as group:
        group.start_soon(lambda: exchange(app, "GET", "/", wire=wire))
        await entered.wait()
        group.cancel_scope.cancel()
    return wire.sent


@each_kind
async def test_a_cancelled_request_rolls_all_back_and_answers_nothing(kind):
    app, log, entered = HawkAPI(), [], Event()

    @app.get("/", dependencies=[Depends(logged(log, name, kind)) for name in "ab"])
    async def handler():
        entered.set()
        await sleep_forever()

    assert await cancelled(app, entered) == []
    assert [line.partition(" ")[0] for line in log] == ["a", "b", "b", "a"]
    assert not any("committed" in line for line in log)


async def test_cleanup_is_shielded():
    app, log, entered = HawkAPI(), [], Event()

    async def opened():
        try:
            yield
        finally:
            for _ in range(3):
                await checkpoint()
            await wait_all_tasks_blocked()
            log.append("closed")

    @app.get("/")
    async def handler(found: Annotated[None, Depends(opened)]):
        entered.set()
        await sleep_forever()

    await cancelled(app, entered)
    assert log == ["closed"]


async def test_services_are_closed_under_a_shield():
    class Session:
        async def aclose(self):
            await checkpoint()
            log.append("closed")

    app, log, entered = HawkAPI(container=Container()), [], Event()
    app.container.scoped(Session, factory=Session)

    @app.get("/")
    async def handler(session: Session):
        entered.set()
        await sleep_forever()

    await cancelled(app, entered)
    assert log == ["closed"]


@each_kind
async def test_a_request_that_is_cancelled_in_a_dependency_rolls_back_what_is_open(kind):
    app, log, entered = HawkAPI(), [], Event()

    async def endless():
        entered.set()
        await sleep_forever()

    @app.get("/", dependencies=[Depends(logged(log, "a", kind)), Depends(endless)])
    async def handler():
        """Is not called."""

    await cancelled(app, entered)
    assert len(log) == 2
    assert log[1] != "a committed"


async def test_a_generator_that_is_cancelled_before_its_yield_is_not_closed_once_more():
    app, log, entered = HawkAPI(), [], Event()

    async def opened():
        try:
            entered.set()
            await sleep_forever()
            yield
        finally:
            log.append("closed")

    @app.get("/", dependencies=[Depends(logged(log, "a")), Depends(opened)])
    async def handler():
        """Is not called."""

    await cancelled(app, entered)
    assert log[:2] == ["a opened", "closed"]
    assert len(log) == 3


@each_kind
async def test_a_client_that_leaves_rolls_all_back(kind):
    app, log, entered = HawkAPI(), [], Event()

    class Leaving(Wire):
        async def receive(self):
            if not self.messages:
                await entered.wait()
            return await super().receive()

    @app.get("/", cancel_on_disconnect=True, dependencies=[Depends(logged(log, name, kind)) for name in "ab"])
    async def handler():
        entered.set()
        await sleep_forever()

    wire = await exchange(app, "GET", "/", wire=Leaving({"type": "http.request"}))
    assert wire.sent == []
    assert [line.partition(" ")[0] for line in log] == ["a", "b", "b", "a"]
    assert not any("committed" in line for line in log)


@each_kind
async def test_a_client_that_stays_has_its_answer_committed(kind):
    app, log = HawkAPI(), []

    class Staying(Wire):
        async def receive(self):
            if not self.messages:
                await sleep_forever()
            return await super().receive()

    @app.get("/", cancel_on_disconnect=True, dependencies=[Depends(logged(log, "a", kind))])
    async def handler():
        return 1

    wire = await exchange(app, "GET", "/", wire=Staying({"type": "http.request"}))
    assert wire.body == b"1"
    assert log == ["a opened", "a committed"]


async def test_the_commit_of_a_success_is_shielded_too():
    app, log, committing = HawkAPI(), [], Event()

    async def opened():
        yield
        committing.set()
        await wait_all_tasks_blocked()
        log.append("committed")

    @app.get("/")
    async def handler(found: Annotated[None, Depends(opened)]):
        """Succeeds."""

    await cancelled(app, committing)
    assert log == ["committed"]


# bounded


@pytest.fixture
def hurried(monkeypatch):
    """Have cleanup given up after a hundredth of a second."""
    begin = exits.begin_cleanup
    monkeypatch.setattr(exits, "begin_cleanup", lambda scope, seconds: begin(scope, 0.01))


async def test_a_commit_that_never_ends_is_given_up_and_a_500(hurried, caplog):
    app, log = HawkAPI(), []

    async def stuck():
        yield
        await sleep_forever()

    @app.get("/", dependencies=[Depends(logged(log, "a", ASYNC)), Depends(logged(log, "b")), Depends(stuck)])
    async def handler():
        """Succeeds."""

    assert (await call(app, "GET", "/")).status == 500
    assert "stuck (" in caplog.text
    assert log[2:] == ["b committed", "a committed"]


async def test_a_rollback_that_never_ends_is_given_up(hurried, caplog):
    app, log, entered = HawkAPI(), [], Event()

    async def stuck():
        try:
            yield
        finally:
            await sleep_forever()

    @app.get("/", dependencies=[Depends(logged(log, "a", WAITING)), Depends(stuck)])
    async def handler():
        entered.set()
        await sleep_forever()

    assert await cancelled(app, entered) == []
    assert "stuck (" in caplog.text
    assert len(log) == 2


async def test_a_cancellation_passes_to_whoever_cancelled():
    app, entered = HawkAPI(), Event()

    async def swallows():
        try:
            yield
        except BaseException:  # noqa: BLE001 - that is what is tried
            await checkpoint()

    @app.get("/", dependencies=[Depends(swallows)])
    async def handler():
        entered.set()
        await sleep_forever()

    wire = Wire({"type": "http.request"})
    with CancelScope() as outer:
        async with create_task_group() as group:

            async def cancel():
                await entered.wait()
                outer.cancel()

            group.start_soon(cancel)
            await exchange(app, "GET", "/", wire=wire)
            raise AssertionError("the request went on")
    assert outer.cancelled_caught
    assert wire.sent == []

"""A singleton is made once: by fifty first requests at the same time, and for two event loops in turn."""

from typing import Annotated

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, wait_all_tasks_blocked

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from tests.asgi import call

CLIENTS = 50


class Database:
    """Made once."""


async def answers_of(app, path="/"):
    """Have all clients ask at the same time."""
    answers = []

    async def ask():
        answer = await call(app, "GET", path)
        answers.append(answer.json() if answer.status == 200 else answer.status)

    async with create_task_group() as group:
        for _ in range(CLIENTS):
            group.start_soon(ask)
    return answers


def serving(factory, *, register="singleton"):
    """Make an app with handlers of both kinds that answer which instance they have."""
    app, kept = HawkAPI(container=Container()), []
    getattr(app.container, register)(Database, factory=factory)

    def number_of(database):
        if not any(database is one for one in kept):
            kept.append(database)
        return len(kept)

    @app.get("/")
    async def handler(database: Database):
        return number_of(database)

    @app.get("/sync")
    def sync_handler(database: Database):
        return number_of(database)

    @app.get("/dependency")
    async def through_a_dependency(number: Annotated[int, Depends(lambda database=Depends(Database): database)]):
        return number_of(number)

    return app


def counted(calls, result=Database):
    """Make a factory that waits until all who ask are waiting for it."""

    async def factory():
        calls.append(1)
        await wait_all_tasks_blocked()
        return result()

    return factory


each_path = pytest.mark.parametrize("path", ["/", "/sync", "/dependency"])


@each_path
async def test_fifty_first_requests_make_it_once(path):
    app = serving(counted(calls := []))
    assert await answers_of(app, path) == [1] * CLIENTS
    assert calls == [1]


@each_path
def test_two_event_loops_in_turn_make_it_once(hawk_backend, path):
    backend, options = hawk_backend
    app = serving(counted(calls := []))
    for _ in range(2):
        assert anyio.run(answers_of, app, path, backend=backend, backend_options=options) == [1] * CLIENTS
    assert calls == [1]


@pytest.mark.parametrize("backends", [["asyncio", "trio"], ["trio", "asyncio"]])
def test_loops_of_two_backends_in_turn_make_it_once(backends):
    app = serving(counted(calls := []))
    for backend in backends:
        assert anyio.run(answers_of, app, backend=backend) == [1] * CLIENTS
    assert calls == [1]


def test_a_sync_factory_makes_it_once_too(hawk_backend):
    backend, options = hawk_backend
    calls = []

    def factory():
        calls.append(1)
        return Database()

    app = serving(factory)
    for _ in range(2):
        assert anyio.run(answers_of, app, backend=backend, backend_options=options) == [1] * CLIENTS
    assert calls == [1]


async def test_one_that_is_none_is_made_once_too():
    calls = []
    app = serving(counted(calls, result=lambda: None))
    assert await answers_of(app) == [1] * CLIENTS
    assert calls == [1]


async def test_those_that_need_each_other_are_made_once():
    class Repository:
        """Needs the database."""

    app, calls = HawkAPI(container=Container()), []
    app.container.singleton(Database, factory=counted(calls))

    async def repository(database=Depends(Database)):
        calls.append(2)
        await wait_all_tasks_blocked()
        return Repository()

    app.container.singleton(Repository, factory=repository)

    @app.get("/")
    async def handler(repository: Repository, database: Database):
        return [type(repository).__name__, type(database).__name__]

    assert await answers_of(app) == [["Repository", "Database"]] * CLIENTS
    assert sorted(calls) == [1, 2]


async def test_one_that_could_not_be_made_is_tried_by_the_next_that_waits():
    calls = []

    def result():
        if len(calls) == 1:
            raise LookupError
        return Database()

    app = serving(counted(calls, result))
    assert sorted(await answers_of(app)) == [*[1] * (CLIENTS - 1), 500]
    assert calls == [1, 1]


async def test_one_whose_maker_was_cancelled_is_made_by_another():
    app, calls, entered = HawkAPI(container=Container()), [], Event()

    async def factory():
        calls.append(1)
        if len(calls) == 1:
            entered.set()
            await anyio.sleep_forever()
        await wait_all_tasks_blocked()
        return Database()

    app.container.singleton(Database, factory=factory)

    @app.get("/")
    async def handler(database: Database):
        return 1

    first = CancelScope()

    async def cancelled():
        with first:
            await call(app, "GET", "/")

    async def cancel():
        await wait_all_tasks_blocked()
        first.cancel()

    async with create_task_group() as group:
        group.start_soon(cancelled)
        await entered.wait()
        group.start_soon(cancel)
        assert await answers_of(app) == [1] * CLIENTS
    assert calls == [1, 1]


def test_one_that_could_not_be_made_in_a_loop_is_made_in_the_next(hawk_backend):
    backend, options = hawk_backend
    calls = []

    def result():
        if len(calls) <= CLIENTS:
            raise LookupError
        return Database()

    app = serving(counted(calls, result))
    found = [anyio.run(answers_of, app, backend=backend, backend_options=options) for _ in range(2)]
    assert found == [[500] * CLIENTS, [1] * CLIENTS]


async def test_a_scoped_one_is_made_once_in_each_of_fifty_requests():
    calls = []
    app = serving(counted(calls), register="scoped")
    assert sorted(await answers_of(app)) == list(range(1, CLIENTS + 1))
    assert len(calls) == CLIENTS


async def test_a_scope_makes_one_once_for_tasks_of_its_own():
    container, calls, found = Container(), [], []
    container.scoped(Database, factory=counted(calls))
    async with container.scope() as scope:

        async def ask():
            found.append(await scope.resolve(Database))

        async with create_task_group() as group:
            for _ in range(CLIENTS):
                group.start_soon(ask)
    assert len({id(one) for one in found}) == 1
    assert calls == [1]

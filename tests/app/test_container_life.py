"""Services that a start registers are forgotten by its stop, with all else (contract 2.8)."""

from contextlib import ExitStack

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.testing.async_client import AsyncTestClient
from hawkapi.testing.client import TestClient


class Database:
    def __init__(self, number=0):
        self.number = number


class Kept: ...


@pytest.mark.parametrize("given", [True, False])
async def test_each_start_registers_its_services_anew(given):
    app = HawkAPI(container=Container()) if given else HawkAPI()
    starts = []

    @app.on_startup
    def register():
        made = Database(len(starts))
        starts.append(made)
        app.container.singleton(Database, factory=lambda: made)

    @app.get("/")
    async def read(database: Database):
        return database.number

    for number in range(2):
        async with AsyncTestClient(app) as client:
            assert (await client.get("/")).json() == number
        assert not app.container.has(Database)


async def test_what_was_registered_before_the_start_stays():
    app = HawkAPI()
    app.container.singleton(Kept, factory=Kept)
    app.on_startup(lambda: app.container.singleton(Database, factory=Database))
    made = await app.container.resolve(Kept)
    async with AsyncTestClient(app):
        pass
    assert await app.container.resolve(Kept) is made
    assert not app.container.has(Database)


def test_an_app_that_stops_leaves_what_another_has_registered_in_their_container(hawk_backend):
    backend, options = hawk_backend
    container = Container()
    first, second = HawkAPI(container=container), HawkAPI(container=container)
    second.on_startup(lambda: container.singleton(Database, factory=Database))

    @second.get("/")
    async def read(database: Database):
        return id(database)

    with ExitStack() as lives:
        of_the_first = lives.enter_context(ExitStack())
        of_the_first.enter_context(TestClient(first, backend=backend, backend_options=options))
        client = lives.enter_context(TestClient(second, backend=backend, backend_options=options))
        before = client.get("/").json()
        of_the_first.close()
        assert container.has(Database)
        assert client.get("/").json() == before
    assert not container.has(Database)


async def test_an_app_that_stops_leaves_what_was_registered_while_it_lived():
    app = HawkAPI(container=Container())
    async with AsyncTestClient(app):
        app.container.singleton(Kept, factory=Kept)
        made = await app.container.resolve(Kept)
    assert await app.container.resolve(Kept) is made

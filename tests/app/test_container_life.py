"""Services that a start registers are forgotten by its stop, with all else (contract 2.8)."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.testing.async_client import AsyncTestClient


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

import gc
import weakref
from contextlib import ExitStack
from threading import Thread

import anyio
import pytest
from anyio import Event, create_task_group, wait_all_tasks_blocked

from hawkapi.di import Container, Depends, Lifecycle
from hawkapi.di.provider import UNMADE


class Database:
    def __init__(self, name="real"):
        self.name = name


class Repo:
    def __init__(self, db: Database):
        self.db = db


class Service:
    def __init__(self, repo: Repo):
        self.repo = repo


class Other: ...


def fake():
    return Database("fake")


@pytest.fixture
def container():
    container = Container()
    container.singleton(Database, factory=Database)
    container.singleton(Repo, factory=lambda db=Depends(Database): Repo(db))
    container.singleton(Service, factory=lambda repo=Depends(Repo): Service(repo))
    container.singleton(Other, factory=Other)
    return container


async def test_an_override_is_seen_by_all_that_depends_on_it(container):
    before = await container.resolve(Service)
    with container.override(Database, factory=fake):
        inside = await container.resolve(Service)
        assert inside.repo.db.name == "fake"
        assert inside.repo.db is await container.resolve(Database)
        assert inside is await container.resolve(Service)
    assert await container.resolve(Service) is before
    assert (await container.resolve(Database)).name == "real"


async def test_what_does_not_depend_on_it_stays_as_it_is(container):
    other = await container.resolve(Other)
    with container.override(Database, factory=fake):
        assert await container.resolve(Other) is other
    assert await container.resolve(Other) is other


async def test_what_is_made_inside_is_dropped(container):
    with container.override(Database, factory=fake):
        first = await container.resolve(Service)
    with container.override(Database, factory=fake):
        assert await container.resolve(Service) is not first
    kept = weakref.ref(first)
    del first
    gc.collect()
    assert kept() is None


async def test_a_provider_that_was_taken_before_shows_the_override(container):
    database, service = container.provider(Database), container.provider(Service)
    await service.get(None)
    real = service.value
    with container.override(Database, factory=fake):
        assert database.value is service.value is UNMADE
        assert (await service.get(None)).repo.db.name == "fake"
        with container.override_value(Repo, "repo"):
            assert (await service.get(None)).repo == "repo"
    assert service.value is UNMADE
    assert await service.get(None) is real
    assert service.value is real


async def test_overrides_nest(container):
    with container.override(Database, factory=fake):
        outer = await container.resolve(Service)
        with container.override(Database, factory=lambda: Database("inner")):
            assert (await container.resolve(Service)).repo.db.name == "inner"
            with container.override(Repo, factory=lambda other=Depends(Other): Repo(other)):
                assert type((await container.resolve(Service)).repo.db) is Other
            assert (await container.resolve(Service)).repo.db.name == "inner"
        assert await container.resolve(Service) is outer


async def test_overrides_may_end_in_any_order(container):
    real = await container.resolve(Service)
    first, second = ExitStack(), ExitStack()
    first.enter_context(container.override(Database, factory=fake))
    second.enter_context(container.override(Repo, factory=lambda db=Depends(Database): Repo([db])))
    assert (await container.resolve(Service)).repo.db[0].name == "fake"
    first.close()
    assert (await container.resolve(Service)).repo.db[0].name == "real"
    second.close()
    assert await container.resolve(Service) is real


async def test_it_is_restored_after_an_error(container):
    with pytest.raises(OSError, match="in the block"), container.override(Database, factory=fake):
        raise OSError("in the block")
    assert (await container.resolve(Database)).name == "real"


async def test_a_service_keeps_its_lifecycle(container):
    container.scoped(list, factory=list)
    container.transient(set, factory=set)
    with (
        container.override(list, factory=lambda: ["fake"]),
        container.override(set, factory=lambda: {"fake"}),
    ):
        async with container.scope() as scope:
            assert await scope.resolve(list) == ["fake"]
            assert await scope.resolve(list) is await scope.resolve(list)
            assert await scope.resolve(set) is not await scope.resolve(set)
        with pytest.raises(RuntimeError, match="without a scope"):
            await container.resolve(list)


async def test_an_open_scope_shows_the_override_and_then_what_it_had(container):
    closed = []

    class Session:
        def __init__(self, db):
            self.db = db

        def close(self):
            closed.append(self.db.name)

    container.scoped(Session, factory=lambda db=Depends(Database): Session(db))
    async with container.scope() as scope:
        before = await scope.resolve(Session)
        with container.override(Database, factory=fake):
            assert (await scope.resolve(Session)).db.name == "fake"
        assert await scope.resolve(Session) is before
    assert closed == ["fake", "real"]


async def test_an_unknown_service_is_a_singleton_known_inside_only(container):
    class New: ...

    with container.override(New, factory=New, name="x"):
        assert container.has(New, "x")
        assert await container.resolve(New, "x") is await container.resolve(New, "x")
        provider = container.provider(New, "x")
        assert provider.lifecycle is Lifecycle.SINGLETON
        with container.override(New, factory=New, name="x"):
            assert container.provider(New, "x") is provider
        assert provider in container.providers()
    assert not container.has(New, "x")
    assert provider not in container.providers()
    with pytest.raises(LookupError, match="No provider for New"):
        await provider.get(None)


async def test_an_unknown_service_may_be_registered_inside():
    container = Container()
    with container.override(Database, factory=fake):
        container.scoped(Database, factory=Database)
        async with container.scope() as scope:
            assert (await scope.resolve(Database)).name == "fake"
    async with container.scope() as scope:
        assert (await scope.resolve(Database)).name == "real"


async def test_a_factory_may_depend_on_what_it_did_not_before(container):
    with container.override(Other, factory=lambda db=Depends(Database): [db]):
        assert (await container.resolve(Other))[0].name == "real"
        with container.override(Database, factory=fake):
            assert (await container.resolve(Other))[0].name == "fake"
        assert (await container.resolve(Other))[0].name == "real"


@pytest.mark.parametrize("value", [None, 7, Database, fake, UNMADE.__class__])
async def test_a_value_is_used_as_it_is(container, value):
    container.scoped(list, factory=lambda db=Depends(Database): [db])
    with container.override_value(Database, value):
        assert container.provider(Database).value is UNMADE
        assert await container.resolve(Database) is value
        assert container.provider(Database).value is value
        assert (await container.resolve(Repo)).db is value
        async with container.scope() as scope:
            assert await scope.resolve(list) == [value]
    assert (await container.resolve(Database)).name == "real"


async def test_a_value_stands_for_a_scoped_service_and_is_never_closed(container):
    class Session:
        def close(self):
            raise AssertionError("it is not the container's")

    container.scoped(Session, factory=Session)
    container.scoped(list, factory=lambda session=Depends(Session): session)
    session = Session()
    with container.override_value(Session, session):
        assert await container.resolve(Session) is session
        assert await container.provider(Session).get(None) is session
        async with container.scope() as scope:
            assert await scope.resolve(Session) is session
            assert await scope.resolve(list) is session


async def test_a_value_stands_for_an_unknown_service(container):
    with container.override_value(str, "given", name="x"):
        assert await container.resolve(str, "x") == "given"
        assert container.provider(str, "x").factory() == "given"
    assert not container.has(str, "x")


async def test_a_singleton_that_is_in_the_making_belongs_to_where_it_was_begun(container):
    async def slow(db=Depends(Database)):
        await gate.wait()
        return [db.name]

    async def resolve():
        answers.append(await provider.get(None))

    container.singleton(list, factory=slow)
    provider, gate, answers = container.provider(list), Event(), []
    async with create_task_group() as group:
        group.start_soon(resolve)
        await wait_all_tasks_blocked()
        with container.override(Database, factory=fake):
            gate.set()
            await wait_all_tasks_blocked()
            assert answers == [["real"]]
            assert provider.value is UNMADE
            assert await provider.get(None) == ["fake"]
    assert await provider.get(None) is answers[0]


async def test_what_is_in_the_making_inside_is_dropped_if_the_block_ends_first(container):
    async def slow():
        await gate.wait()
        return Database("late")

    async def resolve():
        answers.append(await provider.get(None))

    provider, gate, answers = container.provider(Database), Event(), []
    async with create_task_group() as group:
        with container.override(Database, factory=slow):
            group.start_soon(resolve)
            await wait_all_tasks_blocked()
        gate.set()
    assert answers[0].name == "late"
    assert provider.value is UNMADE
    assert (await provider.get(None)).name == "real"


async def test_an_override_of_a_mistake_is_a_mistake_inside_only(container):
    def broken(repo: Repo): ...

    with container.override(Database, factory=broken):
        assert len(container.mistakes()) == 1
        with pytest.raises(RuntimeError, match="Database -> Repo -> Database"):
            await container.resolve(Database)
    assert container.mistakes() == []
    assert (await container.resolve(Service)).repo.db.name == "real"


def test_a_thread_may_override_what_a_loop_uses(container, hawk_backend):
    """Each answer is of one side or the other, whole."""

    async def serve():
        while not done:
            service = await container.resolve(Service)
            names.add((service.repo.db.name, type(service).__name__))
            await anyio.lowlevel.checkpoint()

    def override():
        for _ in range(200):
            with container.override(Database, factory=fake):
                pass
        done.append(True)

    done, names = [], set()
    thread = Thread(target=override)
    thread.start()
    backend, options = hawk_backend
    anyio.run(serve, backend=backend, backend_options=options)
    thread.join(20)
    assert names <= {("real", "Service"), ("fake", "Service")}

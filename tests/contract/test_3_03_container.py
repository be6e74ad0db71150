"""Contract 3.3: `Container()` by itself, and its introspection."""

import json

import pytest

from hawkapi import Container, Depends
from hawkapi.di.introspection import container_graph, to_mermaid


class Database:
    def __init__(self, name="real"):
        self.name = name


class Session:
    def __init__(self, database):
        self.database = database


def session_of(database=Depends(Database)):
    return Session(database)


class Unknown:
    """Nobody provides it."""


@pytest.fixture
def container():
    container = Container()
    container.singleton(Database, factory=Database)
    container.scoped(Session, factory=session_of)
    container.transient(Database, factory=lambda: Database("replica"), name="replica")
    return container


def test_a_second_registration_is_refused(container):
    with pytest.raises(ValueError, match="already registered"):
        container.scoped(Database, factory=Database)
    with pytest.raises(ValueError, match="already registered"):
        container.scoped(Database, factory=Database, name="replica")
    container.scoped(Database, factory=Database, name="another")


def test_has(container):
    assert container.has(Database)
    assert container.has(Database, name="replica")
    assert not container.has(Session, "replica")
    assert not container.has(Unknown)


async def test_resolve(container):
    assert (await container.resolve(Database)).name == "real"
    assert (await container.resolve(Database, name="replica")).name == "replica"


async def test_a_scoped_one_outside_of_a_scope(container):
    with pytest.raises(RuntimeError, match="without a scope"):
        await container.resolve(Session)


async def test_an_unknown_one(container):
    with pytest.raises(LookupError, match="No provider"):
        await container.resolve(Unknown)
    async with container.scope() as scope:
        with pytest.raises(LookupError, match="No provider"):
            await scope.resolve(Unknown)


async def test_factories_are_given_what_they_depend_on(container):
    async with container.scope() as scope:
        session = await scope.resolve(Session)
        assert session.database is await container.resolve(Database)
        assert session is await scope.resolve(Session)
        assert (await scope.resolve(Database, name="replica")).name == "replica"


async def test_factories_may_be_async(container):
    async def factory(database=Depends(Database)):
        return [database.name]

    container.transient(list, factory=factory)
    assert await container.resolve(list) == ["real"]


async def test_an_override_is_seen_by_factories_that_depend_on_the_type(container):
    with container.override(Database, factory=lambda: Database("mock")):
        assert (await container.resolve(Database)).name == "mock"
        async with container.scope() as scope:
            assert (await scope.resolve(Session)).database.name == "mock"
    assert (await container.resolve(Database)).name == "real"


async def test_an_override_of_a_name_is_for_the_name(container):
    with container.override(Database, factory=lambda: Database("mock"), name="replica"):
        names = [(await container.resolve(Database, name=name)).name for name in (None, "replica")]
    assert names == ["real", "mock"]


async def test_a_type_that_was_not_registered_is_known_only_inside(container):
    with container.override(Unknown, factory=Unknown):
        assert container.has(Unknown)
        assert isinstance(await container.resolve(Unknown), Unknown)
    assert not container.has(Unknown)
    with pytest.raises(LookupError, match="No provider"):
        await container.resolve(Unknown)


@pytest.mark.parametrize("method", ["aclose", "close", "async close"])
async def test_scoped_ones_are_closed_at_the_end(method):
    log = []

    class Closing:
        """Gets one of the methods."""

    async def in_loop(self):
        log.append("closed")

    def sync(self):
        log.append("closed")

    setattr(Closing, method.rpartition(" ")[2], sync if method == "close" else in_loop)
    container = Container()
    container.scoped(Closing, factory=Closing)
    async with container.scope() as scope:
        await scope.resolve(Closing)
        assert log == []
    assert log == ["closed"]


async def test_all_are_closed_even_if_some_fail(caplog):
    log = []

    class First:
        def close(self):
            log.append("first")

    class Second:
        def close(self):
            raise OSError("disk full")

    container = Container()
    container.scoped(First, factory=First)
    container.scoped(Second, factory=Second)
    with pytest.raises(OSError, match="disk full"):
        async with container.scope() as scope:
            await scope.resolve(First)
            await scope.resolve(Second)
    assert log == ["first"]


# introspection


def test_the_graph(container):
    graph = container_graph(container)
    assert set(graph) == {"Database", "Session", "Database[replica]"}
    assert {key: graph["Session"][key] for key in ("lifecycle", "name", "dependencies")} == {
        "lifecycle": "scoped",
        "name": None,
        "dependencies": ["Database"],
    }
    assert graph["Database"]["lifecycle"] == "singleton"
    assert graph["Database"]["dependencies"] == []
    assert graph["Database[replica]"]["name"] == "replica"
    assert isinstance(graph["Database"]["factory"], str)
    assert json.loads(json.dumps(graph)) == graph


def test_the_diagram(container):
    text = to_mermaid(container)
    assert text.startswith("graph TD")
    lines = [line.strip() for line in text.splitlines()]
    assert "Session --> Database" in lines
    (singleton,) = [line for line in lines if "([" in line]
    (scoped,) = [line for line in lines if "[[" in line]
    (transient,) = [line for line in lines if "((" in line]
    assert "Database" in singleton
    assert "singleton" in singleton
    assert "Session" in scoped
    assert "scoped" in scoped
    assert "replica" in transient
    assert "transient" in transient

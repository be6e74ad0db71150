"""What a factory is given for its parameters."""

import functools
from dataclasses import dataclass
from typing import Annotated, NewType

import msgspec
import pytest

from hawkapi.di import Container, Depends


class Database: ...


class Session: ...


Url = NewType("Url", str)


@pytest.fixture
def container():
    container = Container()
    container.singleton(Database, factory=Database)
    container.singleton(Database, name="replica", factory=lambda: "replica")
    return container


async def made(container, factory):
    """Resolve a list of what the factory was called with."""
    container.transient(list, factory=factory)
    return await container.resolve(list)


@pytest.mark.parametrize(
    "factory",
    [
        lambda db=Depends(Database): [db],
        lambda *, db=Depends(Database): [db],
    ],
)
async def test_a_default_that_depends_on_a_type(container, factory):
    assert await made(container, factory) == [await container.resolve(Database)]


async def test_an_annotation_alone(container):
    def factory(db: Database):
        return [db]

    assert await made(container, factory) == [await container.resolve(Database)]


async def test_an_annotation_with_depends(container):
    def factory(db: Annotated[Database, "of the app", Depends()]):
        return [db]

    assert await made(container, factory) == [await container.resolve(Database)]


async def test_depends_that_takes_its_type_from_the_annotation(container):
    def factory(db: Database = Depends()):
        return [db]

    assert await made(container, factory) == [await container.resolve(Database)]


async def test_depends_by_name(container):
    def factory(
        a: Annotated[Database, Depends(name="replica")],
        b: Annotated[object, Depends(Database, name="replica")],
        c: Annotated[Database, Depends(name="replica")] | None,
        d: Database = Depends(name="replica"),
    ):
        return [a, b, c, d]

    assert await made(container, factory) == ["replica"] * 4


@pytest.mark.parametrize("annotation", [Database | None, Annotated[Database, 1] | None, Annotated[Database | None, 1]])
async def test_of_an_optional_type_the_type_is_asked_for(container, annotation):
    def factory(db: annotation):
        return [db]

    assert await made(container, factory) == [await container.resolve(Database)]


async def test_a_union_is_asked_for_as_such(container):
    container.singleton(Database | Session, factory=lambda: "either")

    def factory(either: Database | Session):
        return [either]

    assert await made(container, factory) == ["either"]


async def test_a_new_type_and_a_generic_one_are_types(container):
    container.singleton(Url, factory=lambda: Url("sqlite://"))
    container.singleton(list[int], factory=lambda: [1])

    def factory(url: Url, numbers: list[int]):
        return [url, numbers]

    assert await made(container, factory) == ["sqlite://", [1]]


async def test_what_nobody_provides_keeps_its_default(container):
    def factory(
        a: Annotated[Session | None, Depends()] = None,
        b: Annotated[str, Depends(name="b")] = "b",
        c: Session | None = None,
        *rest,
        d: Annotated[int, Depends()] = 4,
        **more,
    ):
        return [a, b, c, rest, d, more]

    assert await made(container, factory) == [None, "b", None, (), 4, {}]


async def test_a_default_without_depends_is_kept(container):
    def factory(db: Database | None = None, name="x"):
        return [db, name]

    assert await made(container, factory) == [None, "x"]


async def test_parameters_after_a_kept_default_get_their_own(container):
    def factory(size=4, /, db: Database = Depends(), *, replica=Depends(Database, name="replica"), x=1):
        return [size, db, replica, x]

    assert await made(container, factory) == [4, await container.resolve(Database), "replica", 1]


async def test_classes_are_factories(container):
    class Plain:
        def __init__(self, db: Database):
            self.db = db

    @dataclass
    class Data:
        db: Database

    class Structure(msgspec.Struct):
        db: Database

    for kind in (Plain, Data, Structure):
        container.transient(kind, factory=kind)
        assert (await container.resolve(kind)).db is await container.resolve(Database)


async def test_methods_partials_and_objects_are_factories(container):
    class Factory:
        __hash__ = None

        def make(self, db: Database):
            return [db, "made"]

        async def __call__(self, db: Database):
            return [db, "called"]

    def partly(word, db: Database):
        return [db, word]

    db = await container.resolve(Database)
    for name, factory in {
        "made": Factory().make,
        "called": Factory(),
        "partly": functools.partial(partly, "partly"),
    }.items():
        container.transient(list, name=name, factory=factory)
        assert await container.resolve(list, name) == [db, name]


async def test_a_dependency_that_a_partial_gives_is_resolved(container):
    def factory(db, size, more=None):
        return [db, size, more]

    db = await container.resolve(Database)
    assert await made(container, functools.partial(factory, db=Depends(Database), size=4)) == [db, 4, None]


async def test_what_a_partial_gives_is_kept_though_it_could_be_resolved(container):
    def factory(*, db: Database):
        return [db]

    assert await made(container, functools.partial(factory, db="mine")) == ["mine"]


async def test_a_coroutine_that_a_plain_function_returns_is_awaited(container):
    async def connect():
        return ["connected"]

    assert await made(container, lambda: connect()) == ["connected"]


def generator():
    yield


async def async_generator():
    yield


class Generating:
    def __call__(self):
        yield


@pytest.mark.parametrize("factory", [generator, async_generator, functools.partial(generator), Generating()])
def test_generators_are_refused_with_what_to_do(factory):
    with pytest.raises(ValueError, match=r"\(.*test_recipe.py:\d+\) is a generator function.*aclose\(\).*Depends"):
        Container().scoped(Session, factory=factory)
    with pytest.raises(ValueError, match="is a generator function"):
        Container().override(Session, factory=factory)


def test_a_class_whose_instances_generate_is_no_generator():
    Container().scoped(Generating, factory=Generating)


def test_a_value_is_no_factory():
    with pytest.raises(TypeError, match=r"factory must be callable, not 7; for a value write factory=lambda: value"):
        Container().singleton(int, factory=7)

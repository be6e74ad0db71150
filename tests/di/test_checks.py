"""All mistakes of a container are found without making anything, each with the way to it."""

import re
from itertools import pairwise
from typing import Annotated

import pytest

from hawkapi.di import Container, Depends


class Engine: ...


class Session: ...


class Repo: ...


def get_db(): ...


class Checker:
    def __call__(self): ...


def shown(container):
    """Give the mistakes with `(L)` for each place."""
    return [re.sub(r"\((?:[^() ]*/)?test_checks\.py:\d+\)", "(L)", mistake) for mistake in container.mistakes()]


@pytest.fixture
def container():
    return Container()


def test_a_sound_container_has_no_mistakes(container):
    container.singleton(Engine, factory=Engine)
    container.scoped(Session, factory=lambda engine=Depends(Engine): engine)
    container.transient(Repo, factory=lambda session=Depends(Session), engine=Depends(Engine), size=4: session)
    assert container.mistakes() == []


def test_an_empty_container_has_no_mistakes(container):
    assert container.mistakes() == []


def test_what_nobody_provides_is_named_with_the_way_to_it(container):
    container.scoped(Repo, factory=lambda session=Depends(Session): ...)
    container.scoped(Session, factory=lambda engine=Depends(Engine, name="main"): ...)
    assert shown(container) == [
        "Repo (L) -> Session (L) -> Engine[main]: No provider for Engine[main]; register it: "
        "container.singleton(Engine, name='main', factory=...), or give the parameter 'engine' a default"
    ]
    assert re.search(r"Repo \(.*test_checks\.py:\d+\)", container.mistakes()[0])


def test_each_is_named_once_however_many_need_it(container):
    container.scoped(Session, factory=lambda engine=Depends(Engine): ...)
    for name in "abc":
        container.scoped(Repo, name=name, factory=lambda session=Depends(Session): ...)
    assert len(container.mistakes()) == 1


def test_a_circle_is_named_as_such(container):
    container.scoped(Repo, factory=lambda session=Depends(Session): ...)
    container.scoped(Session, factory=lambda engine=Depends(Engine): ...)
    container.scoped(Engine, factory=lambda session=Depends(Session): ...)
    assert shown(container) == [
        "Session -> Engine -> Session: each needs the next, so none can be made (Session (L), Engine (L))"
    ]


def test_what_needs_itself_is_a_circle(container):
    container.scoped(Repo, factory=lambda repo=Depends(Repo): ...)
    assert shown(container) == ["Repo -> Repo: each needs the next, so none can be made (Repo (L))"]


async def test_a_circle_is_an_error_where_it_is_resolved(container):
    container.singleton(Repo, factory=lambda session=Depends(Session): ...)
    container.singleton(Session, factory=lambda repo=Depends(Repo): ...)
    with pytest.raises(RuntimeError, match=r"^Repo -> Session -> Repo: "):
        await container.resolve(Repo)


def test_a_singleton_that_needs_something_scoped_is_a_mistake(container):
    container.singleton(Repo, factory=lambda session=Depends(Session): ...)
    container.scoped(Session, factory=Session)
    assert shown(container) == [
        "Repo (L) -> Session (tests.di.test_checks): Repo is a singleton and would keep Session, which is scoped, for "
        "ever; make Repo scoped, or have it open container.scope() at each use"
    ]


def test_a_singleton_must_not_reach_something_scoped_through_what_is_transient(container):
    container.singleton(Repo, factory=lambda it=Depends(object): ...)
    container.transient(object, factory=lambda it=Depends(int): ...)
    container.transient(int, factory=lambda engine=Depends(Engine), session=Depends(Session): ...)
    container.scoped(Session, factory=lambda engine=Depends(Engine): ...)
    container.singleton(Engine, factory=Engine)
    (mistake,) = shown(container)
    assert mistake.startswith("Repo (L) -> object (L) -> int (L) -> Session (L): Repo is a singleton and would keep")


def test_singletons_below_what_is_scoped_are_fine(container):
    container.scoped(Session, factory=lambda repo=Depends(Repo): ...)
    container.singleton(Repo, factory=lambda engine=Depends(Engine): ...)
    container.transient(Engine, factory=Engine)
    assert container.mistakes() == []


def test_a_value_in_place_of_something_scoped_is_fine_for_a_singleton(container):
    container.singleton(Repo, factory=lambda session=Depends(Session): ...)
    container.scoped(Session, factory=lambda engine=Depends(Engine): ...)
    with container.override_value(Session, "session"):
        assert container.mistakes() == []
    assert len(container.mistakes()) == 2


def test_functions_are_no_dependencies_of_factories(container):
    container.scoped(Repo, factory=lambda db=Depends(get_db): ...)
    container.scoped(Session, factory=lambda db=Depends(Checker()): ...)  # noqa: B008 - that is it
    assert shown(container) == [
        "Repo (L) -> get_db (L): functions are called for requests only; register in the container what it makes, "
        "or depend on it in a route",
        "Session (L) -> Checker (L): functions are called for requests only; register in the container what "
        "it makes, or depend on it in a route",
    ]


@pytest.mark.parametrize("annotated", [True, False])
def test_a_parameter_of_no_type_is_a_mistake(container, annotated):
    def factory(engine=Depends()): ...

    container.scoped(Repo, factory=factory if annotated else lambda engine: ...)
    assert shown(container) == [
        "Repo (L) -> the parameter 'engine': nothing tells what it takes; give it an annotation or a default"
    ]


def test_a_class_that_nobody_provides_is_missing_and_no_function(container):
    container.scoped(Repo, factory=lambda engine=Depends(Engine), numbers=Depends(list[int]): ...)
    assert [mistake.partition(": ")[2].partition(";")[0] for mistake in container.mistakes()] == [
        "No provider for Engine",
        "No provider for list[int]",
    ]


async def test_a_factory_that_cannot_be_read_is_a_mistake(container):
    def factory(engine: "Unknown"): ...  # noqa: F821 - that is it

    container.scoped(Session, factory=lambda repo=Depends(Repo): ...)
    container.scoped(Repo, factory=factory)
    container.transient(dict, factory=dict)
    name, builtin = shown(container)
    assert name.startswith("Session (L) -> Repo (L): its annotations cannot be evaluated: NameError: ")
    assert builtin.startswith("dict (builtins): its parameters cannot be read: ")
    assert builtin.endswith("; or wrap it: factory=lambda: ...")
    with pytest.raises(RuntimeError, match="its parameters cannot be read"):
        await container.resolve(dict)


def test_an_annotation_without_a_hash_is_a_mistake_and_no_crash(container):
    def factory(engine: list[Annotated[int, {}]]): ...

    container.scoped(Repo, factory=factory)
    (mistake,) = container.mistakes()
    assert "No provider for list[" in mistake


def test_mistakes_are_always_the_same_in_the_order_of_registration(container):
    container.singleton(Repo, factory=lambda session=Depends(Session): ...)
    container.scoped(Session, factory=lambda engine=Depends(Engine), other=Depends(set): ...)
    container.scoped(Engine, factory=lambda session=Depends(Session): ...)
    found = shown(container)
    assert [re.split(r"[:;]", mistake)[0] for mistake in found] == [
        "Repo (L) -> Session (L) -> set",
        "Session -> Engine -> Session",
        "Repo (L) -> Session (L)",
    ]
    assert shown(container) == found


def test_a_long_way_is_written_without_its_middle(container):
    types = [type(f"T{i}", (), {}) for i in range(12)]
    for kind, needed in pairwise(types):
        container.scoped(kind, factory=lambda needed=Depends(needed): ...)
    (mistake,) = shown(container)
    way, _, _ = mistake.partition(": ")
    assert [step.removesuffix(" (L)") for step in way.split(" -> ")] == (
        ["T0", "T1", "T2", "T3", "T4", "...", "T6", "T7", "T8", "T9", "T10", "T11"]
    )


@pytest.mark.parametrize("shape", ["a chain", "a circle", "all broken"])
def test_a_thousand_providers_are_checked_in_a_chain_too(container, shape):
    """Deeper than Python can recurse."""
    types = [type(f"T{i}", (), {}) for i in range(1000)]
    for kind, needed in zip(types, [*types[1:], types[0]], strict=True):
        if shape == "all broken":
            container.singleton(kind, factory=lambda needed=Depends(needed), missing=Depends(Engine): ...)
        elif kind is types[-1] and shape == "a chain":
            container.singleton(kind, factory=kind)
        else:
            container.singleton(kind, factory=lambda needed=Depends(needed): ...)
    found = container.mistakes()
    assert len(found) == {"a chain": 0, "a circle": 1, "all broken": 1001}[shape]
    assert max(map(len, found), default=0) < 2000

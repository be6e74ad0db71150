import pytest

from hawkapi.di import Container, Depends, Lifecycle
from hawkapi.di.provider import UNMADE


class Database: ...


class Session: ...


class Counter:
    """A factory that counts what it makes."""

    def __init__(self, made=object):
        self.count, self._made = 0, made

    def __call__(self):
        self.count += 1
        return self._made()


@pytest.fixture
def container():
    return Container()


async def test_a_singleton_is_made_once(container):
    factory = Counter()
    container.singleton(Database, factory=factory)
    assert factory.count == 0
    first = await container.resolve(Database)
    async with container.scope() as scope:
        assert await scope.resolve(Database) is first
    assert await container.resolve(Database) is first
    assert factory.count == 1


async def test_a_singleton_may_be_none(container):
    factory = Counter(lambda: None)
    container.singleton(Database, factory=factory)
    assert await container.resolve(Database) is None
    assert await container.resolve(Database) is None
    assert factory.count == 1


async def test_a_scoped_service_is_made_once_a_scope(container):
    container.scoped(Session, factory=Session)
    async with container.scope() as one, container.scope() as two:
        first = await one.resolve(Session)
        assert await one.resolve(Session) is first
        assert await two.resolve(Session) is not first


async def test_a_scoped_service_may_be_none(container):
    factory = Counter(lambda: None)
    container.scoped(Session, factory=factory)
    async with container.scope() as scope:
        assert await scope.resolve(Session) is None
        assert await scope.resolve(Session) is None
    assert factory.count == 1


async def test_a_transient_service_is_made_at_every_injection(container):
    container.transient(object, factory=object)
    container.transient(tuple, factory=lambda a=Depends(object), b=Depends(object): (a, b))
    a, b = await container.resolve(tuple)
    assert a is not b
    async with container.scope() as scope:
        assert await scope.resolve(object) is not await scope.resolve(object)


async def test_services_of_one_scope_share_what_is_scoped(container):
    container.scoped(Session, factory=Session)
    container.scoped(list, factory=lambda session=Depends(Session): [session])
    container.transient(tuple, factory=lambda session=Depends(Session): (session,))
    async with container.scope() as scope:
        session = await scope.resolve(Session)
        assert await scope.resolve(list) == [session]
        assert await scope.resolve(tuple) == (session,)


async def test_factories_may_be_async_and_depend_on_others(container):
    async def connect():
        return ["database"]

    async def session(db: list):
        return (*db, "session")

    container.scoped(tuple, factory=session)
    container.singleton(list, factory=connect)
    async with container.scope() as scope:
        assert await scope.resolve(tuple) == ("database", "session")


async def test_a_name_tells_several_of_a_type_apart(container):
    container.singleton(str, factory=lambda: "primary")
    container.singleton(str, name="replica", factory=lambda: "replica")
    assert await container.resolve(str) == "primary"
    assert await container.resolve(str, "replica") == "replica"
    async with container.scope() as scope:
        assert await scope.resolve(str, "replica") == "replica"


async def test_a_scoped_service_needs_a_scope(container):
    container.scoped(Session, factory=Session)
    container.transient(list, factory=lambda session=Depends(Session): [session])
    with pytest.raises(RuntimeError, match=r"^Session is scoped and was asked for without a scope: use `async with"):
        await container.resolve(Session)
    with pytest.raises(RuntimeError, match="without a scope"):
        await container.resolve(list)


async def test_a_singleton_gets_nothing_scoped_even_in_a_scope(container):
    container.scoped(Session, factory=Session)
    container.singleton(list, factory=lambda session=Depends(Session): [session])
    async with container.scope() as scope:
        with pytest.raises(RuntimeError, match=r"without a scope.* singleton cannot be scoped"):
            await scope.resolve(list)


async def test_the_error_for_an_unknown_service_says_what_to_do(container):
    with pytest.raises(
        LookupError, match=r"^No provider for Database; register it: container.singleton\(Database, factory=...\)$"
    ):
        await container.resolve(Database)
    async with container.scope() as scope:
        with pytest.raises(LookupError, match=r"Database\[replica\]; .*\(Database, name='replica', factory=...\)"):
            await scope.resolve(Database, "replica")


async def test_the_error_for_an_unknown_service_names_close_ones(container):
    class Base: ...

    class Derived(Base): ...

    namesake = type("Base", (), {"__module__": "other"})
    for service_type, name in [(str, None), (7, None), (Derived, None), (namesake, None), (Base, "a"), (Base, "b")]:
        container.singleton(service_type, name=name, factory=object)
    with pytest.raises(
        LookupError, match=r"Base \(known are tests\.\S+\.Derived, other\.Base, tests\.\S+\.Base\[a\]\);"
    ):
        await container.resolve(Base)
    container.singleton(Base, factory=object)
    with pytest.raises(LookupError, match=r"Derived\[x\] \(known are tests\.\S+\.Derived, tests\.\S+\.Base\);"):
        await container.resolve(Derived, "x")
    with pytest.raises(LookupError, match=r"for 7\[x\] \(known are 7\);"):
        await container.resolve(7, "x")


async def test_the_error_names_the_way_to_what_is_missing(container):
    container.scoped(list, factory=lambda session=Depends(Session): [session])
    container.scoped(Session, factory=lambda db=Depends(Database): db)
    async with container.scope() as scope:
        with pytest.raises(LookupError, match=r"^list \(.*\) -> Session \(.*\) -> Database: No provider for Database;"):
            await scope.resolve(list)


async def test_what_is_registered_later_counts(container):
    container.singleton(list, factory=lambda db=Depends(Database): [db])
    with pytest.raises(LookupError):
        await container.resolve(list)
    container.singleton(Database, factory=Database)
    assert await container.resolve(list) == [await container.resolve(Database)]


async def test_a_registration_leaves_what_is_made(container):
    container.singleton(Database, factory=Database)
    container.scoped(Session, factory=Session)
    provider = container.provider(Database)
    async with container.scope() as scope:
        db, session = await scope.resolve(Database), await scope.resolve(Session)
        container.singleton(list, factory=list)
        assert await scope.resolve(Session) is session
        assert await provider.get(None) is db
        assert provider.value is db


def test_a_service_is_registered_once(container):
    container.singleton(Database, factory=Counter)
    with pytest.raises(ValueError, match=r"^Database is already registered, with Counter \(.*test_container.py:\d+\);"):
        container.scoped(Database, factory=Database)
    container.scoped(Database, name="replica", factory=Database)
    with pytest.raises(ValueError, match=r"^Database\[replica\] is already registered"):
        container.scoped(Database, name="replica", factory=Database)


@pytest.mark.parametrize("lifecycle", [*Lifecycle, "singleton"])
def test_the_lifecycle_may_be_an_argument(container, lifecycle):
    container.register(Database, factory=Database, lifecycle=lifecycle, name="x")
    assert container.provider(Database, "x").lifecycle is Lifecycle(lifecycle)


def test_an_unknown_lifecycle_is_refused(container):
    with pytest.raises(ValueError, match="'forever'"):
        container.register(Database, factory=Database, lifecycle="forever")


def test_lifecycles_are_texts():
    assert [Lifecycle.SINGLETON, Lifecycle.SCOPED, Lifecycle.TRANSIENT] == ["singleton", "scoped", "transient"]


def test_has_tells_type_and_name(container):
    container.singleton(Database, name="replica", factory=Database)
    assert container.has(Database, "replica")
    assert not container.has(Database)
    assert not container.has(["no", "hash"])
    with pytest.raises(LookupError, match="No provider"):
        container.provider(["no", "hash"])


def test_providers_are_given_in_the_order_of_registration(container):
    container.transient(Session, factory=Session)
    container.singleton(Database, name="replica", factory=Database)
    session, replica = container.providers()
    assert (session.service_type, session.name, session.lifecycle, session.factory) == (
        Session,
        None,
        Lifecycle.TRANSIENT,
        Session,
    )
    assert repr(replica) == "<Provider Database[replica] (singleton)>"
    assert repr(replica.value) == "UNMADE"


async def test_a_provider_shows_a_singleton_once_it_is_made(container):
    container.singleton(Database, factory=Database)
    container.singleton(list, factory=lambda db=Depends(Database): [db])
    provider = container.provider(Database)
    assert provider.value is UNMADE
    (db,) = await container.resolve(list)
    assert provider.value is db
    assert await provider.get(None) is db


async def test_a_failed_singleton_is_made_by_the_next_who_asks(container):
    def factory():
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("not yet")
        return "made"

    attempts = []
    container.singleton(str, factory=factory)
    with pytest.raises(OSError, match="not yet"):
        await container.resolve(str)
    assert await container.resolve(str) == "made"


async def test_a_service_that_is_forgotten_is_unknown_also_in_hints():
    container = Container()
    container.singleton(int, factory=int)
    container.singleton(int, factory=int, name="later")
    later = container.provider(int, "later")
    container.forget([later])
    container.forget([later])
    assert container.has(int)
    assert not container.has(int, "later")
    with pytest.raises(LookupError) as found:
        await container.resolve(int, "other")
    assert "later" not in str(found.value)

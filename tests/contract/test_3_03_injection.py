"""Contract 3.3: the example of dependency injection, `Depends`, and the lifecycles."""

from typing import Annotated

import pytest

from hawkapi import Container, Depends, HawkAPI
from hawkapi.di import Lifecycle
from tests.asgi import call

DB_URL = "sqlite://"
SQL = "select 1"


class User:
    """What is looked for."""


class Database:
    def __init__(self, url):
        self.url, self.sessions = url, []

    def session(self):
        self.sessions.append(Session(self.url))
        return self.sessions[-1]


class Session:
    def __init__(self, url):
        self.url, self.closed = url, False

    async def get(self, kind, key):
        return [kind.__name__, key, self.url]

    async def close(self):
        self.closed = True


class Connection:
    closed = False

    async def fetch_all(self, sql):
        return [sql, self.closed]

    async def close(self):
        self.closed = True


async def test_the_example_of_a_container():
    database = Database(url=DB_URL)
    container = Container()
    container.singleton(Database, factory=lambda: database)
    container.scoped(Session, factory=lambda db=Depends(Database): db.session())
    app = HawkAPI(container=container)

    @app.get("/users/{user_id}")
    async def get_user(user_id: int, session: Session):
        return await session.get(User, user_id)

    for user_id in (1, 2):
        assert (await call(app, "GET", f"/users/{user_id}")).json() == ["User", user_id, DB_URL]
    assert [session.closed for session in database.sessions] == [True, True]


async def test_the_example_of_a_generator():
    app, connections = HawkAPI(), []

    async def create_connection():
        connections.append(Connection())
        return connections[-1]

    async def get_db():
        db = await create_connection()
        try:
            yield db
        finally:
            await db.close()

    @app.get("/users")
    async def list_users(db: Annotated[Connection, Depends(get_db)]):
        return await db.fetch_all(SQL)

    assert (await call(app, "GET", "/users")).json() == [SQL, False]
    assert [connection.closed for connection in connections] == [True]


# Depends


def get_db():
    """Is not called."""


def test_depends_has_what_it_was_given():
    assert (Depends(get_db, name="x").dependency, Depends(get_db, name="x").name) == (get_db, "x")
    assert (Depends().dependency, Depends().name) == (None, None)


def test_depends_is_written_as_it_was_made():
    assert [repr(Depends(get_db)), repr(Depends(name="x")), repr(Depends())] == [
        "Depends(get_db)",
        "Depends(name='x')",
        "Depends()",
    ]


# lifecycles


class Service:
    """Made by a factory."""


def test_lifecycles_have_values():
    assert [Lifecycle.SINGLETON, Lifecycle.SCOPED, Lifecycle.TRANSIENT] == ["singleton", "scoped", "transient"]


@pytest.mark.parametrize(("lifecycle", "made"), [("singleton", 1), ("scoped", 2), ("transient", 6)])
@pytest.mark.parametrize("by", ["method", "register"])
async def test_how_often_one_is_made_by_two_requests(lifecycle, made, by):
    app, calls = HawkAPI(), []

    def factory():
        calls.append(1)
        return Service()

    if by == "method":
        getattr(app.container, lifecycle)(Service, factory=factory)
    else:
        app.container.register(Service, factory=factory, lifecycle=Lifecycle(lifecycle))

    def dependency(service: Service):
        """Takes one, too."""

    @app.get("/", dependencies=[Depends(dependency)])
    async def handler(a: Service, b: Annotated[Service, Depends()]):
        return a is b

    for _ in range(2):
        assert (await call(app, "GET", "/")).json() is (lifecycle != "transient")
    assert len(calls) == made


async def test_a_scope_has_one_of_its_own():
    container = Container()
    container.scoped(Service, factory=Service)
    async with container.scope() as first, container.scope() as second:
        assert await first.resolve(Service) is await first.resolve(Service)
        assert await first.resolve(Service) is not await second.resolve(Service)


async def test_a_singleton_may_be_none():
    container, calls = Container(), []
    container.singleton(Service, factory=lambda: calls.append(1))
    assert [await container.resolve(Service) for _ in range(2)] == [None, None]
    assert calls == [1]


async def test_a_creation_that_failed_is_not_kept():
    container, calls = Container(), []

    def factory():
        calls.append(1)
        if len(calls) == 1:
            raise LookupError
        return Service()

    container.singleton(Service, factory=factory)
    with pytest.raises(LookupError):
        await container.resolve(Service)
    assert isinstance(await container.resolve(Service), Service)

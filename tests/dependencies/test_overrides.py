"""Overrides work in an app that is sealed already, and end where they began."""

from typing import Annotated

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.testing.overrides import override
from tests.asgi import call
from tests.websocket.wire import CONNECT, Peer


class Database:
    def __init__(self, name="real"):
        self.name = name


class Session:
    def __init__(self, database):
        self.name = database.name


@pytest.fixture(params=["singleton", "scoped", "transient"])
def app(request):
    app = HawkAPI(container=Container())
    register = getattr(app.container, request.param)
    register(Database, factory=Database)
    register(Session, factory=lambda database=Depends(Database): Session(database))

    @app.get("/database")
    async def database(found: Database):
        return found.name

    @app.get("/session")
    def session(found: Session):
        return found.name

    app.seal()
    return app


async def names(app):
    return [(await call(app, "GET", path)).json() for path in ("/database", "/session")]


async def test_a_value_is_seen_by_handlers_and_factories(app):
    assert await names(app) == ["real", "real"]
    with override(app, Database, Database("mock")):
        assert await names(app) == ["mock", "mock"]
    assert await names(app) == ["real", "real"]


async def test_a_factory_is_seen_by_handlers_and_factories(app):
    assert await names(app) == ["real", "real"]
    with override(app, {Database: lambda: Database("mock")}):
        assert await names(app) == ["mock", "mock"]
    assert await names(app) == ["real", "real"]


async def test_the_containers_own_override_is_seen_too(app):
    assert await names(app) == ["real", "real"]
    with app.container.override(Database, factory=lambda: Database("mock")):
        assert await names(app) == ["mock", "mock"]
    assert await names(app) == ["real", "real"]


async def test_one_before_the_first_request_leaves_nothing(app):
    with override(app, Database, Database("mock")):
        assert await names(app) == ["mock", "mock"]
    assert await names(app) == ["real", "real"]


async def test_overrides_nest(app):
    with override(app, Database, Database("outer")):
        with override(app, Database, Database("inner")):
            assert await names(app) == ["inner", "inner"]
        assert await names(app) == ["outer", "outer"]
    assert await names(app) == ["real", "real"]


async def test_an_error_ends_it_too(app):
    with pytest.raises(LookupError), override(app, Database, Database("mock")):
        raise LookupError
    assert await names(app) == ["real", "real"]


async def test_a_service_that_hangs_on_it_may_be_replaced_instead(app):
    with override(app, Session, Session(Database("mock"))):
        assert await names(app) == ["real", "mock"]
    assert await names(app) == ["real", "real"]


async def test_the_value_may_be_none(app):
    app, found = HawkAPI(container=app.container), []

    @app.get("/")
    async def handler(database: Database):
        found.append(database)

    with override(app, Database, None):
        await call(app, "GET", "/")
    assert found == [None]


async def test_one_of_a_name_leaves_the_others():
    app = HawkAPI(container=Container())
    app.container.singleton(Database, factory=Database)
    app.container.singleton(Database, factory=Database, name="replica")

    @app.get("/")
    async def handler(main: Database, replica: Annotated[Database, Depends(name="replica")]):
        return [main.name, replica.name]

    with app.container.override(Database, factory=lambda: Database("mock"), name="replica"):
        assert (await call(app, "GET", "/")).json() == ["real", "mock"]
    assert (await call(app, "GET", "/")).json() == ["real", "real"]


async def test_a_singleton_that_was_made_is_the_same_afterwards():
    app = HawkAPI(container=Container())
    app.container.singleton(Database, factory=Database)

    @app.get("/")
    async def handler(database: Database):
        return id(database)

    before = (await call(app, "GET", "/")).json()
    with override(app, Database, Database("mock")):
        assert (await call(app, "GET", "/")).json() != before
    assert (await call(app, "GET", "/")).json() == before


async def test_a_factory_may_have_dependencies_of_its_own():
    app = HawkAPI(container=Container())
    app.container.singleton(Database, factory=Database)
    app.container.scoped(Session, factory=lambda: Session(Database("unused")))

    @app.get("/")
    async def handler(session: Session):
        return session.name

    async def mock(database=Depends(Database)):
        return Session(Database(f"mock of {database.name}"))

    with override(app, {Session: mock}):
        assert (await call(app, "GET", "/")).json() == "mock of real"
    assert (await call(app, "GET", "/")).json() == "unused"


async def test_websockets_see_it(app):
    found = []
    app = HawkAPI(container=app.container)

    @app.websocket("/ws")
    async def handler(ws, session: Session):
        found.append(session.name)
        await ws.accept()

    await Peer(CONNECT).serve(app)
    with override(app, Database, Database("mock")):
        await Peer(CONNECT).serve(app)
    assert found == ["real", "mock"]


async def test_a_function_may_be_replaced_too():
    app, log = HawkAPI(), []

    async def user():
        log.append("asked")
        return "real"

    def shouted(name: Annotated[str, Depends(user)]):
        return name.upper()

    @app.get("/")
    async def handler(name: Annotated[str, Depends(user)], more: Annotated[str, Depends(shouted)]):
        return [name, more]

    app.seal()
    with override(app, user, "mock"):
        assert (await call(app, "GET", "/")).json() == ["mock", "MOCK"]
    assert log == []
    assert (await call(app, "GET", "/")).json() == ["real", "REAL"]

"""`override`: services replaced for a test."""

from typing import Annotated

import pytest

from hawkapi import HawkAPI
from hawkapi.di import Container, Depends
from hawkapi.testing import TestClient, override
from hawkapi.websocket.connection import WebSocket


class Database:
    def __init__(self, name="real"):
        self.name = name

    def __call__(self):
        raise AssertionError("a value is not called")

    def close(self):
        raise AssertionError("a value is not closed")


class Users:
    def __init__(self, database: Database):
        self.database = database


def container_of_services():
    container = Container()
    container.singleton(Database, factory=Database)
    container.scoped(Users, factory=Users)
    return container


def app_of_services():
    app = HawkAPI(container=container_of_services())

    @app.get("/database")
    async def database(database: Database):
        return database.name

    @app.get("/users")
    async def users(users: Annotated[Users, Depends()]):
        return users.database.name

    return app


@pytest.fixture
def client(hawk_backend):
    backend, options = hawk_backend
    with TestClient(app_of_services(), backend=backend, backend_options=options) as client:
        yield client


async def test_a_value_stands_for_a_service_inside_the_block():
    container = container_of_services()
    real, fake = await container.resolve(Database), Database("fake")
    with override(container, Database, fake):
        assert await container.resolve(Database) is fake
        async with container.scope() as scope:
            assert (await scope.resolve(Users)).database is fake
    assert await container.resolve(Database) is real


def test_an_override_shows_in_an_app_that_is_sealed_already(client):
    app = client.app
    assert client.get("/database").json() == "real"
    with override(app, Database, Database("fake")):
        assert client.get("/database").json() == "fake"
        assert client.get("/users").json() == "fake"
    assert client.get("/database").json() == client.get("/users").json() == "real"


def test_an_override_may_stand_before_the_seal(hawk_backend):
    backend, options = hawk_backend
    app = app_of_services()
    client = TestClient(app, backend=backend, backend_options=options)
    with override(app, Database, Database("fake")):
        assert client.get("/users").json() == "fake"
    assert client.get("/users").json() == "real"


@pytest.mark.parametrize("value", [None, Database, container_of_services])
async def test_a_value_is_passed_as_it_is(value):
    container = container_of_services()
    with override(container, Database, value):
        assert await container.resolve(Database) is value


async def test_a_value_of_a_scoped_service_is_not_closed_with_the_scope():
    container = Container()
    container.scoped(Database, factory=Database)
    with override(container, Database, Database("fake")):
        async with container.scope() as scope:
            assert (await scope.resolve(Database)).name == "fake"


async def test_a_value_may_stand_for_a_named_service():
    container = container_of_services()
    container.singleton(Database, factory=Database, name="replica")
    with override(container, Database, Database("fake"), name="replica"):
        assert (await container.resolve(Database, "replica")).name == "fake"
        assert (await container.resolve(Database)).name == "real"


async def test_factories_of_several_services_stand_inside_the_block():
    def users(database: Annotated[Database, Depends()]):
        return [database]

    container = container_of_services()
    with override(container, {Database: lambda: Database("fake"), Users: users}):
        async with container.scope() as scope:
            (database,) = await scope.resolve(Users)
            assert database is await container.resolve(Database)
            assert database.name == "fake"
    assert (await container.resolve(Database)).name == "real"


async def test_all_that_stands_is_taken_back_where_one_cannot_stand():
    container = container_of_services()

    def generator():
        yield Users(Database())

    replaced = override(container, {Database: lambda: Database("fake"), Users: generator})
    with pytest.raises(ValueError, match="generator"), replaced:
        raise AssertionError("the block must not run")
    assert (await container.resolve(Database)).name == "real"


async def test_an_error_in_the_block_takes_an_override_back_and_passes():
    container = container_of_services()
    with pytest.raises(LookupError, match="mine"), override(container, Database, None):
        raise LookupError("mine")
    assert (await container.resolve(Database)).name == "real"


async def test_the_inner_override_counts():
    container = container_of_services()
    with override(container, Database, 1), override(container, Database, 2):
        assert await container.resolve(Database) == 2


async def test_an_override_may_be_used_again_and_within_itself():
    container = container_of_services()
    replaced = override(container, Database, "fake")
    for _ in range(2):
        with replaced, replaced:
            assert await container.resolve(Database) == "fake"
        assert (await container.resolve(Database)).name == "real"


async def test_a_type_that_nobody_provides_is_known_inside_the_block():
    container = Container()
    with override(container, Database, "fake"):
        assert await container.resolve(Database) == "fake"
    assert not container.has(Database)


async def test_what_is_registered_under_a_function_may_be_overridden():
    container = Container()
    container.singleton(app_of_services, factory=app_of_services)
    with override(container, app_of_services, "fake"):
        assert await container.resolve(app_of_services) == "fake"


def test_a_function_of_a_container_alone_is_refused():
    async def get_database(): ...

    with pytest.raises(TypeError, match=r"get_database \(.*test_overrides.py:\d+\) is no service"):
        override(Container(), get_database, None)


async def current_user(token: str):
    return token


async def audited(user: Annotated[str, Depends(current_user)]):
    return f"audited {user}"


class Unregistered:
    name = "real"


def app_of_functions():
    app = HawkAPI()

    @app.get("/user")
    async def user(user: Annotated[str, Depends(audited)]):
        return user

    @app.get("/class")
    async def unregistered(found: Annotated[Unregistered, Depends(Unregistered)]):
        return found.name

    @app.websocket("/ws")
    async def ws(ws: WebSocket, user: Annotated[str, Depends(audited)]):
        await ws.accept()
        await ws.send_text(user)

    return app


@pytest.fixture(params=[True, False], ids=["sealed", "unsealed"])
def functions(request, hawk_backend):
    """Make a client of an app of functions, which has served already or not."""
    backend, options = hawk_backend
    client = TestClient(app_of_functions(), backend=backend, backend_options=options)
    if request.param:
        assert client.get("/user?token=real").json() == "audited real"
    return client


def test_a_value_stands_for_a_function_that_others_depend_on(functions):
    with override(functions.app, current_user, "ada"):
        assert functions.get("/user").json() == "audited ada"
    assert functions.get("/user?token=real").json() == "audited real"


def test_another_function_stands_for_a_function_and_has_parameters_of_its_own(functions):
    with override(functions.app, {current_user: lambda name: name.upper()}):
        assert functions.get("/user?name=ada").json() == "audited ADA"
        assert functions.get("/user?token=ada").status_code == 400


def test_the_inner_one_of_two_counts(functions):
    with override(functions.app, current_user, "outer"):
        with override(functions.app, current_user, "inner"):
            assert functions.get("/user").json() == "audited inner"
        assert functions.get("/user").json() == "audited outer"


@pytest.mark.parametrize("both", [current_user, audited])
def test_overrides_may_end_in_the_order_in_which_they_began(functions, both):
    first, second = override(functions.app, current_user, "first"), override(functions.app, both, "second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert functions.get("/user?token=real").json() in {"audited second", "second"}
    second.__exit__(None, None, None)
    assert functions.get("/user?token=real").json() == "audited real"


def test_a_function_is_replaced_for_websockets_too(functions):
    with override(functions.app, current_user, "ada"), functions.websocket_connect("/ws") as session:
        assert session.receive_text() == "audited ada"


def test_a_class_that_nobody_registered_is_replaced(functions):
    fake = Unregistered()
    fake.name = "fake"
    with override(functions.app, Unregistered, fake):
        assert functions.get("/class").json() == "fake"
    assert functions.get("/class").json() == "real"


def test_an_app_that_lives_is_sealed_anew(hawk_backend):
    backend, options = hawk_backend
    with TestClient(app_of_functions(), backend=backend, backend_options=options) as client:
        with override(client.app, current_user, "ada"):
            assert client.get("/user").json() == "audited ada"
        assert client.get("/user?token=real").json() == "audited real"


@pytest.mark.parametrize("service_type", ["Database", Database(), [Database]])
def test_what_is_no_type_is_refused(service_type):
    with pytest.raises(TypeError, match=r"override\(\) "):
        override(Container(), service_type, None)


def test_a_target_that_is_neither_app_nor_container_is_refused():
    app = HawkAPI()
    with pytest.raises(TypeError, match="an app or a Container first, not <hawkapi"):
        override(TestClient(app), Database, None)


def test_a_type_without_a_value_is_refused():
    with pytest.raises(TypeError, match="a type and the value that stands for it"):
        override(Container(), Database)


def test_a_value_in_the_place_of_a_factory_is_refused():
    with pytest.raises(TypeError, match=r"'fake' cannot be called; .* override\(app, Users, value\)"):
        override(Container(), {Database: Database, Users: "fake"})


@pytest.mark.parametrize(("values", "name"), [((None,), {}), ((), {"name": "replica"})])
def test_a_value_or_a_name_beside_factories_is_refused(values, name):
    with pytest.raises(TypeError, match="nothing else beside a dict"):
        override(Container(), {Database: Database}, *values, **name)

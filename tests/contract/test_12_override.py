"""Contract 12: `override`."""

import pytest

from hawkapi import Container, Depends, HawkAPI, TestClient, WebSocket, override


class Database:
    name = "real"


class Mock:
    name = "mock"


class Repository:
    def __init__(self, database):
        self.name = database.name


mock_db = Mock()


@pytest.fixture
def app():
    app = HawkAPI(container=Container())
    app.container.singleton(Database, factory=Database)
    app.container.scoped(Repository, factory=lambda db=Depends(Database): Repository(db))

    @app.get("/")
    async def hello():
        return {"message": "Hello, World!"}

    @app.get("/users/{user_id:int}")
    async def get_user(user_id: int, db: Database, repository: Repository):
        return [user_id, db.name, repository.name]

    @app.websocket("/ws")
    async def echo(ws: WebSocket):
        await ws.accept()
        async for message in ws:
            await ws.send_text(f"Echo: {message}")

    return app


@pytest.fixture
def client(app, hawk_backend):
    backend, options = hawk_backend
    return TestClient(app, backend=backend, backend_options=options)


def test_the_example(app, client):
    assert client.get("/").json()["message"] == "Hello, World!"
    with override(app, Database, mock_db):
        assert client.get("/users/1").status_code == 200
    with client as c, c.websocket_connect("/ws") as ws:  # runs the lifespan
        ws.send_text("hi")
        assert ws.receive_text() == "Echo: hi"


def test_the_value_is_used_as_it_is_and_seen_by_factories_that_depend_on_the_type(app, client):
    with override(app, Database, mock_db):
        assert client.get("/users/1").json() == [1, "mock", "mock"]
    assert client.get("/users/1").json() == [1, "real", "real"]


@pytest.mark.parametrize("of", ["app", "container"])
def test_factories_may_take_the_place_of_factories(app, client, of):
    with override(app if of == "app" else app.container, {Database: Mock}):
        assert client.get("/users/1").json() == [1, "mock", "mock"]
    assert client.get("/users/1").json() == [1, "real", "real"]


def test_it_restores_after_an_error(app, client):
    with pytest.raises(LookupError), override(app, Database, mock_db):
        assert client.get("/users/1").json() == [1, "mock", "mock"]
        raise LookupError
    assert client.get("/users/1").json() == [1, "real", "real"]


def test_it_works_while_the_app_lives(app, client):
    with client as c:
        found = [c.get("/users/1").json()[1]]
        with override(app, Database, mock_db):
            found.append(c.get("/users/1").json()[1])
        found.append(c.get("/users/1").json()[1])
    assert found == ["real", "mock", "real"]


async def test_it_works_in_async_tests(app):
    client = TestClient(app)
    with override(app, Database, mock_db):
        assert (await client.async_get("/users/1")).json() == [1, "mock", "mock"]
    assert (await client.async_get("/users/1")).json() == [1, "real", "real"]

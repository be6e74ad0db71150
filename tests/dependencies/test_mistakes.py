"""What cannot be served is reported at the seal: all at once, with the chain, file and line."""

from typing import Annotated

import pytest

from hawkapi._errors import SealError
from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from tests.asgi import call

HERE = "test_mistakes.py:"


class Database:
    """A service."""


class Session:
    """A service that needs a database."""


class Cache:
    """A service that needs a session."""


def session_of(database=Depends(Database)):
    return Session()


def cache_of(session=Depends(Session)):
    return Cache()


def mistakes_of(app):
    with pytest.raises(SealError) as found:
        app.seal()
    return found.value.mistakes


def test_a_circle_of_dependencies():
    app = HawkAPI()

    def first(found=None):
        """Depends on the second."""

    def second(found=Depends(first)):
        """Depends on the first."""

    first.__defaults__ = (Depends(second),)

    @app.get("/")
    async def handler(found: Annotated[None, Depends(first)]):
        """Is not called."""

    (mistake,) = mistakes_of(app)
    assert f"first ({HERE}" in mistake.replace("tests/dependencies/", "")
    assert mistake.count("first (") == 2
    assert mistake.index("first (") < mistake.index("second (") < mistake.rindex("first (")


def test_a_circle_of_factories():
    app = HawkAPI(container=Container())

    def database_of(cache=Depends(Cache)):
        return Database()

    app.container.singleton(Database, factory=database_of)
    app.container.singleton(Session, factory=session_of)
    app.container.singleton(Cache, factory=cache_of)
    text = "\n".join(mistakes_of(app))
    assert HERE in text
    assert all(name in text for name in ("Database", "Session", "Cache"))
    assert "->" in text


def test_a_missing_provider_of_a_parameter():
    app = HawkAPI(container=Container())

    @app.get("/")
    async def handler(session: Annotated[Session, Depends()]):
        """Is not called."""

    (mistake,) = mistakes_of(app)
    assert "No provider" in mistake
    assert "Session" in mistake
    assert "handler (" in mistake
    assert HERE in mistake


def test_a_missing_provider_of_a_name():
    app = HawkAPI(container=Container())
    app.container.singleton(Database, factory=Database)

    @app.get("/")
    async def handler(database: Annotated[Database, Depends(name="replica")]):
        """Is not called."""

    (mistake,) = mistakes_of(app)
    assert "No provider" in mistake
    assert "replica" in mistake


def test_a_missing_provider_of_a_dependency_names_the_way_to_it():
    app = HawkAPI(container=Container())

    def inner(session: Annotated[Session, Depends()]):
        """Is not called."""

    def outer(found: Annotated[None, Depends(inner)]):
        """Is not called."""

    @app.get("/")
    async def handler(found: Annotated[None, Depends(outer)]):
        """Is not called."""

    (mistake,) = mistakes_of(app)
    assert all(f"{name} (" in mistake for name in ("handler", "outer", "inner"))


def test_a_missing_provider_of_a_factory():
    app = HawkAPI(container=Container())
    app.container.scoped(Session, factory=session_of)
    app.container.scoped(Cache, factory=cache_of)

    @app.get("/")
    async def handler(cache: Cache):
        """Is not called."""

    text = "\n".join(mistakes_of(app))
    assert "No provider" in text
    assert text.index("Session") < text.index("Database")
    assert HERE in text


@pytest.mark.parametrize("between", ["nothing", "a transient one"])
def test_a_singleton_that_needs_a_scoped_service(between):
    app = HawkAPI(container=Container())
    app.container.scoped(Database, factory=Database)
    if between == "nothing":
        app.container.singleton(Session, factory=session_of)
    else:
        app.container.transient(Session, factory=session_of)
        app.container.singleton(Cache, factory=cache_of)
    text = "\n".join(mistakes_of(app))
    assert HERE in text
    assert all(word in text for word in ("Session", "Database", "scoped", "singleton"))
    if between != "nothing":
        assert "Cache" in text


def test_all_are_reported_at_once():
    app = HawkAPI(container=Container())
    app.container.scoped(Database, factory=Database)
    app.container.singleton(Session, factory=session_of)

    @app.get("/a")
    async def missing(cache: Annotated[Cache, Depends()]):
        """Is not called."""

    def strange(*args):
        """Takes what nobody gives."""

    @app.get("/b")
    async def unreadable(found: Annotated[None, Depends(strange)]):
        """Is not called."""

    @app.websocket("/ws")
    async def socket(ws, cache: Annotated[Cache, Depends()]):
        """Is not called."""

    text = "\n".join(mistakes_of(app))
    assert "/a: missing (" in text
    assert "/b: unreadable (" in text
    assert "/ws: socket (" in text
    assert "Session" in text


async def test_a_first_request_seals_and_raises_them():
    app = HawkAPI()

    @app.get("/")
    async def handler(session: Annotated[Session, Depends()]):
        """Is not called."""

    with pytest.raises(SealError, match="No provider"):
        await call(app, "GET", "/")


@pytest.mark.parametrize("what", ["body and form", "two bodies"])
def test_handler_and_dependencies_may_not_contradict_each_other(what):
    from hawkapi.validation.constraints import Form

    app = HawkAPI()

    def form(name: Annotated[str, Form()]):
        """Is not called."""

    def body(items: list[str]):
        """Is not called."""

    @app.post("/")
    async def handler(items: dict[str, int], found: Annotated[None, Depends(form if "form" in what else body)]):
        """Is not called."""

    assert len(mistakes_of(app)) == 1


@pytest.mark.parametrize("container", [None, Container()], ids=["no container", "container"])
def test_a_class_that_nobody_provides_is_named_with_the_fix(container):
    app = HawkAPI(container=container)

    @app.get("/")
    async def handler(session: Session):
        """Is not called."""

    (mistake,) = mistakes_of(app)
    assert mistake.endswith(
        "parameter 'session': No provider for Session; register it in the app's container: "
        "container.scoped(Session, factory=...)"
    )


def test_a_class_that_nobody_provides_is_named_in_dependencies_too():
    app = HawkAPI()

    def dependency(session: Session):
        """Is not called."""

    @app.get("/", dependencies=[Depends(dependency)])
    async def handler():
        """Is not called."""

    (mistake,) = mistakes_of(app)
    assert "dependency (" in mistake
    assert "parameter 'session': No provider for Session; register it in the app's container" in mistake


def test_contradictions_are_told_beside_other_mistakes():
    app = HawkAPI(container=Container())

    def body(items: list[str]):
        """Is not called."""

    @app.post("/")
    async def handler(items: dict[str, int], found: Annotated[None, Depends(body)], session: Session):
        """Is not called."""

    mistakes = mistakes_of(app)
    assert len(mistakes) == 2
    assert "No provider for Session" in mistakes[0]
    assert "each take the whole JSON body" in mistakes[1]

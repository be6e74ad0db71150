"""Services of the container as parameters: found by type and name, made and closed as their lifecycle says."""

from dataclasses import dataclass
from typing import Annotated, NewType

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from tests.asgi import call


class Service:
    """Something."""


@dataclass
class Named:
    name: str


class Database:
    def __init__(self, name):
        self.name = name


Replica = NewType("Replica", Database)


def serving(*handlers):
    """Make an app with a handler for each path `/0`, `/1`, …"""
    app = HawkAPI(container=Container())
    for i, handler in enumerate(handlers):
        app.get(f"/{i}")(handler)
    return app


async def by_type(service: Service):
    return type(service).__name__


async def by_annotation(service: Annotated[Service, Depends()]):
    return type(service).__name__


async def by_default(service: Service = Depends()):
    return type(service).__name__


async def by_class(service: Annotated[object, Depends(Service)]):
    return type(service).__name__


async def by_default_class(service=Depends(Service)):
    return type(service).__name__


def in_a_thread(service: Service):
    return type(service).__name__


ASKING = [by_type, by_annotation, by_default, by_class, by_default_class, in_a_thread]


@pytest.mark.parametrize("handler", ASKING)
@pytest.mark.parametrize("lifecycle", ["singleton", "scoped", "transient"])
async def test_a_service_is_found_by_its_type(handler, lifecycle):
    class Made(Service):
        """Made by the factory."""

    app = serving(handler)
    getattr(app.container, lifecycle)(Service, factory=Made)
    assert (await call(app, "GET", "/0")).json() == "Made"


async def test_a_service_is_found_by_its_name():
    async def handler(
        main: Named, replica: Annotated[Named, Depends(name="replica")], again: Named = Depends(Named, name="replica")
    ):  # both styles
        return [main.name, replica.name, again.name]

    app = serving(handler)
    app.container.singleton(Named, factory=lambda: Named("main"))
    app.container.singleton(Named, factory=lambda: Named("replica"), name="replica")
    assert (await call(app, "GET", "/0")).json() == ["main", "replica", "replica"]


async def new_type_by_type(found: Replica, main: Database):
    return [found.name, main.name]


async def new_type_by_annotation(found: Annotated[Replica, Depends()], main: Database):
    return [found.name, main.name]


async def new_type_by_default(main: Database, found: Replica = Depends()):
    return [found.name, main.name]


async def new_type_by_target(main: Database, found=Depends(Replica)):
    return [found.name, main.name]


async def new_type_or_none(main: Database, found: Replica | None = None):
    return [found.name, main.name]


NEW_TYPES = [new_type_by_type, new_type_by_annotation, new_type_by_default, new_type_by_target, new_type_or_none]


@pytest.mark.parametrize("handler", NEW_TYPES)
async def test_a_service_is_found_by_a_new_type_of_its_own(handler):
    app = serving(handler)
    app.container.singleton(Database, factory=lambda: Database("main"))
    app.container.singleton(Replica, factory=lambda: Database("replica"))
    assert (await call(app, "GET", "/0")).json() == ["replica", "main"]


@pytest.mark.parametrize("handler", [h for h in NEW_TYPES if h is not new_type_by_target])
async def test_for_a_new_type_that_nobody_provides_stands_what_it_is_of(handler):
    app = serving(handler)
    app.container.singleton(Database, factory=lambda: Database("main"))
    assert (await call(app, "GET", "/0")).json() == ["main", "main"]


async def test_registering_after_the_routes_is_fine():
    app = serving(by_type)
    app.container.singleton(Service, factory=Service)
    assert (await call(app, "GET", "/0")).json() == "Service"


async def test_one_that_cannot_be_resolved_falls_back_to_the_default():
    async def of_type(service: Annotated[Service | None, Depends()] = None):
        return service

    async def of_name(name: Annotated[Named, Depends(name="unknown")] = Named("default")):  # noqa: B008 - a value
        return name.name

    app = serving(of_type, of_name)
    app.container.singleton(Named, factory=lambda: Named("main"))
    assert (await call(app, "GET", "/0")).status == 204
    assert (await call(app, "GET", "/1")).json() == "default"


async def test_one_that_can_be_resolved_does_not_fall_back():
    async def handler(service: Annotated[Service | None, Depends()] = None):
        return service is None

    app = serving(handler)
    app.container.singleton(Service, factory=Service)
    assert (await call(app, "GET", "/0")).json() is False


async def test_a_class_that_is_not_registered_is_called():
    assert (await call(serving(by_class), "GET", "/0")).json() == "Service"


async def test_a_singleton_is_shared_by_all_requests():
    async def handler(service: Service):
        return id(service)

    app = serving(handler)
    app.container.singleton(Service, factory=Service)
    assert (await call(app, "GET", "/0")).json() == (await call(app, "GET", "/0")).json()


async def test_a_scoped_one_is_one_for_a_request():
    found = []

    def dependency(service: Service):
        return service

    async def handler(service: Service, same: Annotated[Service, Depends(dependency)]):
        found.extend([service, same])

    app = serving(handler)
    app.container.scoped(Service, factory=Service)
    await call(app, "GET", "/0")
    await call(app, "GET", "/0")
    assert found[0] is found[1]
    assert found[2] is found[3]
    assert found[0] is not found[2]


async def test_a_scoped_one_is_shared_with_the_factories_that_need_it():
    class Repository:
        def __init__(self, service):
            self.service = service

    async def handler(repository: Repository, service: Service):
        return repository.service is service

    app = serving(handler)
    app.container.scoped(Service, factory=Service)
    app.container.transient(Repository, factory=lambda service=Depends(Service): Repository(service))
    assert (await call(app, "GET", "/0")).json() is True


async def test_a_transient_one_is_made_at_every_injection():
    def dependency(service: Service):
        return service

    async def handler(first: Service, second: Service, third: Annotated[Service, Depends(dependency)]):
        return len({id(service) for service in (first, second, third)})

    app = serving(handler)
    app.container.transient(Service, factory=Service)
    assert (await call(app, "GET", "/0")).json() == 3


async def test_a_service_may_be_none():
    calls = []

    async def handler(service: Service):
        return [service]

    app = serving(handler)
    app.container.singleton(Service, factory=lambda: calls.append(1))
    for _ in range(2):
        assert (await call(app, "GET", "/0")).json() == [None]
    assert calls == [1]


@pytest.mark.parametrize("style", ["async", "sync"])
async def test_scoped_ones_are_closed_after_the_request_in_reverse_order(style):
    log = []

    class First:
        async def aclose(self):
            log.append("first")

    class Second:
        def close(self):
            log.append("second")

    async def handler(second: Second):
        log.append("handler")

    def sync_handler(second: Second):
        log.append("handler")

    app = serving(handler if style == "async" else sync_handler)
    app.container.scoped(First, factory=First)
    app.container.scoped(Second, factory=lambda first=Depends(First): Second())
    assert (await call(app, "GET", "/0")).status == 204
    assert log == ["handler", "second", "first"]


async def test_all_scoped_ones_are_closed_even_if_some_fail(caplog):
    log = []

    class First:
        def close(self):
            log.append("first")

    class Second:
        async def aclose(self):
            raise OSError("disk full")

    async def handler(first: First, second: Second):
        """Does nothing."""

    app = serving(handler)
    app.container.scoped(First, factory=First)
    app.container.scoped(Second, factory=Second)
    assert (await call(app, "GET", "/0")).status == 500
    assert log == ["first"]
    assert "disk full" in caplog.text


async def test_scoped_ones_are_closed_where_the_handler_fails():
    log = []

    class Session:
        def close(self):
            log.append("closed")

    async def handler(session: Session):
        raise LookupError

    app = serving(handler)
    app.container.scoped(Session, factory=Session)
    assert (await call(app, "GET", "/0")).status == 500
    assert log == ["closed"]


async def test_a_generator_may_use_a_scoped_one_until_its_end():
    log = []

    class Session:
        def close(self):
            log.append("closed")

    async def transaction(session: Session):
        yield
        log.append("committed")

    async def handler(found: Annotated[None, Depends(transaction)]):
        """Does nothing."""

    app = serving(handler)
    app.container.scoped(Session, factory=Session)
    await call(app, "GET", "/0")
    assert log == ["committed", "closed"]


async def test_singletons_and_transient_ones_are_not_closed_by_a_request():
    log = []

    class Kept:
        def close(self):
            log.append("closed")

    class Made(Kept):
        """A class of its own."""

    async def handler(kept: Kept, made: Made):
        """Does nothing."""

    app = serving(handler)
    app.container.singleton(Kept, factory=Kept)
    app.container.transient(Made, factory=Made)
    await call(app, "GET", "/0")
    assert "closed" not in log


async def test_a_factory_that_fails_is_a_500_and_the_next_request_tries_anew():
    calls = []

    def factory():
        calls.append(1)
        if len(calls) == 1:
            raise LookupError
        return Service()

    app = serving(by_type)
    app.container.singleton(Service, factory=factory)
    assert [(await call(app, "GET", "/0")).status for _ in range(3)] == [500, 200, 200]
    assert calls == [1, 1]


async def test_factories_may_be_async():
    async def factory():
        return Service()

    app = serving(by_type)
    app.container.scoped(Service, factory=factory)
    assert (await call(app, "GET", "/0")).json() == "Service"

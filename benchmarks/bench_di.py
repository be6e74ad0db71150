"""What each kind of dependency adds to a request, against the same route without it."""

if not __package__:
    import _root  # noqa: F401 - puts the root on the path

from collections.abc import AsyncIterator, Mapping
from typing import Annotated

import anyio
import msgspec

from benchmarks.asgi import Request, ask, batch, serving
from benchmarks.comparison import BACKENDS, installed_backends, machine
from benchmarks.harness import Timings, difference, measure, ratio
from benchmarks.table import text_table
from hawkapi import HawkAPI
from hawkapi.di import Container, Depends
from hawkapi.security import APIKeyHeader, PermissionPolicy

ROUNDS = 101
NUMBER = 7
"""What every handler answers."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of dependency.

    Args:
        path: The route that has it.
        without: The route that does the same without it.
        limit: The most nanoseconds it may add.
    """

    path: str
    without: str = "/nothing"
    limit: int | None = None


KINDS: Mapping[str, Kind] = {
    "a singleton of the container": Kind("/singleton", limit=200),
    "a scoped service": Kind("/scoped"),
    "a scoped service that is closed": Kind("/scoped-closed"),
    "a transient service": Kind("/transient"),
    "an async function": Kind("/function"),
    "a class, called inline": Kind("/class"),
    "an async generator that never awaits": Kind("/generator"),
    "an async generator that awaits in its cleanup": Kind("/generator-awaits"),
    "a security scheme": Kind("/scheme"),
    "permissions with a policy": Kind("/permissions"),
    "a sync function, in the sync handler's thread": Kind("/thread-function", "/thread"),
    "a sync generator, in the sync handler's thread": Kind("/thread-generator", "/thread"),
    "a sync function before an async handler": Kind("/hop-function"),
}
"""What a handler takes."""


class Service:
    """What a handler works with."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = NUMBER


class Shared(Service):
    """The one that all requests share."""


class Scoped(Service):
    """The one of a request."""


class Transient(Service):
    """A new one each time."""


class Closed(Service):
    """The one of a request, closed with it."""

    async def aclose(self) -> None:
        self.number = 0


async def function() -> Service:
    return Service()


async def generator() -> AsyncIterator[Closed]:
    service = Closed()
    try:
        yield service
    finally:
        service.number = 0


async def generator_awaits() -> AsyncIterator[Closed]:
    service = Closed()
    try:
        yield service
    finally:
        await service.aclose()


def sync_function() -> Service:
    return Service()


def sync_generator():
    service = Service()
    try:
        yield service
    finally:
        service.number = 0


async def permissions_of(request) -> list[str]:
    return ["reports:read"]


def declare() -> HawkAPI:
    """Make the app: a route for each kind, each with the same answer."""
    container = Container()
    container.singleton(Shared, factory=Shared)
    container.scoped(Scoped, factory=Scoped)
    container.scoped(Closed, factory=Closed)
    container.transient(Transient, factory=Transient)
    app = HawkAPI(container=container)
    app.permission_policy = PermissionPolicy(permissions_of)

    @app.get("/nothing")
    async def nothing():
        return {"number": NUMBER}

    @app.get("/singleton")
    async def singleton(service: Shared):
        return {"number": service.number}

    @app.get("/scoped")
    async def scoped(service: Scoped):
        return {"number": service.number}

    @app.get("/scoped-closed")
    async def scoped_closed(service: Closed):
        return {"number": service.number}

    @app.get("/transient")
    async def transient(service: Transient):
        return {"number": service.number}

    @app.get("/function")
    async def of_function(service: Annotated[Service, Depends(function)]):
        return {"number": service.number}

    @app.get("/class")
    async def of_class(service: Annotated[Service, Depends(Service)]):
        return {"number": service.number}

    @app.get("/generator")
    async def of_generator(service: Annotated[Service, Depends(generator)]):
        return {"number": service.number}

    @app.get("/generator-awaits")
    async def of_generator_that_awaits(service: Annotated[Service, Depends(generator_awaits)]):
        return {"number": service.number}

    @app.get("/scheme")
    async def scheme(key: Annotated[str, Depends(APIKeyHeader("X-Key"))]):
        return {"number": len(key)}

    @app.get("/permissions", permissions=["reports:read"])
    async def permitted():
        return {"number": NUMBER}

    @app.get("/hop-function")
    async def hop_function(service: Annotated[Service, Depends(sync_function)]):
        return {"number": service.number}

    @app.get("/thread")
    def thread():
        return {"number": NUMBER}

    @app.get("/thread-function")
    def thread_function(service: Annotated[Service, Depends(sync_function)]):
        return {"number": service.number}

    @app.get("/thread-generator")
    def thread_generator(service: Annotated[Service, Depends(sync_generator)]):
        return {"number": service.number}

    return app


async def prices(rounds: int = ROUNDS) -> dict[str, Timings]:
    """Check each answer, then time each kind's route and the one without it in turn; in pairs, since threads disturb.

    Returns:
        By kind, the timings of both paths.

    Raises:
        ValueError: If an answer is wrong.
    """
    app = declare()
    async with serving(app):
        for path in {path for kind in KINDS.values() for path in (kind.without, kind.path)}:
            answer = await ask(app, _request(path))
            if answer.status != 200 or msgspec.json.decode(answer.body) != {"number": NUMBER}:
                raise ValueError(f"{path}: {answer.status} {answer.body[:200]!r}")
        return {
            title: await measure(
                {path: batch(app, _request(path)) for path in (kind.without, kind.path)}, rounds=rounds
            )
            for title, kind in KINDS.items()
        }


def main() -> None:
    """Print a table for each backend."""
    for backend in ("asyncio", "trio"):
        if backend in installed_backends():
            library, options = BACKENDS[backend]
            results = anyio.run(prices, backend=library, backend_options=options)
            print(f"{machine(backend)}: CPU time that a dependency adds to a request\n")
            print(price_table(results), end="\n\n")


def price_table(results: Mapping[str, Timings]) -> str:
    """Show what each kind adds: nanoseconds, and the ratio to the request without it."""
    rows = [["a handler takes", "ns more", "ratio", "at most ns"]]
    for title, timings in results.items():
        kind = KINDS[title]
        more, times = difference(timings, kind.path, kind.without), ratio(timings, kind.path, kind.without)
        rows.append([title, str(round(more)), f"{times:.2f}", str(kind.limit or "-")])
    return text_table(rows)


def _request(path: str) -> Request:
    return Request("GET", path, [(b"host", b"127.0.0.1:8000"), (b"accept", b"*/*"), (b"x-key", b"0123456")])


if __name__ == "__main__":
    main()

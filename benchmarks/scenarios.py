"""The scenarios of performance.md: what is asked, and what everybody has to answer.

A new one is an entry in `SCENARIOS`, a route in `floor.py` and one in the peers that can do it. One whose app is made
differently as a whole (middleware) is an app of its own under its letter in the contestants' `build`.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import msgspec

from benchmarks.asgi import Answer, Request

JSON = "application/json"
PROBLEM = "application/problem+json"

LAYERS = 5
"""Middleware of each app under h and h', every one a class or function of its own: that is how they come in an app."""


class NewItem(msgspec.Struct):
    """The body of `POST /items`."""

    name: str
    price: Annotated[float, msgspec.Meta(ge=0)]
    tags: list[str]
    in_stock: bool = True


class Item(msgspec.Struct):
    """An item as it is answered."""

    id: int
    name: str
    price: float
    tags: list[str]


class Settings:
    """What is known before the first request."""

    __slots__ = ("dsn",)

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn


class Connection:
    """What a request opens, and closes again whatever happens."""

    __slots__ = ("dsn", "is_open")

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.is_open = True

    def close(self) -> None:
        """Close it."""
        self.is_open = False


class Repository:
    """What a handler works with."""

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def stock(self) -> dict[str, Any]:
        """Give what is answered, from an open connection only."""
        if not self.connection.is_open:
            raise ValueError("the connection is closed")
        return {"database": self.connection.dsn, "items": 3}


SETTINGS = Settings("warehouse")


async def settings() -> Settings:
    """Give what a connection needs; the first of the three dependencies of f."""
    return SETTINGS


async def connection(settings: Settings) -> AsyncIterator[Connection]:
    """Give a connection, and close it."""
    opened = Connection(settings.dsn)
    try:
        yield opened
    finally:
        opened.close()


async def repository(connection: Connection) -> Repository:
    """Give what the handler takes."""
    return Repository(connection)


CATALOGUE = [Item(id=n, name=f"Item number {n}", price=n + 0.5, tags=["new", "garden"]) for n in range(100)]


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its one right answer.

    Args:
        title: A few words for tables.
        request: What is asked.
        status: The status to answer.
        body: The body to answer, decoded.
        content_type: The media type to answer.
        target: The most that ours may cost, in costs of the floor.
        error_form: The body is the error format of this framework: of a peer only a 4xx is asked.
    """

    title: str
    request: Request
    status: int = 200
    body: Any
    content_type: str = JSON
    target: float
    error_form: bool = False

    def mistake(self, answer: Answer, *, own_errors: bool) -> str | None:
        """Say what is wrong with an answer, if anything is.

        Args:
            answer: What the app sent.
            own_errors: The app has an error format of its own.
        """
        if self.error_form and own_errors:
            right = answer.status == self.status or (self.status != 404 and answer.status == 422)
            return None if right else f"status {answer.status}, not {self.status}"
        if answer.status != self.status:
            return f"status {answer.status}, not {self.status}: {answer.body[:200]!r}"
        content_type = answer.headers.get("content-type", "none").partition(";")[0]
        if content_type != self.content_type:
            return f"content type {content_type}, not {self.content_type}"
        if answer.headers.get("content-length", str(len(answer.body))) != str(len(answer.body)):
            return f"content-length {answer.headers['content-length']} for {len(answer.body)} bytes"
        if (body := json.loads(answer.body)) != self.body:
            return f"body {body!r}, not {self.body!r}"
        return None


def _headers(*last: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Give the seven headers of a small client; the last two are the request's own."""
    return [
        (b"host", b"127.0.0.1:8000"),
        (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        (b"accept", b"*/*"),
        (b"accept-encoding", b"gzip, deflate, br, zstd"),
        (b"connection", b"keep-alive"),
        *last,
    ]


def _get(target: str, *last: tuple[bytes, bytes]) -> Request:
    usual = ((b"accept-language", b"en-GB,en;q=0.5"), (b"cache-control", b"no-cache"))
    return Request("GET", target, _headers(*(last or usual)))


def _post(target: str, value: Any) -> Request:
    body = msgspec.json.encode(value)
    own = ((b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body)))
    return Request("POST", target, _headers(*own), body)


SCENARIOS: Mapping[str, Scenario] = {
    "a": Scenario(
        title="ping",
        request=_get("/ping"),
        body={"message": "pong"},
        target=1.6,
    ),
    "b": Scenario(
        title="/users/{id:int}",
        request=_get("/users/42"),
        body={"id": 42, "name": "Ada"},
        target=1.8,
    ),
    "c": Scenario(
        title="typed query",
        request=_get("/items?q=hawk&limit=20"),
        body={"q": "hawk", "limit": 20},
        target=1.0,
    ),
    "d": Scenario(
        title="JSON body, Struct, JSON",
        request=_post("/items", {"name": "Lamp", "price": 19.5, "tags": ["home", "light"], "in_stock": True}),
        status=201,
        body={"id": 1, "name": "Lamp", "price": 19.5, "tags": ["home", "light"]},
        target=1.5,
    ),
    "e": Scenario(
        title="list of 100 Structs",
        request=_get("/catalogue"),
        body=msgspec.to_builtins(CATALOGUE),
        target=1.1,
    ),
    "f": Scenario(
        title="3 nested deps, one yield",
        request=_get("/stock"),
        body={"database": "warehouse", "items": 3},
        target=1.3,
    ),
    "g": Scenario(
        title="sync def",
        request=_get("/report"),
        body={"pages": 12},
        target=1.3,
    ),
    "h": Scenario(
        title="5 hook middleware",
        request=_get("/ping"),
        body={"message": "pong"},
        target=2.0,
    ),
    "h'": Scenario(
        title="5 pure ASGI middleware",
        request=_get("/ping"),
        body={"message": "pong"},
        target=1.5,
    ),
    "i": Scenario(
        title="404",
        request=_get("/missing"),
        status=404,
        body={
            "type": "https://hawkapi.ashimov.com/errors/not-found",
            "title": "Not Found",
            "status": 404,
            "detail": "No route matches GET /missing",
        },
        content_type=PROBLEM,
        target=2.0,
        error_form=True,
    ),
    "j": Scenario(
        title="validation error",
        request=_post("/items", {"name": "Lamp", "price": -5, "tags": ["home", "light"], "in_stock": True}),
        status=400,
        body={
            "type": "https://hawkapi.ashimov.com/errors/validation",
            "title": "Validation Error",
            "status": 400,
            "detail": "1 validation error",
            "errors": [{"field": "price", "message": "Expected `float` >= 0.0", "value": -5}],
        },
        content_type=PROBLEM,
        target=2.1,
        error_form=True,
    ),
    "k": Scenario(
        title="header and cookie params",
        request=_get(
            "/me",
            (b"x-tenant", b"7"),
            (b"cookie", b"theme=dark; session=5f2c9a41d0; lang=en"),
        ),
        body={"tenant": 7, "session": "5f2c9a41d0"},
        target=1.4,
    ),
}

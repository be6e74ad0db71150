"""The server's side of ASGI, as little of it as a benchmark needs."""

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, TypeAlias

import anyio

from benchmarks.harness import Batch

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers: TypeAlias = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Request:
    """A request as a server would hand it over; `target` is the path with its query."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    scheme: str = "http"

    def scope(self) -> dict[str, Any]:
        """Give the scope that uvicorn makes of it."""
        path, _, query = self.target.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": self.scheme,
            "method": self.method,
            "root_path": "",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": self.headers,
        }

    def receive(self) -> Receive:
        """Give the `receive` of any number of such requests: the body, whole, in one message."""
        body = self.body

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        return receive


@dataclass
class Answer:
    """What an app sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def send(self, message: Message) -> None:
        """Take one message of the app, as its `send`."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in message.get("headers", ())}
        else:
            self.body += message.get("body", b"")


async def ask(app: App, request: Request) -> Answer:
    """Give an app's answer to one request."""
    answer = Answer()
    await app(request.scope(), request.receive(), answer.send)
    return answer


def batch(app: App, request: Request) -> Batch:
    """Make a contestant of an app: the same request over and over, each time in a scope of its own."""
    scope, receive = request.scope(), request.receive()

    async def send(message: Message) -> None:
        pass

    async def run(times: int) -> None:
        for _ in repeat(None, times):
            await app(scope.copy(), receive, send)

    return run


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[None]:
    """Start an app before the block and stop it after, by the lifespan protocol."""
    to_app, from_server = anyio.create_memory_object_stream[Message](1)
    to_server, from_app = anyio.create_memory_object_stream[Message](2)
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}

    async def converse(event: str) -> None:
        await to_app.send({"type": event})
        answer = await from_app.receive()
        if answer["type"] != f"{event}.complete":
            raise RuntimeError(f"{event} failed: {answer.get('message', '')}")

    async with to_app, from_server, to_server, from_app, anyio.create_task_group() as tasks:
        tasks.start_soon(app, scope, from_server.receive, to_server.send)
        await converse("lifespan.startup")
        yield
        await converse("lifespan.shutdown")

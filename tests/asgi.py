"""A tiny ASGI driver: one request, one answer, nothing between the test and the app."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What an app sent: the status, the headers (the last of a name wins; `raw` has all of them), the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    raw: list[tuple[bytes, bytes]]

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def http_scope(method: str, path: str, *, query: bytes = b"", headers: Pairs = ()) -> dict[str, Any]:
    """Make the scope of a request that carries what an app needs and no more; `path` is already decoded."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
    }


async def call(
    app: Any, method: str, path: str, *, query: bytes = b"", headers: Pairs = (), body: bytes = b""
) -> Answer:
    """Call `app` with one request and collect its answer; after its body the client is gone."""
    scope = http_scope(method, path, query=query, headers=headers)
    messages = iter([{"type": "http.request", "body": body}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *bodies = sent
    assert start["type"] == "http.response.start"
    assert all(message["type"] == "http.response.body" for message in bodies)
    assert not bodies[-1].get("more_body", False)
    raw = [(bytes(name), bytes(value)) for name, value in start["headers"]]
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
    return Answer(start["status"], found, b"".join(message.get("body", b"") for message in bodies), raw)

"""A typed API in one file: `make run`, or `hawkapi dev examples.quickstart:app`."""

from collections.abc import AsyncIterator
from typing import Annotated

import anyio
import msgspec

from hawkapi import EventSourceResponse, FileResponse, HawkAPI, HTTPException, ServerSentEvent

app = HawkAPI(title="Quickstart", version="1.0.0")


class CreateUser(msgspec.Struct):
    """What a client sends. The annotations are the validation."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    email: Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$")]
    age: Annotated[int, msgspec.Meta(ge=0, le=150)]


class User(msgspec.Struct):
    """What the API answers with."""

    id: int
    name: str
    email: str


users = {42: User(id=42, name="Ada", email="ada@example.org")}


@app.get("/")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/users/{user_id:int}")
async def get_user(user_id: int) -> User:
    if user_id not in users:
        raise HTTPException(404, detail=f"There is no user {user_id}")
    return users[user_id]


@app.get("/users")
async def list_users(q: str = "", limit: int = 10) -> list[User]:
    return [user for user in users.values() if q in user.name][:limit]


@app.post("/users")
async def create_user(body: CreateUser) -> User:
    user = User(id=max(users) + 1, name=body.name, email=body.email)
    users[user.id] = user
    return user


@app.get("/primes")
def primes(below: Annotated[int, msgspec.Meta(ge=2, le=10_000)] = 100) -> list[int]:
    """Work without `await` stands in a `def`: it runs in a worker thread, and the event loop goes on."""
    return [n for n in range(2, below) if all(n % d for d in range(2, int(n**0.5) + 1))]


@app.get("/events")
async def events() -> EventSourceResponse:
    return EventSourceResponse(ticks())


async def ticks() -> AsyncIterator[ServerSentEvent]:
    """Count for as long as somebody listens."""
    yield ServerSentEvent("connected", event="open")
    count = 0
    while True:
        count += 1
        yield ServerSentEvent(str(count), event="tick", id=str(count))
        await anyio.sleep(1)


@app.get("/download")
async def download() -> FileResponse:
    """This file; a `Range` header asks for a part of it."""
    return FileResponse(__file__, filename="quickstart.py")

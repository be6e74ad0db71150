"""A small service as one writes it: a container, a controller, tokens and permissions, sessions, middleware.

`hawkapi dev examples.notes:app`, and then

    curl -s localhost:8000/v1/notes -H 'Authorization: Bearer ada-token'
"""

import os
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec

from hawkapi import (
    Container,
    Controller,
    Depends,
    HawkAPI,
    HTTPBearer,
    HTTPBearerCredentials,
    HTTPException,
    Page,
    PaginationParams,
    PermissionPolicy,
    Request,
    Router,
    SessionMiddleware,
    WebSocket,
    delete,
    get,
    post,
)
from hawkapi.middleware import CompressionMiddleware, RequestIDMiddleware, SecurityHeadersMiddleware, TimingMiddleware
from hawkapi.requests import HTTPConnection
from hawkapi.security import constant_time_equal


class NewNote(msgspec.Struct):
    """What a client sends."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Note(msgspec.Struct):
    """What the API answers with."""

    id: int
    author: str
    text: str


class Database:
    """Stands for a real one: a singleton of the container."""

    def __init__(self) -> None:
        self.notes: dict[int, Note] = {}


class Transaction:
    """Changes that count when they are committed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.changed = dict(database.notes)

    async def commit(self) -> None:
        self.database.notes = self.changed


async def transaction(database: Database) -> AsyncIterator[Transaction]:
    """Commit before the answer goes out, and not at all if the handler fails."""
    transaction = Transaction(database)
    yield transaction
    await transaction.commit()


class User(msgspec.Struct):
    """Who calls, and what he may do."""

    name: str
    permissions: list[str]


TOKENS = {
    "ada-token": User("Ada", ["notes:read", "notes:write"]),
    "bob-token": User("Bob", ["notes:read"]),
}

bearer = HTTPBearer()


def find_user(credentials: HTTPBearerCredentials) -> User | None:
    return next((user for token, user in TOKENS.items() if constant_time_equal(credentials.credentials, token)), None)


async def current_user(credentials: Annotated[HTTPBearerCredentials, Depends(bearer)]) -> User:
    user = find_user(credentials)
    if user is None:
        raise HTTPException(401, "Unknown token", headers={"WWW-Authenticate": "Bearer"})
    return user


async def permissions_of(connection: HTTPConnection) -> list[str]:
    user = find_user(await bearer(connection))
    return [] if user is None else user.permissions


class NoteController(Controller):
    """The notes; one instance a request, with what its constructor asks for."""

    prefix = "/notes"
    permissions = ["notes:read"]  # noqa: RUF012  # read once, when the controller is included

    def __init__(self, transaction: Annotated[Transaction, Depends(transaction)]) -> None:
        self.notes = transaction.changed

    @get("/")
    async def list_notes(self, params: PaginationParams) -> Page[Note]:
        found = list(self.notes.values())
        items = found[params.offset : params.offset + params.limit]
        return Page(items=items, total=len(found), page=params.page, size=params.limit)

    @post("/", permissions=["notes:write"])
    async def add_note(self, body: NewNote, user: Annotated[User, Depends(current_user)]) -> Note:
        note = Note(id=max(self.notes, default=0) + 1, author=user.name, text=body.text)
        self.notes[note.id] = note
        return note

    @delete("/{note_id:int}", permissions=["notes:write"])
    async def remove_note(self, note_id: int) -> None:
        if self.notes.pop(note_id, None) is None:
            raise HTTPException(404, f"There is no note {note_id}")


site = Router()


@site.get("/visits")
async def visits(request: Request) -> dict[str, int]:
    """Count the visits of a browser, in its session."""
    session = request.scope["session"]
    session["visits"] = session.get("visits", 0) + 1
    return {"visits": session["visits"]}


@site.websocket("/live")
async def live(ws: WebSocket, user: Annotated[User, Depends(current_user)]) -> None:
    await ws.accept()
    async for text in ws:
        await ws.send_text(f"{user.name}: {text}")


container = Container()
container.singleton(Database, factory=Database)

app = HawkAPI(title="Notes", container=container)
app.permission_policy = PermissionPolicy(permissions_of)

app.add_middleware(RequestIDMiddleware)
app.add_middleware(TimingMiddleware)
app.add_middleware(CompressionMiddleware)
app.add_middleware(SecurityHeadersMiddleware)
# Secure cookies need HTTPS; a key of one's own comes from the environment.
app.add_middleware(
    SessionMiddleware,
    secret_key=os.environ.get("SECRET_KEY", "for development only, and never elsewhere"),
    secure=False,
)

v1 = Router(prefix="/v1")
v1.include_controller(NoteController)
app.include_router(v1)
app.include_router(site)

"""Contract 3.4: pagination."""

from typing import ClassVar

import msgspec
import pytest

from hawkapi import CursorPage, CursorParams, HawkAPI, Page, PaginationParams
from tests.asgi import call


class UserOut(msgspec.Struct):
    id: int


class PostOut(msgspec.Struct):
    id: int


class db:
    asked: ClassVar[list] = []

    @classmethod
    async def get_users(cls, offset, limit):
        cls.asked.append((offset, limit))
        return [UserOut(offset)], 101

    @classmethod
    async def get_feed(cls, after, limit):
        cls.asked.append((after, limit))
        return [PostOut(1)], None if after else "abc"


@pytest.fixture
def app():
    db.asked = []
    app = HawkAPI()

    @app.get("/users")
    async def list_users(params: PaginationParams) -> Page[UserOut]:
        users, total = await db.get_users(params.offset, params.limit)
        return Page(items=users, total=total, page=params.page, size=params.limit)

    @app.get("/feed")
    async def feed(params: CursorParams) -> CursorPage[PostOut]:
        posts, next_cursor = await db.get_feed(params.after, params.limit)
        return CursorPage(items=posts, next_cursor=next_cursor)

    return app


async def test_the_example_of_pages(app):
    answer = await call(app, "GET", "/users", query=b"page=2&size=10")
    assert answer.body == b'{"items":[{"id":10}],"total":101,"page":2,"size":10,"pages":11}'


async def test_the_example_of_cursors(app):
    answer = await call(app, "GET", "/feed")
    assert answer.body == b'{"items":[{"id":1}],"next_cursor":"abc","has_more":true}'
    answer = await call(app, "GET", "/feed", query=b"after=abc")
    assert answer.json() == {"items": [{"id": 1}], "next_cursor": None, "has_more": False}


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        (b"", (0, 50)),
        (b"page=3&size=20", (40, 20)),
        (b"page=0&size=0", (0, 1)),
        (b"page=-1&size=-5", (0, 1)),
        (b"page=2&size=1000", (100, 100)),
        (b"size=1000&max_size=1000", (0, 100)),
    ],
)
async def test_what_a_client_may_ask_of_pages(app, query, asked):
    assert (await call(app, "GET", "/users", query=query)).status == 200
    assert db.asked == [asked]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        (b"", (None, 50)),
        (b"after=x&limit=20", ("x", 20)),
        (b"limit=0", (None, 1)),
        (b"limit=1000", (None, 100)),
        (b"limit=1000&max_limit=1000", (None, 100)),
    ],
)
async def test_what_a_client_may_ask_of_cursors(app, query, asked):
    assert (await call(app, "GET", "/feed", query=query)).status == 200
    assert db.asked == [asked]


async def test_what_is_no_number_is_refused(app):
    answer = await call(app, "GET", "/users", query=b"page=x")
    assert (answer.status, answer.json()["errors"][0]["field"]) == (400, "page")


@pytest.mark.parametrize(
    ("total", "size", "pages"), [(101, 10, 11), (100, 10, 10), (1, 10, 1), (0, 10, 0), (5, 0, 0), (5, -1, 0)]
)
def test_how_many_pages_there_are(total, size, pages):
    encoded = msgspec.json.encode(Page(items=[], total=total, page=1, size=size))
    assert msgspec.json.decode(encoded)["pages"] == pages


def test_plain_msgspec_gives_the_same_json():
    assert msgspec.json.encode(Page(items=[1], total=101, page=2, size=10)) == (
        b'{"items":[1],"total":101,"page":2,"size":10,"pages":11}'
    )
    assert msgspec.json.encode(CursorPage(items=[1], next_cursor="abc")) == (
        b'{"items":[1],"next_cursor":"abc","has_more":true}'
    )
    assert msgspec.json.encode(CursorPage(items=[])) == b'{"items":[],"next_cursor":null,"has_more":false}'


def test_limit_and_offset():
    params = PaginationParams(page=3, size=500)
    assert (params.limit, params.offset) == (100, 200)
    assert CursorParams(limit=500).limit == 100


class UserFull(msgspec.Struct):
    id: int
    password_hash: str


async def test_a_page_filters_its_items_as_a_response_model():
    app = HawkAPI()

    @app.get("/given", response_model=Page[UserOut])
    async def given():
        return Page(items=[UserFull(1, "x")], total=1, page=1, size=10)

    @app.get("/annotated")
    async def annotated() -> Page[UserOut]:
        return Page(items=[UserFull(1, "x")], total=1, page=1, size=10)

    expected = {"items": [{"id": 1}], "total": 1, "page": 1, "size": 10, "pages": 1}
    assert [(await call(app, "GET", path)).json() for path in ("/given", "/annotated")] == [expected] * 2

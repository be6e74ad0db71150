import msgspec
import pytest

from hawkapi import HawkAPI
from hawkapi.pagination import CursorPage, CursorParams, Page, PaginationParams
from hawkapi.responses.plain_text import PlainTextResponse
from tests.asgi import call


class Out(msgspec.Struct):
    id: int


class Full(Out):
    secret: str = "hunter2"


class Alone(msgspec.Struct):
    """A model that nothing is derived from."""

    id: int


class Other(msgspec.Struct):
    id: int
    secret: str = "hunter2"


async def test_the_annotation_is_the_model(caplog):
    app = HawkAPI()

    @app.get("/{kind}")
    async def handler(kind: str) -> list[Out] | PlainTextResponse | None:
        results = {"full": [Full(1), Out(2)], "text": PlainTextResponse("text"), "wrong": [{"id": "hunter2"}]}
        return results.get(kind)

    assert (await call(app, "GET", "/full")).body == b'[{"id":1},{"id":2}]'
    assert (await call(app, "GET", "/text")).body == b"text"
    assert (await call(app, "GET", "/none")).status == 204
    assert (await call(app, "GET", "/wrong")).status == 500
    assert len(caplog.records) == 1
    assert "does not fit the response model: Expected `int`, got `str` - at `$[0].id`" in caplog.text
    assert "hunter2" not in caplog.text


async def test_a_filtered_result_goes_out_as_messagepack_too():
    app = HawkAPI()

    @app.get("/", response_model=Out)
    async def handler():
        return Full(1)

    answer = await call(app, "GET", "/", headers=[("accept", "application/msgpack")])
    assert msgspec.msgpack.decode(answer.body) == {"id": 1}


async def test_pages_are_asked_for_in_the_query():
    app = HawkAPI()

    @app.get("/pages")
    async def pages(params: PaginationParams) -> Page[Out]:
        return Page([Full(params.offset)], 101, params.page, params.limit)

    @app.get("/cursors")
    async def cursors(params: CursorParams) -> CursorPage[Out]:
        return CursorPage([Full(params.limit)], params.after)

    sent = await call(app, "GET", "/pages", query=b"page=2&size=1000&max_size=1000")
    assert sent.body == b'{"items":[{"id":100}],"total":101,"page":2,"size":100,"pages":2}'
    sent = await call(app, "GET", "/cursors", query=b"after=abc&limit=7")
    assert sent.body == b'{"items":[{"id":7}],"next_cursor":"abc","has_more":true}'
    assert (await call(app, "GET", "/pages", query=b"page=9223372036854775808")).status == 400


async def with_both() -> list[Alone]:
    return [Alone(1), Other(2), Alone(3)]


async def with_response_model():
    return [Alone(1), Other(2), Alone(3)]


@pytest.mark.parametrize("handler", [with_both, with_response_model])
async def test_a_response_model_filters_every_item_of_a_list(handler):
    app = HawkAPI()
    app.get("/", response_model=list[Alone])(handler)
    assert (await call(app, "GET", "/")).json() == [{"id": 1}, {"id": 2}, {"id": 3}]


@pytest.mark.parametrize("items", [[Other(1), Alone(2)], [Alone(1), Other(2)], [Other(1)]])
async def test_by_the_annotation_alone_the_ends_of_a_list_decide_that_all_is_filtered(items):
    app = HawkAPI()

    @app.get("/")
    async def handler() -> list[Alone]:
        return items

    assert (await call(app, "GET", "/")).json() == [{"id": item.id} for item in items]

"""Bodies: limits, framing and streams (contract 2.14; security.md 1)."""

from typing import Annotated

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.requests.request import Request, RequestEntityTooLarge
from hawkapi.validation.constraints import Cookie, Query
from tests.app.wire import Wire, chunks, exchange
from tests.asgi import call

LIMIT = 10
BODY = b'"%s"' % (b"x" * (LIMIT - 2))  # JSON of exactly the limit
TOO_LARGE = f"Request body exceeds maximum size of {LIMIT} bytes"
READERS = ["body", "json", "stream", "parameter", "optional parameter", "sync parameter", "request and parameter"]


@pytest.fixture
def app():
    app = HawkAPI(max_body_size=LIMIT)

    @app.post("/body")
    async def body(request: Request):
        return len(await request.body())

    @app.post("/json")
    async def json(request: Request):
        return len(await request.json()) + 2

    @app.post("/stream")
    async def stream(request: Request):
        return sum([len(chunk) async for chunk in request.stream()])

    @app.post("/parameter")
    async def parameter(body: list[str] | str):
        return len(body) + 2

    @app.post("/optional parameter")
    async def optional(body: list[str] | str | None = None):
        return len(body) + 2

    @app.post("/sync parameter")
    def sync_parameter(body: list[str] | str):
        return len(body) + 2

    @app.post("/request and parameter")
    async def both(request: Request, body: list[str] | str):
        return len(await request.body())

    return app


def content_length(value):
    return [("content-length", value)]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("headers", [[], content_length("10"), content_length("1"), content_length("0")])
async def test_a_body_of_exactly_the_limit_is_fine_whatever_its_content_length_says(app, reader, headers):
    answer = await call(app, "POST", f"/{reader}", body=BODY, headers=headers)
    assert (answer.status, answer.json()) == (201, LIMIT)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("headers", [[], content_length("10"), content_length("1"), content_length("0")])
async def test_one_byte_more_is_a_413_whatever_its_content_length_says(app, reader, headers):
    answer = await call(app, "POST", f"/{reader}", body=BODY + b" ", headers=headers)
    assert (answer.status, answer.json()["title"], answer.json()["detail"]) == (413, "Payload Too Large", TOO_LARGE)
    assert answer.json()["type"].endswith("/payload-too-large")


@pytest.mark.parametrize("reader", READERS)
async def test_a_body_in_chunks_is_counted_as_a_whole(app, reader):
    fits, over = chunks(BODY[:4], b"", BODY[4:]), chunks(BODY[:4], BODY[4:], b" ")
    assert (await exchange(app, "POST", f"/{reader}", wire=Wire(*fits))).body == b"10"
    assert (await exchange(app, "POST", f"/{reader}", wire=Wire(*over))).status == 413


@pytest.mark.parametrize("reader", READERS)
async def test_reading_ends_at_the_chunk_that_is_too_much(app, reader):
    wire = Wire(*chunks(BODY, b"1", b"2", b"3"))
    await exchange(app, "POST", f"/{reader}", wire=wire)
    assert (wire.status, wire.receives) == (413, 2)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("length", ["11", "100000000000000000000000"])
async def test_a_content_length_over_the_limit_is_refused_before_anything_is_read(app, reader, length):
    wire = Wire(*chunks(b"[]"))
    await exchange(app, "POST", f"/{reader}", wire=wire, headers=content_length(length))
    assert (wire.status, wire.receives) == (413, 0)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("length", ["", "-1", "+1", "1.0", "0x1", "1 1", "²", "1,1"])
async def test_cve_2023_47627_a_content_length_that_is_no_number_is_a_400(app, reader, length):
    wire = Wire(*chunks(b"[]"))
    await exchange(app, "POST", f"/{reader}", wire=wire, headers=content_length(length))
    assert (wire.status, wire.receives) == (400, 0)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("order", [1, -1])
async def test_cve_2023_47641_and_2023_37276_content_length_beside_transfer_encoding_is_a_400_that_ends_the_connection(
    app, reader, order
):
    headers = [*content_length("2"), ("transfer-encoding", "chunked")][::order]
    wire = await exchange(app, "POST", f"/{reader}", wire=Wire(*chunks(b"[]")), headers=headers)
    assert (wire.status, wire.headers["connection"]) == (400, "close")
    assert wire.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("reader", READERS)
async def test_cve_2023_47641_and_2023_37276_two_content_lengths_are_a_400_that_ends_the_connection(app, reader):
    headers = [*content_length("10"), *content_length("10")]
    wire = await exchange(app, "POST", f"/{reader}", wire=Wire(*chunks(BODY)), headers=headers)
    assert (wire.status, wire.headers.get("connection")) == (400, "close")


@pytest.mark.parametrize("reader", READERS)
async def test_transfer_encoding_alone_is_fine(app, reader):
    answer = await call(app, "POST", f"/{reader}", body=BODY, headers=[("transfer-encoding", "chunked")])
    assert answer.status == 201


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("first", [b"", BODY[:4], BODY])
async def test_a_disconnect_in_the_middle_is_never_a_complete_body(app, reader, first, caplog):
    wire = Wire(*chunks(first, complete=False))
    await exchange(app, "POST", f"/{reader}", wire=wire)
    assert wire.status == 400
    assert caplog.records == []


@pytest.mark.parametrize("reader", READERS)
async def test_a_disconnect_before_the_body_is_no_empty_body(app, reader):
    assert (await exchange(app, "POST", f"/{reader}", wire=Wire())).status == 400


async def test_the_exception_carries_the_limit():
    app = HawkAPI(max_body_size=3)

    @app.post("/")
    async def handler(request: Request):
        try:
            await request.body()
        except RequestEntityTooLarge as exc:
            return exc.max_size

    assert (await call(app, "POST", "/", body=b"1234")).body == b"3"


async def test_a_limit_of_zero_takes_an_empty_body_only():
    app = HawkAPI(max_body_size=0)

    @app.post("/")
    async def handler(request: Request):
        return len(await request.body())

    assert (await call(app, "POST", "/")).body == b"0"
    assert (await call(app, "POST", "/", body=b"1")).status == 413


async def test_a_handler_that_reads_no_body_answers_before_it_comes():
    app = HawkAPI(max_body_size=1)

    @app.post("/")
    async def handler():
        return "answered"

    wire = await exchange(app, "POST", "/", wire=Wire(*chunks(b"12345")))
    assert (wire.status, wire.receives) == (201, 0)


async def test_a_stream_yields_the_chunks_that_are_not_empty():
    app = HawkAPI()

    @app.post("/")
    async def handler(request: Request):
        return [chunk.decode() async for chunk in request.stream()]

    wire = await exchange(app, "POST", "/", wire=Wire(*chunks(b"", b"a", b"", b"b", b"")))
    assert wire.body == b'["a","b"]'
    wire = await exchange(app, "POST", "/", wire=Wire(*chunks(b"", b"")))
    assert wire.body == b"[]"


async def test_a_stream_gives_each_chunk_before_the_next_is_received():
    app = HawkAPI()
    wire = Wire(*chunks(b"a", b"b", b"c"))

    @app.post("/")
    async def handler(request: Request):
        return [wire.receives async for _ in request.stream()]

    await exchange(app, "POST", "/", wire=wire)
    assert wire.body == b"[1,2,3]"


async def test_after_a_stream_the_body_is_gone():
    app = HawkAPI()

    @app.post("/")
    async def handler(request: Request):
        async for _ in request.stream():
            pass
        try:
            await request.body()
        except RuntimeError as exc:
            return str(exc)

    assert (await call(app, "POST", "/", body=b"x")).json() == "Body already consumed by stream()"


async def test_after_the_body_a_stream_gives_it_as_one_chunk():
    app = HawkAPI()

    @app.post("/")
    async def handler(request: Request):
        body = await request.body()
        return [chunk is body async for chunk in request.stream()]

    wire = await exchange(app, "POST", "/", wire=Wire(*chunks(b"a", b"b")))
    assert wire.body == b"[true]"
    assert (await exchange(app, "POST", "/", wire=Wire(*chunks(b"")))).body == b"[]"


async def test_two_requests_of_one_scope_share_the_body():
    app = HawkAPI()

    @app.post("/")
    async def handler(request: Request):
        another = Request(request.scope, None)
        return [await request.body() is await another.body(), (await another.json())]

    assert (await call(app, "POST", "/", body=b"[1]")).json() == [True, [1]]


async def test_a_body_parameter_and_the_request_share_the_body():
    app = HawkAPI()

    @app.post("/")
    async def handler(request: Request, body: list[int]):
        return [body, await request.json()]

    assert (await call(app, "POST", "/", body=b"[1]")).json() == [[1], [1]]


async def test_an_exception_handler_can_read_the_body_that_the_handler_did_not():
    app = HawkAPI()

    @app.post("/")
    async def handler():
        raise ValueError

    @app.exception_handler(ValueError)
    async def handle(request, exc):
        return {"body": (await request.body()).decode()}

    assert (await call(app, "POST", "/", body=b"x")).json() == {"body": "x"}


@pytest.mark.parametrize("reader", ["request", "parameter", "list"])
async def test_query_pairs_up_to_the_limit_are_read_and_one_more_is_a_414(reader):
    app = HawkAPI(limits=Limits(query_pairs=3))

    @app.get("/request")
    async def by_request(request: Request):
        return len(request.query_params.getlist("a"))

    @app.get("/parameter")
    async def by_parameter(a: int):
        return a

    @app.get("/list")
    def by_list(a: Annotated[list[int], Query()]):
        return len(a)

    assert (await call(app, "GET", f"/{reader}", query=b"a=1&b=2&c=3")).body == b"1"
    answer = await call(app, "GET", f"/{reader}", query=b"a=1&b=2&c=3&d=4")
    assert (answer.status, answer.json()["title"]) == (414, "URI Too Long")


@pytest.mark.parametrize("reader", ["request", "parameter"])
async def test_cookies_up_to_the_limit_are_read_and_one_more_character_is_a_431(reader):
    app = HawkAPI(limits=Limits(cookies=10))

    @app.get("/request")
    async def by_request(request: Request):
        return request.cookies["a"]

    @app.get("/parameter")
    async def by_parameter(a: Annotated[str, Cookie()]):
        return a

    assert (await call(app, "GET", f"/{reader}", headers=[("cookie", "a=12345678")])).body == b'"12345678"'
    answer = await call(app, "GET", f"/{reader}", headers=[("cookie", "a=123456789")])
    assert (answer.status, answer.json()["title"]) == (431, "Request Header Fields Too Large")
    split = await call(app, "GET", f"/{reader}", headers=[("cookie", "a=1234"), ("cookie", "b=1234")])
    assert split.status == 431


@pytest.mark.parametrize("depth", [3, 4])
async def test_json_nests_up_to_the_limit(depth):
    app = HawkAPI(limits=Limits(nesting=3))

    @app.post("/request")
    async def by_request(request: Request):
        return await request.json()

    @app.post("/parameter")
    async def by_parameter(body: list):
        return body

    for path in ("/request", "/parameter"):
        answer = await call(app, "POST", path, body=b"[" * depth + b"]" * depth)
        assert answer.status == (201 if depth == 3 else 400)

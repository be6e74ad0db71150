import anyio
import pytest

from hawkapi.testing.async_client import AsyncTestClient
from hawkapi.testing.exchange import ProtocolError
from tests.testing.apps import answer, capturing, describe, with_lifespan


async def test_requests_run_in_the_loop_of_the_test():
    event = anyio.Event()

    async def app(scope, receive, send):
        event.set()
        await answer(send, b"hi")

    response = await AsyncTestClient(app).get("/")
    assert response.text == "hi"
    assert event.is_set()


async def test_every_verb_is_there():
    client = AsyncTestClient(describe)
    for method in ("get", "delete", "options", "post", "put", "patch"):
        assert (await getattr(client, method)("/")).json()["method"] == method.upper()
    assert (await client.head("/")).body == b""


async def test_the_block_runs_the_lifespan():
    events, scopes = [], []
    app = with_lifespan(capturing(scopes), state={"db": 1}, events=events)
    async with AsyncTestClient(app) as client:
        await client.get("/")
        assert events == ["started"]
    assert events == ["started", "stopped"]
    assert scopes[0]["state"] == {"db": 1}


async def test_a_failing_start_up_raises():
    with pytest.raises(RuntimeError, match="no database"):
        async with AsyncTestClient(with_lifespan(describe, fail="no database")):
            pass


async def test_the_app_stops_in_order_when_the_block_raises():
    events = []
    with pytest.raises(LookupError, match="mine"):
        async with AsyncTestClient(with_lifespan(describe, events=events)):
            raise LookupError("mine")
    assert events == ["started", "stopped"]


async def test_a_block_within_the_block_is_refused():
    async with AsyncTestClient(with_lifespan(describe)) as client:
        with pytest.raises(RuntimeError, match="already runs the app's lifespan"):
            await client.__aenter__()
        assert (await client.get("/")).status_code == 200


async def test_a_body_may_be_an_async_iterable():
    async def pieces():
        yield b"a"
        yield b"b"

    assert (await AsyncTestClient(describe).post("/", body=pieces())).json()["body"] == "ab"


async def test_a_body_that_the_app_does_not_read_is_closed():
    closed = []

    async def pieces():
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    async def app(scope, receive, send):
        await receive()
        await answer(send)

    await AsyncTestClient(app).post("/", body=pieces())
    assert closed == [True]


async def test_a_body_whose_reading_was_cancelled_is_never_taken_for_complete():
    types = []

    async def pieces():
        yield b"a"
        await anyio.sleep_forever()

    async def app(scope, receive, send):
        await receive()
        with anyio.CancelScope() as cancelled:
            cancelled.cancel()
            await receive()
        types.append((await receive())["type"])
        await answer(send)

    await AsyncTestClient(app).post("/", body=pieces())
    assert types == ["http.disconnect"]


async def test_receive_waits_after_the_body_until_the_response_is_complete():
    order = []

    async def app(scope, receive, send):
        async def watch():
            order.append((await receive())["type"])

        await receive()
        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            await anyio.wait_all_tasks_blocked()
            order.append("answers")
            await answer(send)

    await AsyncTestClient(app).get("/")
    assert order == ["answers", "http.disconnect"]


def start():
    return {"type": "http.response.start", "status": 200}


def body(more=False):
    return {"type": "http.response.body", "body": b"x", "more_body": more}


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "ended before it started a response"),
        ([start()], "ended in the middle of the response"),
        ([start(), body(more=True)], "ended in the middle of the response"),
        ([body()], "sent 'http.response.body' before it started a response"),
        ([start(), start()], "sent 'http.response.start' in the middle of the response"),
        ([start(), body(), body()], "sent 'http.response.body' after the response was complete"),
        ([start(), {"type": "http.response.pathsend", "path": "/"}], "sent 'http.response.pathsend' in the middle"),
    ],
)
async def test_an_app_that_breaks_asgi_is_told_so(messages, complaint):
    async def app(scope, receive, send):
        for message in messages:
            await send(message)

    with pytest.raises(ProtocolError, match=complaint):
        await AsyncTestClient(app).get("/")

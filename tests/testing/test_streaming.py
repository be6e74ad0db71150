import anyio
import pytest

from hawkapi.testing import exchange
from hawkapi.testing.async_client import AsyncTestClient
from hawkapi.testing.exchange import ProtocolError
from tests.testing.apps import answer, describe

HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", b"a=1")]}


def chunk(body, more=True):
    return {"type": "http.response.body", "body": body, "more_body": more}


def sending(*bodies):
    async def app(scope, receive, send):
        await send(HEAD)
        for body in bodies:
            await send(chunk(body))
        await send(chunk(b"", more=False))

    return app


def endless(events):
    """An app that streams until the client leaves."""

    async def app(scope, receive, send):
        async def watch():
            while (await receive())["type"] != "http.disconnect":
                pass
            events.append("disconnect")
            group.cancel_scope.cancel()

        await send(HEAD)
        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            while True:
                await send(chunk(b"tick\n"))
        events.append("ended")

    return app


def test_a_stream_is_read_while_the_app_makes_it(client_of):
    delivered = []

    async def app(scope, receive, send):
        await send(HEAD)
        for body in (b"a", b"", b"b"):
            await send(chunk(body))
            delivered.append(body)
        await send(chunk(b"", more=False))

    with client_of(app).stream("GET", "/") as response:
        assert response.status_code == 200
        assert delivered == []
        chunks = response.iter_bytes()
        assert next(chunks) == b"a"
        assert b"b" not in delivered  # its send waits until it is asked for
        assert list(chunks) == [b"b"]
        assert list(response.iter_bytes()) == []


def test_the_rest_can_be_read_at_once(client_of):
    with client_of(sending(b"a", b"b")).stream("GET", "/") as response:
        assert response.read() == b"ab"


def test_lines_end_wherever_chunks_do(client_of):
    with client_of(sending(b"on", b"e\r", b"\ntwo\n\nth", "r\u00e9".encode(), b"e")).stream("GET", "/") as response:
        assert list(response.iter_lines()) == ["one", "two", "", "thr\u00e9e"]


def test_a_last_line_that_is_ended_adds_no_empty_one(client_of):
    with client_of(sending(b"one\n")).stream("GET", "/") as response:
        assert list(response.iter_lines()) == ["one"]


def test_leaving_early_is_a_disconnect_and_waits_for_the_app(client_of):
    events = []
    with client_of(endless(events)).stream("GET", "/") as response:
        assert next(response.iter_bytes()) == b"tick\n"
    assert events == ["disconnect", "ended"]


def test_an_error_in_the_block_is_a_disconnect_too(client_of):
    events = []
    with pytest.raises(LookupError, match="mine"), client_of(endless(events)).stream("GET", "/"):
        raise LookupError("mine")
    assert events == ["disconnect", "ended"]


def test_a_stream_sends_a_body_and_feeds_the_jar(client_of):
    async def app(scope, receive, send):
        await send(HEAD)
        await send(chunk((await receive())["body"], more=False))

    client = client_of(app)
    with client.stream("POST", "/", json=[1]) as response:
        assert response.read() == b"[1]"
    assert client.cookies == {"a": "1"}


def test_a_stream_of_a_head_request_has_no_body(client_of):
    with client_of(sending(b"dropped")).stream("HEAD", "/") as response:
        assert response.read() == b""


def test_an_error_before_the_answer_is_raised_as_it_is(client_of):
    error = LookupError("mine")

    async def app(scope, receive, send):
        raise error

    with pytest.raises(LookupError) as caught, client_of(app).stream("GET", "/"):
        pass
    assert caught.value is error


def test_an_error_in_mid_answer_is_raised_where_it_is_met(client_of):
    async def app(scope, receive, send):
        await send(HEAD)
        await send(chunk(b"a"))
        raise LookupError("mine")

    with client_of(app).stream("GET", "/") as response:
        chunks = response.iter_bytes()
        assert next(chunks) == b"a"
        with pytest.raises(LookupError, match="mine"):
            next(chunks)


def test_an_error_that_nobody_met_is_raised_at_the_end(client_of):
    async def app(scope, receive, send):
        await answer(send)
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"), client_of(app).stream("GET", "/"):
        pass


def test_an_exception_group_of_the_app_stays_one(client_of):
    async def app(scope, receive, send):
        raise ExceptionGroup("mine", [LookupError()])

    with pytest.raises(ExceptionGroup, match="mine"), client_of(app).stream("GET", "/"):
        pass


def test_an_app_that_ends_without_an_answer_is_told_so(client_of):
    async def app(scope, receive, send):
        pass

    with pytest.raises(ProtocolError, match="ended before it started"), client_of(app).stream("GET", "/"):
        pass


def test_an_app_that_ends_in_mid_answer_never_looks_complete(client_of):
    async def app(scope, receive, send):
        await send(HEAD)
        await send(chunk(b"a"))

    with client_of(app).stream("GET", "/") as response, pytest.raises(ProtocolError, match="in the middle"):
        response.read()


def test_a_body_that_breaks_off_is_raised_at_the_end_of_the_answer(client_of):
    async def app(scope, receive, send):
        while (await receive())["type"] != "http.disconnect":
            pass
        await answer(send, status=400)

    def pieces():
        yield b"a"
        raise ConnectionError("pulled the plug")

    with client_of(app).stream("POST", "/", body=pieces()) as response:
        assert response.status_code == 400
        with pytest.raises(ConnectionError, match="pulled the plug"):
            response.read()


def test_an_app_that_does_not_end_after_the_disconnect_is_ended_and_told_so(client_of, monkeypatch):
    monkeypatch.setattr(exchange, "PATIENCE", 0.0)

    async def app(scope, receive, send):
        await send(HEAD)
        while True:
            await send(chunk(b"tick\n"))

    with pytest.raises(ProtocolError, match="still running 0 s after"), client_of(app).stream("GET", "/"):
        pass


def test_background_work_after_a_complete_answer_has_all_its_time(client_of, monkeypatch):
    monkeypatch.setattr(exchange, "PATIENCE", 0.0)
    done = []

    async def app(scope, receive, send):
        await answer(send, b"a")
        await anyio.wait_all_tasks_blocked()
        done.append("background")

    with client_of(app).stream("GET", "/") as response:
        assert response.read() == b"a"
    assert done == ["background"]


async def test_the_async_stream_is_read_while_the_app_makes_it():
    delivered = []

    async def app(scope, receive, send):
        await send(HEAD)
        for body in (b"a", b"", b"b"):
            await send(chunk(body))
            delivered.append(body)
        await send(chunk(b"", more=False))

    async with AsyncTestClient(app).stream("GET", "/") as response:
        assert (response.status_code, response.headers["set-cookie"]) == (200, "a=1")
        await anyio.wait_all_tasks_blocked()
        assert delivered == []
        chunks = response.aiter_bytes()
        assert await anext(chunks) == b"a"
        await anyio.wait_all_tasks_blocked()
        assert delivered == [b"a"]
        assert [chunk async for chunk in chunks] == [b"b"]


async def test_the_async_stream_gives_lines():
    async with AsyncTestClient(sending(b"one\r\ntwo", b"\nthree")).stream("GET", "/") as response:
        assert [line async for line in response.aiter_lines()] == ["one", "two", "three"]


async def test_the_async_stream_can_be_read_at_once():
    async with AsyncTestClient(describe).stream("GET", "/") as response:
        assert (await response.aread()).startswith(b"{")


async def test_a_loop_over_the_async_stream_may_be_left():
    events = []
    async with AsyncTestClient(endless(events)).stream("GET", "/") as response:
        async for _ in response.aiter_bytes():
            break
        async for _ in response.aiter_lines():
            break
    assert events == ["disconnect", "ended"]


async def test_the_request_may_still_be_sent_while_the_answer_is_read():
    to_app, pieces = anyio.create_memory_object_stream[bytes](1)

    async def echo(scope, receive, send):
        await send(HEAD)
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            await send(chunk(message["body"], more))

    async with pieces, to_app, AsyncTestClient(echo).stream("POST", "/", body=pieces) as response:
        chunks = response.aiter_bytes()
        await to_app.send(b"one")
        assert await anext(chunks) == b"one"
        await to_app.send(b"two")
        assert await anext(chunks) == b"two"
        to_app.close()
        assert [chunk async for chunk in chunks] == []


async def test_a_test_that_is_cancelled_takes_the_app_with_it():
    ended = []

    async def app(scope, receive, send):
        try:
            await send(HEAD)
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    with anyio.CancelScope() as scope:
        async with AsyncTestClient(app).stream("GET", "/"):
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert ended == [True]


async def test_what_is_no_exception_leaves_the_app_as_well():
    class Stop(BaseException):
        pass

    async def app(scope, receive, send):
        await send(HEAD)
        raise Stop

    with pytest.raises(Stop):
        async with AsyncTestClient(app).stream("GET", "/"):
            await anyio.sleep_forever()

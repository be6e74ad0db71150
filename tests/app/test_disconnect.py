"""Clients that leave: handlers that are cancelled for it, and handlers that ask."""

from contextlib import asynccontextmanager

import anyio
import pytest
from anyio import sleep_forever, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from hawkapi._errors import SealError
from hawkapi.app.application import HawkAPI
from hawkapi.background import BackgroundTasks
from hawkapi.requests.request import Request
from hawkapi.responses.streaming import StreamingResponse
from hawkapi.testing.async_client import AsyncTestClient
from tests.app.wire import Broken, Wire, chunks, exchange
from tests.asgi import call, http_scope

LEFT = {"type": "http.disconnect"}


class Client:
    """A client that sends what it is told to, when it is told to.

    Its messages are given once and in order, as by a server that gives a disconnect only once; a second task that
    calls `receive` meanwhile is a mistake, and so is a `receive` that is cancelled while a body is outstanding.
    """

    def __init__(self, *messages):
        self.messages = list(messages)
        self.arrived = anyio.Event()
        self.receiving = self.lost = False
        self.sent = []

    def say(self, *messages):
        self.messages += messages
        self.arrived.set()
        self.arrived = anyio.Event()

    async def receive(self):
        assert not self.receiving
        self.receiving = True
        try:
            while not self.messages:
                await self.arrived.wait()
        finally:
            self.receiving = False
        return self.messages.pop(0)

    async def send(self, message):
        await checkpoint()
        self.sent.append(message)

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    async def ask(self, app, method="GET", path="/", headers=()):
        await app(http_scope(method, path, headers=headers), self.receive, self.send)


@asynccontextmanager
async def asking(app, client, method="GET", path="/", headers=()):
    """Have a request answered while the block runs, and wait for its end."""
    async with anyio.create_task_group() as group:
        group.start_soon(client.ask, app, method, path, headers)
        yield


# cancel_on_disconnect


async def test_a_handler_is_cancelled_when_its_client_leaves_and_nothing_is_sent(caplog):
    app, entered, cleaned = HawkAPI(), anyio.Event(), []

    @app.get("/", cancel_on_disconnect=True)
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(cleaned.append, "never")
        try:
            entered.set()
            await sleep_forever()
        finally:
            cleaned.append(True)

    client = Client({"type": "http.request"})
    async with asking(app, client):
        await entered.wait()
        client.say(LEFT)
    assert cleaned == [True]
    assert client.sent == []
    assert app._in_flight.count == 0
    assert caplog.records == []


async def test_a_handler_whose_client_stays_answers():
    app = HawkAPI()

    @app.get("/value", cancel_on_disconnect=True)
    async def value(n: int):
        await checkpoint()
        return n

    @app.get("/error", cancel_on_disconnect=True)
    async def error():
        raise LookupError

    async with AsyncTestClient(app) as client:
        assert (await client.get("/value?n=1")).json() == 1
        assert (await client.get("/value?n=x")).status_code == 400
        assert (await client.get("/error")).status_code == 500


@pytest.mark.parametrize("by", ["parameter", "request", "stream", "form"])
async def test_the_watch_eats_nothing_of_the_body(by):
    app = HawkAPI()

    @app.post("/parameter", cancel_on_disconnect=True)
    async def parameter(body: list[int]):
        return body

    @app.post("/request", cancel_on_disconnect=True)
    async def request(request: Request):
        await wait_all_tasks_blocked()
        return await request.json()

    @app.post("/stream", cancel_on_disconnect=True)
    async def stream(request: Request):
        parts = []
        async for part in request.stream():
            await wait_all_tasks_blocked()
            parts.append(part.decode())
        return parts

    @app.post("/form", cancel_on_disconnect=True)
    async def form(request: Request):
        return list((await request.form()).fields)

    client = Client(*chunks(b"[1", b",2", b"]"))
    await client.ask(app, "POST", f"/{by}", [("content-type", "application/x-www-form-urlencoded")] * (by == "form"))
    expected = {"parameter": b"[1,2]", "request": b"[1,2]", "stream": b'["[1",",2","]"]', "form": b'["[1,2]"]'}
    assert client.body == expected[by]


@pytest.mark.parametrize("by", ["parameter", "request"])
async def test_a_client_that_leaves_in_mid_body_is_not_answered(by, caplog):
    app = HawkAPI()

    @app.post("/parameter", cancel_on_disconnect=True)
    async def parameter(body: list[int]):
        """Is never called."""

    @app.post("/request", cancel_on_disconnect=True)
    async def request(request: Request):
        await request.body()

    client = Client(*chunks(b"[1", complete=False))
    async with asking(app, client, "POST", f"/{by}"):
        await wait_all_tasks_blocked()
        client.say(LEFT)
    assert client.sent == []
    assert caplog.records == []


async def test_a_handler_that_does_not_read_the_body_is_cancelled_when_the_body_is_at_hand():
    app = HawkAPI()

    @app.post("/", cancel_on_disconnect=True)
    async def handler():
        await sleep_forever()

    client = Client(*chunks(b"all of it"), LEFT)
    await client.ask(app, "POST")
    assert client.sent == []


async def test_a_handler_that_is_done_in_spite_of_it_gets_its_tasks_done():
    app, ran = HawkAPI(), []

    @app.get("/", cancel_on_disconnect=True)
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(ran.append, 1)
        with anyio.CancelScope(shield=True):
            client.say(LEFT)
            await wait_all_tasks_blocked()
        return 1

    client = Client({"type": "http.request"})
    await client.ask(app)
    assert ran == [1]


async def test_after_the_handler_a_stream_watches_for_itself():
    app, closed = HawkAPI(), []

    @app.get("/", cancel_on_disconnect=True)
    async def handler():
        async def parts():
            try:
                yield b"1"
                await sleep_forever()
            finally:
                closed.append(True)

        return StreamingResponse(parts())

    client = Client({"type": "http.request"})
    async with asking(app, client):
        await wait_all_tasks_blocked()
        assert client.body == b"1"
        client.say(LEFT)
    assert closed == [True]


async def test_a_handler_that_is_watched_may_have_a_timeout_as_well():
    app = HawkAPI(request_timeout=0.01)

    @app.get("/", cancel_on_disconnect=True)
    async def handler():
        await sleep_forever()

    client = Client({"type": "http.request"})
    await client.ask(app)
    assert client.sent[0]["status"] == 504


async def test_a_cancellation_from_outside_passes():
    app = HawkAPI()

    @app.get("/", cancel_on_disconnect=True)
    async def handler():
        await sleep_forever()

    client = Client({"type": "http.request"})
    async with anyio.create_task_group() as group:
        group.start_soon(client.ask, app)
        await wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert client.sent == []
    assert app._in_flight.count == 0


def test_a_sync_handler_cannot_be_cancelled():
    app = HawkAPI()

    @app.get("/", cancel_on_disconnect=True)
    def handler():
        """Does nothing."""

    with pytest.raises(SealError, match="cancel_on_disconnect: a sync handler cannot be cancelled"):
        app.seal()


def test_a_route_that_is_not_watched_has_no_trace_of_it(capsys):
    app = HawkAPI()

    @app.get("/plain")
    @app.get("/watched", cancel_on_disconnect=True)
    async def handler():
        """Does nothing."""

    assert "watch" not in app.explain("/plain")
    assert "async with watch:" in app.explain("/watched")


# is_disconnected


@pytest.fixture(params=["lifespan", "no lifespan"])
async def app(request, anyio_backend):
    """An app that polls, with and without a lifespan."""
    app = HawkAPI()

    @app.get("/poll")
    async def poll(request: Request):
        left = [await request.is_disconnected()]
        client = request.scope["client_object"]
        client.say(LEFT)
        await wait_all_tasks_blocked()
        return [*left, await request.is_disconnected()]

    @app.post("/body")
    async def body(request: Request):
        left = [await request.is_disconnected()]
        body = await request.body()
        return [*left, await request.is_disconnected(), body.decode()]

    @app.get("/stream")
    async def stream(request: Request):
        await request.is_disconnected()

        async def parts():
            yield b"1"
            await sleep_forever()

        return StreamingResponse(parts())

    if request.param == "lifespan":
        async with AsyncTestClient(app):
            yield app
    else:
        yield app


async def ask(app, client, method, path, headers=()):
    scope = {**http_scope(method, path, headers=headers), "client_object": client}
    await app(scope, client.receive, client.send)


async def test_a_handler_may_ask_whether_its_client_has_left(app):
    client = Client({"type": "http.request"})
    await ask(app, client, "GET", "/poll")
    assert client.body == b"[false,true]"


async def test_a_client_that_is_gone_before_its_first_message_is_seen(app):
    client = Client(LEFT)
    await ask(app, client, "GET", "/poll")
    assert client.body == b"[true,true]"


async def test_asking_loses_nothing_of_the_body(app):
    client = Client(*chunks(b"ab", b"cd"), LEFT)
    await ask(app, client, "POST", "/body", [("content-length", "4")])
    assert client.body == b'[false,true,"abcd"]'


async def test_whoever_reads_for_a_handler_that_asked_has_ended_with_the_request(app):
    client = Client({"type": "http.request"}, LEFT)
    await ask(app, client, "GET", "/poll")
    quiet = Client({"type": "http.request"})
    await ask(app, quiet, "POST", "/body")
    await wait_all_tasks_blocked()
    assert not quiet.receiving
    assert (await call(app, "POST", "/body")).status == 201


async def test_after_a_question_a_stream_still_sees_the_client_leave(app):
    client = Client({"type": "http.request"})
    async with asking(app, client, path="/stream"):
        await wait_all_tasks_blocked()
        assert client.body == b"1"
        client.say(LEFT)


async def test_a_watched_handler_may_ask_too():
    app = HawkAPI()

    @app.get("/", cancel_on_disconnect=True)
    async def handler(request: Request):
        return await request.is_disconnected()

    client = Client({"type": "http.request"})
    await client.ask(app)
    assert client.body == b"false"


async def test_a_sync_handler_may_ask_through_the_loop():
    app = HawkAPI()

    @app.get("/")
    def handler(request: Request):
        return anyio.from_thread.run(request.is_disconnected)

    client = Client({"type": "http.request"}, LEFT)
    await client.ask(app)
    assert client.body == b"true"


async def test_an_exception_handler_may_ask_too():
    app = HawkAPI()

    @app.exception_handler(LookupError)
    async def answer(request, exc):
        return await request.is_disconnected()

    @app.post("/")
    async def handler(body: list[int]):
        raise LookupError

    async with AsyncTestClient(app):
        client = Client(*chunks(b"[1]"), LEFT)
        await client.ask(app, "POST", headers=[("content-length", "3")])
    assert client.body == b"true"


@pytest.mark.parametrize("nth", range(1, 5))
@pytest.mark.parametrize("what", ["break_receive", "break_send"])
async def test_whichever_receive_or_send_fails_nobody_reads_on(what, nth, app):
    supervisor = app.runtime().supervisor
    before = None if supervisor is None else set(supervisor._tasks)
    for path, messages in (("/body", chunks(b"ab", b"cd")), ("/stream", [{"type": "http.request"}])):
        wire = Wire(*messages, **{what: nth})
        headers = [("content-length", "4")] if path == "/body" else []
        try:
            await exchange(app, "POST" if path == "/body" else "GET", path, wire=wire, headers=headers)
        except Broken:
            assert wire.broke
        await wait_all_tasks_blocked()
        assert supervisor is None or supervisor._tasks == before
        assert app._in_flight.count == 0

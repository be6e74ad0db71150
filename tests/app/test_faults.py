"""Anomaly loops: the Nth receive or send fails, or the Nth await is cancelled, for every kind of route.

Whatever fails, what the request has opened is closed, nothing is counted as running, and the next request is answered.
"""

import anyio
import pytest
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.background import BackgroundTasks
from hawkapi.requests.form_data import UploadFile
from hawkapi.requests.request import Request
from hawkapi.responses.file_response import FileResponse
from hawkapi.responses.response import Response
from hawkapi.responses.sse import EventSourceResponse
from hawkapi.responses.streaming import StreamingResponse
from tests.app.test_uploads import BODY as FORM
from tests.app.test_uploads import TYPE
from tests.app.wire import Broken, Wire, chunks, exchange
from tests.asgi import call, http_scope

HALVES = chunks(b"[1,", b"2]")
PIECES = chunks(*[FORM[i : i + 60] for i in range(0, len(FORM), 60)])
KINDS = {
    "plain": ("GET", [], []),
    "sync": ("GET", [], []),
    "response": ("GET", [], []),
    "error": ("GET", [], []),
    "missing": ("GET", [], []),
    "wrong-method": ("POST", [], []),
    "invalid": ("GET", [], []),
    "body": ("POST", HALVES, []),
    "sync-body": ("POST", HALVES, []),
    "request-body": ("POST", HALVES, []),
    "request-stream": ("POST", HALVES, []),
    "form": ("POST", PIECES, TYPE),
    "request-form": ("POST", PIECES, TYPE),
    "stream": ("GET", [], []),
    "sync-stream": ("GET", [], []),
    "events": ("GET", [], []),
    "file": ("GET", [], []),
    "tasks": ("GET", [], []),
    "mount": ("POST", HALVES, []),
    "timed": ("POST", HALVES, []),
    "sync-timed": ("POST", HALVES, []),
    "late": ("GET", [], []),
    "inline": ("POST", HALVES, []),
    "watched": ("GET", [{"type": "http.request"}], []),
    "watched-body": ("POST", HALVES, []),
    "watched-stream": ("GET", [{"type": "http.request"}], []),
    "asks": ("GET", [{"type": "http.request"}], []),
    "asks-body": ("POST", HALVES, [("content-length", "5")]),
    "asks-stream": ("GET", [{"type": "http.request"}], []),
}


class Opened:
    """What was opened by requests: all of it must be closed in the end."""

    def __init__(self):
        self.files = []
        self.generators = 0

    async def items(self):
        self.generators += 1
        try:
            for _ in range(3):
                await checkpoint()
                yield b"x"
        finally:
            self.generators -= 1

    def sync_items(self):
        self.generators += 1
        try:
            yield from [b"x"] * 3
        finally:
            self.generators -= 1

    async def events(self):
        self.generators += 1
        try:
            for _ in range(3):
                await checkpoint()
                yield "event"
        finally:
            self.generators -= 1

    @property
    def all_closed(self):
        return self.generators == 0 and all(file.spooled.closed for file in self.files)


@pytest.fixture
def opened():
    return Opened()


@pytest.fixture
def app(opened, tmp_path):
    app, inner = HawkAPI(limits=Limits(spool=0)), HawkAPI()
    path = tmp_path / "large"
    path.write_bytes(b"x" * 300_000)

    @app.get("/plain")
    async def plain():
        await checkpoint()
        return 1

    @app.get("/sync")
    def sync():
        return 1

    @app.get("/response")
    async def response():
        await checkpoint()
        return Response("x")

    @app.get("/error")
    async def error():
        await checkpoint()
        raise ValueError

    @app.get("/wrong-method")
    async def wrong_method():
        """Takes no POST."""

    @app.get("/invalid")
    async def invalid(q: int):
        """Is never called."""

    @app.post("/body")
    async def body(body: list[int]):
        return body

    @app.post("/sync-body")
    def sync_body(body: list[int]):
        return body

    @app.post("/request-body")
    async def request_body(request: Request):
        return await request.json()

    @app.post("/request-stream")
    async def request_stream(request: Request):
        return [len(chunk) async for chunk in request.stream()]

    @app.post("/form")
    async def form(f: UploadFile):
        opened.files.append(f)
        return len(await f.read())

    @app.post("/request-form")
    async def request_form(request: Request):
        form = await request.form()
        opened.files.append(form.get("f"))
        return "f" in form

    @app.get("/stream")
    async def stream():
        return StreamingResponse(opened.items())

    @app.get("/sync-stream")
    async def sync_stream():
        return StreamingResponse(opened.sync_items())

    @app.get("/events")
    async def events():
        return EventSourceResponse(opened.events())

    @app.get("/file")
    async def file():
        return FileResponse(path)

    @app.get("/tasks")
    async def tasks(tasks: BackgroundTasks):
        tasks.add_task(checkpoint)
        return 1

    @app.post("/timed", timeout=60)
    async def timed(body: list[int]):
        await checkpoint()
        return body

    @app.post("/sync-timed", timeout=60)
    def sync_timed(body: list[int]):
        return body

    @app.get("/late", timeout=0.001)
    async def late():
        await anyio.sleep_forever()

    @app.post("/inline", sync="inline")
    def inline(body: list[int]):
        return body

    @app.get("/watched", cancel_on_disconnect=True)
    async def watched():
        await checkpoint()
        return 1

    @app.post("/watched-body", cancel_on_disconnect=True, timeout=60)
    async def watched_body(request: Request):
        return [len(chunk) async for chunk in request.stream()]

    @app.get("/watched-stream", cancel_on_disconnect=True)
    async def watched_stream():
        return StreamingResponse(opened.items())

    @app.get("/asks")
    async def asks(request: Request):
        return await request.is_disconnected()

    @app.post("/asks-body")
    async def asks_body(request: Request):
        return [await request.is_disconnected(), await request.json()]

    @app.get("/asks-stream")
    async def asks_stream(request: Request):
        await request.is_disconnected()
        return StreamingResponse(opened.items())

    @inner.post("/")
    async def mounted(request: Request):
        return await request.json()

    app.mount("/mount", inner)
    return app


async def assert_nothing_leaked(app, opened):
    await checkpoint()
    assert opened.all_closed
    assert app._in_flight.count == 0
    runtime = app.runtime()
    for limiter in (runtime.handlers, runtime.files, runtime.cleanup):
        assert limiter.borrowed_tokens == 0
    assert (await call(app, "GET", "/plain")).body == b"1"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["break_receive", "break_send"])
async def test_whichever_receive_or_send_fails_nothing_leaks(kind, what, app, opened, caplog):
    method, messages, headers = KINDS[kind]
    for nth in range(1, 50):
        wire = Wire(*messages, **{what: nth})
        scope = http_scope(method, f"/{kind}", headers=headers)
        try:
            await app(scope, wire.receive, wire.send)
        except Broken:
            assert wire.broke
        assert "hawkapi" not in scope
        await assert_nothing_leaked(app, opened)
        if not wire.broke:
            break
    else:
        raise AssertionError("the request never passed")


@pytest.mark.parametrize("kind", KINDS)
async def test_whichever_await_is_cancelled_nothing_leaks(kind, app, opened, caplog):
    method, messages, headers = KINDS[kind]
    for nth in range(1, 100):
        with anyio.CancelScope() as scope:
            await exchange(app, method, f"/{kind}", wire=CancelledWire(scope, nth, messages), headers=headers)
        await assert_nothing_leaked(app, opened)
        if not scope.cancelled_caught:
            break
    else:
        raise AssertionError("the request never passed")


class CancelledWire(Wire):
    """Cancels the request at the Nth call of `receive` or `send`; what is awaited next does not come back."""

    def __init__(self, scope, nth, messages):
        super().__init__(*messages)
        self.scope, self.left = scope, nth

    async def receive(self):
        self.count()
        return await super().receive()

    async def send(self, message):
        self.count()
        await super().send(message)

    def count(self):
        self.left -= 1
        if self.left == 0:
            self.scope.cancel()


@pytest.mark.parametrize("kind", ["stream", "sync-stream", "events"])
async def test_a_client_that_leaves_ends_a_stream(kind, app, opened):
    left = anyio.Event()

    async def receive():
        await left.wait()
        return {"type": "http.disconnect"}

    class Leaving(Wire):
        async def send(self, message):
            await super().send(message)
            if message["type"] == "http.response.body":
                left.set()
                await anyio.wait_all_tasks_blocked()

    wire = Leaving()
    wire.receive = receive
    await exchange(app, "GET", f"/{kind}", wire=wire)
    assert wire.sent[-1].get("more_body", False)
    await assert_nothing_leaked(app, opened)


async def test_an_endless_stream_to_a_silent_server_ends_when_the_client_leaves():
    app, closed = HawkAPI(), []

    async def endless():
        try:
            while True:
                yield b"x"
        finally:
            closed.append(True)

    @app.get("/")
    async def handler():
        return StreamingResponse(endless())

    calls = 0

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        nonlocal calls
        calls += 1

    await app({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)
    assert closed == [True]
    assert calls < 100

"""Every built-in of the web at once, in the order that a service has them in, and in the reverse of it."""

import msgspec
import pytest
from anyio import Event, create_task_group, fail_after, get_running_tasks, sleep_forever, wait_all_tasks_blocked

from hawkapi.app.application import HawkAPI
from hawkapi.background import BackgroundTasks
from hawkapi.exceptions import HTTPException
from hawkapi.middleware.compression import CompressionMiddleware
from hawkapi.middleware.cors import CORSMiddleware
from hawkapi.middleware.csrf import CSRFMiddleware
from hawkapi.middleware.debug import DebugMiddleware
from hawkapi.middleware.error_handler import ErrorHandlerMiddleware
from hawkapi.middleware.gzip import GZipMiddleware
from hawkapi.middleware.https_redirect import HTTPSRedirectMiddleware
from hawkapi.middleware.request_id import RequestIDMiddleware
from hawkapi.middleware.request_limits import RequestLimitsMiddleware
from hawkapi.middleware.security_headers import SecurityHeadersMiddleware
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_store import MemorySessionStore
from hawkapi.middleware.timing import TimingMiddleware
from hawkapi.middleware.trusted_host import TrustedHostMiddleware
from hawkapi.middleware.trusted_proxy import TrustedProxyMiddleware
from hawkapi.requests.request import Request
from hawkapi.responses.response import Response
from hawkapi.responses.sse import EventSourceResponse
from hawkapi.responses.streaming import StreamingResponse
from hawkapi.websocket.connection import WebSocket
from tests.app.wire import Broken, Wire, chunks
from tests.asgi import http_scope
from tests.middleware.answers import TEXT, read, reader
from tests.middleware.built_ins import BUILT_INS
from tests.middleware.signed import KEY, csrf_cookie
from tests.websocket.wire import CONNECT, DENIAL, Peer, disconnect, text

SITE = "https://site.example"
LAYERS = [
    (RequestIDMiddleware, {}),
    (TimingMiddleware, {}),
    (ErrorHandlerMiddleware, {}),
    (TrustedProxyMiddleware, {"trusted_proxies": ["10.0.0.1"]}),
    (SecurityHeadersMiddleware, {"content_security_policy": "script-src 'nonce-{nonce}'"}),
    (TrustedHostMiddleware, {"allowed_hosts": ["shop.example"]}),
    (HTTPSRedirectMiddleware, {}),
    (RequestLimitsMiddleware, {}),
    (CORSMiddleware, {"allow_origins": [SITE], "allow_credentials": True}),
    (CompressionMiddleware, {}),
    (GZipMiddleware, {}),
    (DebugMiddleware, {}),
    (SessionMiddleware, {"secret_key": KEY}),
    (CSRFMiddleware, {"secret": KEY}),
]
OWN = {
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "content-security-policy",
    "server-timing",
    "x-frame-options",
    "x-process-time",
    "x-request-id",
}
"""Headers that they add to every answer to a page of the site."""

HEADERS = [("host", "shop.example"), ("origin", SITE), ("accept-encoding", "gzip, zstd")]


def stacked(order):
    """Make an app with all of them; the reverse order has the sessions in a store."""
    app = HawkAPI()
    for cls, options in LAYERS if order == "in order" else reversed(LAYERS):
        kept = {"store": MemorySessionStore()} if cls is SessionMiddleware and order == "reversed" else {}
        app.add_middleware(cls, **options, **kept)
    return app


@pytest.fixture(params=["in order", "reversed"])
def app(request):
    return stacked(request.param)


class Client(Wire):
    """A client that stays until `left` is set."""

    def __init__(self, *messages, **faults):
        super().__init__(*(messages or [{"type": "http.request"}]), **faults)
        self.left = Event()

    async def receive(self):
        if not self.messages and self.receives + 1 != self.break_receive:
            await self.left.wait()
        return await super().receive()


def scope_of(method="GET", path="/", *headers):
    scope = http_scope(method, path, headers=[*HEADERS, *headers])
    return {**scope, "scheme": "https", "client": ("10.0.0.1", 5000)}


async def ask(app, method="GET", path="/", *headers, client=None):
    client = client or Client()
    with fail_after(10):
        await app(scope_of(method, path, *headers), client.receive, client.send)
    return client


def cookies(client):
    """Give the cookies that an answer sets, by name; each stands in a header of its own."""
    pairs = [value.decode() for name, value in client.sent[0]["headers"] if name == b"set-cookie"]
    named = dict(pair.partition(";")[0].split("=", 1) for pair in pairs)
    assert len(named) == len(pairs)
    return named


def with_token(*headers):
    token = csrf_cookie()
    return [("cookie", f"csrftoken={token}"), ("x-csrf-token", token), *headers]


def check_head(client):
    """Have all headers there, each once."""
    names = [name.decode() for name, _ in client.sent[0]["headers"] if name != b"set-cookie"]
    assert len(names) == len(set(names))
    assert set(names) >= OWN
    assert client.headers["access-control-allow-origin"] == SITE
    assert "Origin" in client.headers["vary"].split(", ")


def test_they_are_all():
    assert set(BUILT_INS) == {cls for cls, _ in LAYERS}


# Streams


@pytest.mark.parametrize(("kind", "ends"), [(StreamingResponse, b""), (EventSourceResponse, b"\n\n")])
async def test_what_is_made_leaves_before_more_is_made_and_can_be_read_at_once(app, kind, ends):
    made, seen = [], []
    got_one = Event()

    async def parts():
        for part in ("one", "two"):
            made.append(part)
            yield part
            await got_one.wait()

    @app.get("/")
    async def handler():
        return kind(parts())

    class Reader(Client):
        async def send(self, message):
            await super().send(message)
            if message.get("body"):
                seen.append((self.decode(message["body"]), list(made)))
                got_one.set()
            elif message["type"] == "http.response.start":
                self.decode = reader(self.headers["content-encoding"])

    client = await ask(app, client=Reader())
    (first, made_then), (second, _), *_ = seen
    assert first.endswith(b"one" + ends)
    assert made_then == ["one"]
    assert second.endswith(b"two" + ends)
    check_head(client)


@pytest.mark.parametrize("kind", [StreamingResponse, EventSourceResponse])
async def test_a_client_that_leaves_in_the_middle_closes_the_generator(app, kind):
    closed = []

    async def parts():
        try:
            yield "one"
            await sleep_forever()
        finally:
            closed.append(True)

    @app.get("/")
    async def handler():
        return kind(parts())

    class Leaving(Client):
        async def send(self, message):
            await super().send(message)
            if message.get("body"):
                self.left.set()

    client = await ask(app, client=Leaving())
    assert closed == [True]
    assert client.types.count("http.response.start") == 1


# Heads


async def test_a_body_is_coded_once_and_its_length_is_right(app):
    @app.get("/")
    async def handler():
        return Response(TEXT, headers={"vary": "Accept", "etag": '"1"'})

    client = await ask(app)
    assert read(client) == [TEXT]
    assert client.headers["content-length"] == str(len(client.body))
    assert sorted(client.headers["vary"].split(", ")) == ["Accept", "Accept-Encoding", "Cookie", "Origin"]
    assert client.headers["etag"] == 'W/"1"'
    check_head(client)


async def test_cookies_stay_apart_and_come_back_to_those_who_set_them(app):
    @app.get("/")
    async def visit(request: Request):
        request.scope["session"]["seen"] = True
        return Response("", headers={"set-cookie": "own=1; Path=/"})

    @app.post("/")
    async def come_again(request: Request):
        return request.scope["session"]

    given = cookies(await ask(app))
    assert given.keys() == {"own", "session", "csrftoken"}
    sent = ("cookie", "; ".join(f"{name}={value}" for name, value in given.items()))
    client = await ask(app, "POST", "/", sent, ("x-csrf-token", given["csrftoken"]))
    assert client.status == 201
    assert msgspec.json.decode(client.body) == {"seen": True}


async def test_head_has_the_length_of_the_body_that_is_not_sent(app):
    @app.get("/")
    async def handler():
        return Response(TEXT)

    client = await ask(app, "HEAD")
    assert (client.status, client.body, client.headers["content-length"]) == (200, b"", str(len(TEXT)))
    assert "content-encoding" not in client.headers
    assert len(client.sent) == 2
    check_head(client)


@pytest.mark.parametrize("kind", [StreamingResponse, EventSourceResponse])
async def test_head_of_a_stream_has_its_head_and_makes_nothing(app, kind):
    made = []

    async def parts():
        made.append("one")
        yield "one"

    @app.get("/")
    async def handler():
        return kind(parts())

    client = await ask(app, "HEAD")
    assert (client.status, client.body, made) == (200, b"", [])
    assert client.types == ["http.response.start", "http.response.body"]
    assert "content-length" not in client.headers
    check_head(client)


@pytest.mark.parametrize("kind", [Response, StreamingResponse])
async def test_a_body_that_is_coded_in_a_worker_thread_is_the_same_after_decoding(app, kind):
    body = b"".join(b"%d\n" % number for number in range(20_000))  # no part is like another

    @app.get("/")
    async def handler():
        return Response(body) if kind is Response else StreamingResponse(iter([body[:100], body[100:]]))

    client = await ask(app)
    assert client.headers["content-encoding"] in ("gzip", "zstd")
    assert len(client.body) < len(body)
    assert b"".join(read(client)) == body
    check_head(client)


@pytest.mark.parametrize("status", [204, 304])
async def test_what_has_no_body_gets_none(app, status):
    @app.get("/")
    async def handler():
        return Response(TEXT, status_code=status)

    client = await ask(app)
    assert (client.status, client.body, len(client.sent)) == (status, b"", 2)
    assert not {"content-encoding", "transfer-encoding"} & client.headers.keys()
    assert status == 304 or "content-length" not in client.headers
    check_head(client)


async def test_a_preflight_is_answered(app):
    @app.post("/")
    async def handler(): ...

    client = await ask(app, "OPTIONS", "/", ("access-control-request-method", "POST"))
    assert (client.status, client.body) == (200, b"")
    assert "POST" in client.headers["access-control-allow-methods"]
    assert client.headers["access-control-allow-origin"] == SITE


# Errors


class Item(msgspec.Struct):
    name: str


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/missing", 404),
        ("DELETE", "/items", 405),
        ("POST", "/items", 400),
        ("GET", "/refused", 418),
        ("GET", "/failing", 500),
    ],
)
async def test_an_error_comes_as_a_problem_with_all_headers(app, method, path, status, caplog):
    @app.post("/items")
    async def items(item: Item): ...

    @app.get("/refused")
    async def refused():
        raise HTTPException(418, "no coffee", headers={"x-tea": "1"})

    @app.get("/failing")
    async def failing():
        raise KeyError

    client = await ask(app, method, path, *with_token(), client=Client({"type": "http.request", "body": b"{}"}))
    assert client.status == status
    assert client.headers["content-type"] == "application/problem+json"
    assert msgspec.json.decode(client.body)["status"] == status
    assert ("x-tea" in client.headers) is (status == 418)
    assert client.types == ["http.response.start", "http.response.body"]
    assert len(caplog.records) == (status == 500)
    check_head(client)


async def test_a_refusal_by_the_innermost_has_the_headers_of_all_round_it():
    app = stacked("in order")

    @app.post("/")
    async def handler(): ...

    client = await ask(app, "POST")
    assert client.status == 403
    check_head(client)


async def test_a_session_that_cannot_be_kept_is_one_500(app, caplog):
    @app.get("/")
    async def handler(request: Request):
        request.scope["session"]["thing"] = object()
        return Response(TEXT)

    client = await ask(app)
    assert client.status == 500
    assert client.types == ["http.response.start", "http.response.body"]
    assert len(caplog.records) == 1


# After and beside


async def test_background_tasks_run(app):
    done = []

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(done.append, "async or not")
        return {"ok": True}

    await ask(app)
    assert done == ["async or not"]


async def test_requests_at_the_same_time_know_nothing_of_each_other(app):
    count, all_here, here = 20, Event(), []

    @app.get("/{number:int}")
    async def handler(number: int, request: Request):
        request.scope["session"]["number"] = number
        here.append(number)
        if len(here) == count:
            all_here.set()
        await all_here.wait()
        return [request.scope["session"]["number"], request.scope["request_id"], request.scope["csp_nonce"]]

    clients = [Client() for _ in range(count)]
    async with create_task_group() as group:
        for number, client in enumerate(clients):
            group.start_soon(lambda number, client: ask(app, "GET", f"/{number}", client=client), number, client)
    for number, client in enumerate(clients):
        own, request_id, nonce = msgspec.json.decode(client.body)
        assert (own, request_id) == (number, client.headers["x-request-id"])
        assert f"'nonce-{nonce}'" in client.headers["content-security-policy"]
    assert len({client.headers["x-request-id"] for client in clients}) == count
    assert len({cookies(client)["session"] for client in clients}) == count


# WebSockets


async def connect(app, path="/ws", *, peer=None, host="shop.example", extensions=None):
    peer = peer or Peer(CONNECT)
    headers = [(name.encode(), value.encode()) for name, value in [("host", host), *HEADERS[1:]]]
    scope = {"headers": headers, "scheme": "wss", "client": ("10.0.0.1", 5000), "extensions": extensions or {}}
    with fail_after(10):
        await peer.serve(app, path, **scope)
    return peer


def sockets(app):
    @app.websocket("/ws")
    async def echo(ws: WebSocket):
        ws.scope["session"]["seen"] = True
        await ws.accept()
        async for data in ws:
            await ws.send_text(data + ws.scope["request_id"])

    @app.websocket("/over")
    async def over(ws: WebSocket):
        await ws.accept()
        await ws.close(4001)

    @app.websocket("/refused")
    async def refused(ws: WebSocket):
        await ws.close(4003)

    return app


async def test_a_websocket_echoes_with_its_id_and_its_session(app):
    class Listening(Peer):
        async def send(self, message):
            await super().send(message)
            if self.log == ["accept", "text", "text"]:
                self.put(disconnect())

    peer = await connect(sockets(app), peer=Listening(CONNECT, text("hi "), text("you ")))
    assert peer.log == ["accept", "text", "text"]
    headers = dict(peer.sent[0]["headers"])
    assert headers.keys() == {b"x-request-id", b"set-cookie"}
    request_id = headers[b"x-request-id"].decode()
    assert [message["text"] for message in peer.sent[1:]] == [f"hi {request_id}", f"you {request_id}"]


@pytest.mark.parametrize(
    ("path", "host", "log"),
    [
        ("/over", "shop.example", ["accept", "close 4001"]),
        ("/refused", "shop.example", ["close 4003"]),
        ("/missing", "shop.example", ["close 4004"]),
        ("/ws", "evil.example", ["close 1008"]),
    ],
)
async def test_a_close_keeps_its_code(app, path, host, log):
    assert (await connect(sockets(app), path, host=host)).log == log


@pytest.mark.parametrize(("path", "host", "status"), [("/missing", "shop.example", 404), ("/ws", "evil.example", 400)])
async def test_a_refused_handshake_gets_an_answer_where_the_server_takes_one(app, path, host, status):
    peer = await connect(sockets(app), path, host=host, extensions=DENIAL)
    assert peer.log == [f"answer {status}"]
    assert peer.sent[-1]["body"]


# Faults


class Leaks:
    """An app, and what its requests open and do not close.

    Attributes:
        app: The app.
        open: Generators and sockets that were begun and are not over.
        tasks: How many there are while nothing is asked.
    """

    def __init__(self, app):
        self.app = app
        self.open = 0
        self.tasks = 0

    async def settle(self):
        """Have everything made that is made on first use."""
        await ask(self.app, "GET", "/large")
        await wait_all_tasks_blocked()
        self.tasks = len(get_running_tasks())

    async def parts(self):
        self.open += 1
        try:
            yield "one"
            yield "two"
        finally:
            self.open -= 1

    async def check(self):
        await wait_all_tasks_blocked()
        assert self.open == 0
        assert self.app._in_flight.count == 0
        assert self.app.runtime().files.borrowed_tokens == 0
        assert len(get_running_tasks()) == self.tasks


def faulty(app):
    leaks = Leaks(app)

    @app.get("/large")
    async def large():
        return Response(TEXT * 30)  # so much is coded in a worker thread

    @app.get("/stream")
    async def stream():
        return StreamingResponse(leaks.parts())

    @app.get("/events")
    async def events():
        return EventSourceResponse(leaks.parts())

    @app.get("/session")
    async def session(request: Request, tasks: BackgroundTasks):
        request.scope["session"]["seen"] = True
        tasks.add_task(int)
        return {"ok": True}

    @app.post("/form")
    async def form(request: Request):
        return (await request.form()).get("text")

    @app.websocket("/ws")
    async def echo(ws: WebSocket):
        leaks.open += 1
        try:
            await ws.accept()
            async for data in ws:
                await ws.send_text(data)
        finally:
            leaks.open -= 1

    return leaks


@pytest.mark.parametrize("path", ["/large", "/stream", "/events", "/session", "/form", "/missing"])
@pytest.mark.parametrize("what", ["break_receive", "break_send"])
async def test_whichever_receive_or_send_fails_there_is_one_answer_and_nothing_leaks(app, path, what, caplog):
    token = csrf_cookie()
    method, *body = ("POST", b"text=a&csrf_to", f"ken={token}".encode()) if path == "/form" else ("GET", b"")
    headers = [("cookie", f"csrftoken={token}"), ("content-type", "application/x-www-form-urlencoded")]
    leaks = faulty(app)
    await leaks.settle()
    for nth in range(1, 30):
        client = Client(*chunks(*body), **{what: nth})
        scope = scope_of(method, path, *headers)
        try:
            with fail_after(10):
                await app(scope, client.receive, client.send)
        except Broken:
            assert client.broke
        assert "http.response.start" not in client.types[1:]
        assert "hawkapi" not in scope
        await leaks.check()
        if not client.broke:
            break
    else:
        raise AssertionError("the request never passed")
    assert client.status == {"/missing": 404, "/form": 201}.get(path, 200)
    assert not client.sent[-1].get("more_body", False)


@pytest.mark.parametrize(
    ("path", "host"), [("/ws", "shop.example"), ("/ws", "evil.example"), ("/missing", "shop.example")]
)
@pytest.mark.parametrize("what", ["receive", "send"])
@pytest.mark.parametrize("extensions", [{}, DENIAL])
async def test_whichever_receive_or_send_of_a_websocket_fails_nothing_leaks(app, path, host, what, extensions, caplog):
    leaks = faulty(app)
    await leaks.settle()
    for nth in range(1, 10):
        messages = [CONNECT, text("a"), text("b"), disconnect()]
        if what == "receive":
            messages.insert(nth - 1, Broken("receive"))
        peer = Peer(*messages, break_send=nth if what == "send" else 0, error=Broken)
        try:
            await connect(app, path, peer=peer, host=host, extensions=extensions)
        except Broken:
            pass
        broke = (peer.receives if what == "receive" else peer.sends) >= nth
        ends = [entry for entry in peer.log if entry not in ("accept", "text")]
        assert peer.log.count("accept") <= 1 >= len(ends)
        await leaks.check()
        if not broke:
            break
    else:
        raise AssertionError("the connection never passed")
    assert peer.log

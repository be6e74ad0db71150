"""What all middleware that codes answers does alike."""

import os
import threading

import anyio
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware import encoding
from hawkapi.middleware.compression import CompressionMiddleware
from hawkapi.middleware.gzip import GZipMiddleware
from hawkapi.responses.file_response import FileResponse
from hawkapi.responses.response import Response
from hawkapi.responses.sse import EventSourceResponse, ServerSentEvent
from hawkapi.responses.streaming import StreamingResponse
from tests.app.wire import Broken, Wire, exchange
from tests.asgi import http_scope
from tests.middleware.answers import TEXT, alone, answering, everywhere, get, in_app, read, reader

coders = pytest.mark.parametrize(
    ("cls", "accept"),
    [(GZipMiddleware, "gzip"), *((CompressionMiddleware, coding) for coding in ("gzip", "br", "zstd"))],
)


@everywhere
@coders
async def test_a_body_of_one_message_stays_one_with_its_length(wrap, cls, accept):
    wire = await get(wrap(answering(TEXT, headers=[("content-length", str(len(TEXT)))]), cls), accept)
    assert wire.types == ["http.response.start", "http.response.body"]
    assert wire.headers["content-encoding"] == accept
    assert wire.headers["content-length"] == str(len(wire.sent[1]["body"]))
    assert [name for name, _ in wire.sent[0]["headers"]].count(b"content-length") == 1
    assert wire.headers["vary"] == "Accept-Encoding"
    assert read(wire) == [TEXT]


@everywhere
@coders
async def test_the_first_chunk_leaves_before_the_second_is_made(wrap, cls, accept):
    made = []
    seen = []

    async def chunks():
        for chunk in (b"one", b"two"):
            made.append(chunk)
            yield chunk

    async def app(scope, receive, send):
        await StreamingResponse(chunks(), headers={"content-length": "600"})(scope, receive, send)

    async def never():
        await anyio.sleep_forever()

    async def send(message):
        if message["type"] == "http.response.start":
            assert (b"content-encoding", accept.encode()) in message["headers"]
            assert b"content-length" not in dict(message["headers"])
        elif message["body"]:
            seen.append((reader_of(message["body"]), len(made)))

    reader_of = reader(accept)
    await wrap(app, cls)(http_scope("GET", "/", headers=[("accept-encoding", accept)]), never, send)
    assert seen[:2] == [(b"one", 1), (b"two", 2)]


@everywhere
@coders
async def test_each_event_leaves_when_it_comes_and_the_head_before_the_first(wrap, cls, accept):
    go_on, opened = anyio.Event(), anyio.Event()
    parts = []

    async def events():
        await go_on.wait()
        yield ServerSentEvent("one")
        yield ServerSentEvent("two")

    async def app(scope, receive, send):
        await EventSourceResponse(events())(scope, receive, send)

    async def client():
        await opened.wait()
        go_on.set()

    async def never():
        await anyio.sleep_forever()

    async def send(message):
        if message["type"] == "http.response.start":
            assert (b"content-encoding", accept.encode()) in message["headers"]
            opened.set()
        elif message["body"]:
            parts.append(decode(message["body"]))

    decode = reader(accept)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(client)
            await wrap(app, cls)(http_scope("GET", "/", headers=[("accept-encoding", accept)]), never, send)
    assert parts[:2] == [b"data: one\n\n", b"data: two\n\n"]


@coders
@pytest.mark.parametrize(
    "content_type", [b"text/event-stream", b"Text/Event-Stream", b"TEXT/EVENT-STREAM;charset=utf-8"]
)
async def test_events_are_known_in_any_case_of_letters(cls, accept, content_type):
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", content_type)]})
        assert [message["type"] for message in sent] == ["http.response.start"]  # it waits for no event

    async def never():
        await anyio.sleep_forever()

    async def send(message):
        sent.append(message)

    await cls(app)(http_scope("GET", "/", headers=[("accept-encoding", accept)]), never, send)
    assert (b"content-encoding", accept.encode()) in sent[0]["headers"]


@coders
async def test_a_stream_ends_as_it_should(cls, accept):
    wire = await get(cls(answering(b"one", b"", TEXT, b"")), accept)
    assert read(wire) == [b"one", b"", TEXT, b""]
    assert [message.get("more_body", False) for message in wire.sent[1:]] == [True, True, True, False]
    assert wire.sent[-1]["body"]  # the end of the coding


async def test_the_last_message_of_a_stream_may_have_content():
    wire = await get(GZipMiddleware(answering(b"one", b"two")), "gzip")
    assert read(wire) == [b"one", b"two"]


@everywhere
@pytest.mark.parametrize("length", [True, False])
async def test_a_body_below_the_minimum_is_left_alone(wrap, length):
    for size, coded in ((499, False), (500, True)):
        body = TEXT[:size]
        headers = [("content-length", str(size))] if length else []
        wire = await get(wrap(answering(body, headers=headers), GZipMiddleware), "gzip")
        assert ("content-encoding" in wire.headers) is coded
        assert read(wire) == [body]


async def test_a_body_that_does_not_get_smaller_is_coded_like_any_other():
    body = os.urandom(10)
    wire = await get(GZipMiddleware(answering(body), minimum_size=10), "gzip")
    assert wire.headers["content-encoding"] == "gzip"
    assert read(wire) == [body]


async def test_a_minimum_of_nothing_codes_no_empty_body():
    wire = await get(GZipMiddleware(answering(b""), minimum_size=0), "gzip")
    assert (wire.body, wire.headers) == (b"", {"vary": "Accept-Encoding"})


@everywhere
@pytest.mark.parametrize("accept", [None, "identity", "gzip;q=0", "deflate"])
async def test_what_the_client_does_not_take_is_not_coded_but_said_to_depend_on_it(wrap, accept):
    headers = [("etag", '"1"'), ("content-length", str(len(TEXT)))]
    wire = await get(wrap(answering(TEXT, headers=headers), GZipMiddleware), accept)
    assert (wire.headers.get("content-encoding"), wire.headers["vary"]) == (None, "Accept-Encoding")
    assert (wire.headers["etag"], wire.headers["content-length"]) == ('"1"', str(len(TEXT)))
    assert wire.body == TEXT


async def test_a_stream_that_is_not_coded_passes_as_it_is():
    wire = await get(GZipMiddleware(answering(b"one", b"two")))
    assert [message["body"] for message in wire.sent[1:]] == [b"one", b"two"]


@everywhere
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("content-encoding", "br"),
        ("Content-Encoding", "identity"),
        ("content-range", "bytes 0-1/2"),
        ("cache-control", "public, No-Transform"),
        ("content-digest", "sha-256=:x:"),
        ("content-type", "image/png"),
        ("content-type", "VIDEO/mp4; x=y"),
        ("content-type", "application/zip"),
        ("content-type", "font/woff2"),
    ],
)
async def test_what_would_be_wrong_or_useless_to_code_is_left_alone(wrap, name, value):
    for bodies in ((TEXT,), (TEXT, TEXT)):
        wire = await get(wrap(answering(*bodies, headers=[(name, value)]), GZipMiddleware), "gzip")
        assert wire.headers[name] == value
        assert "vary" not in wire.headers
        assert [message["body"] for message in wire.sent[1:]] == list(bodies)


@pytest.mark.parametrize("content_type", ["image/svg+xml", "application/json", "text/html; charset=utf-8", "x"])
async def test_text_is_coded_whatever_it_is_called(content_type):
    wire = await get(GZipMiddleware(answering(TEXT, headers=[("content-type", content_type)])), "gzip")
    assert wire.headers["content-encoding"] == "gzip"


@everywhere
@pytest.mark.parametrize("status", [204, 205])
async def test_answers_without_a_body_are_left_alone(wrap, status):
    wire = await get(wrap(answering(b"", status=status), GZipMiddleware), "gzip")
    assert wire.body == b""
    assert not {"vary", "content-encoding"} & wire.headers.keys()


PART = [("content-range", "bytes 0-9/9000"), ("etag", '"1"'), ("accept-ranges", "bytes")]


@everywhere
@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_a_part_passes_as_it_is_with_the_vary_of_the_whole(wrap, accepted):
    headers = [*PART, ("content-type", "text/plain"), ("content-length", "10")]
    wire = await get(wrap(answering(b"0123456789", status=206, headers=headers), GZipMiddleware), accepted)
    assert (wire.status, wire.body) == (206, b"0123456789")
    assert wire.headers.items() >= {**dict(headers), "vary": "Accept-Encoding"}.items()
    assert "content-encoding" not in wire.headers


@everywhere
@pytest.mark.parametrize(
    "header", [("content-type", "image/png"), ("content-encoding", "br"), ("cache-control", "no-transform")]
)
async def test_a_part_of_what_is_never_coded_says_no_vary(wrap, header):
    wire = await get(wrap(answering(b"0123456789", status=206, headers=[*PART, header]), GZipMiddleware), "gzip")
    assert wire.headers.items() >= dict([*PART, header]).items()
    assert "vary" not in wire.headers


@everywhere
async def test_a_304_says_what_the_200_would_say(wrap):
    wire = await get(wrap(answering(b"", status=304, headers=[("etag", '"1"')]), GZipMiddleware), "gzip")
    assert (wire.status, wire.body) == (304, b"")
    assert (wire.headers["etag"], wire.headers["vary"]) == ('W/"1"', "Accept-Encoding")
    assert "content-encoding" not in wire.headers


@everywhere
async def test_head_has_the_length_of_what_is_not_coded(wrap):
    async def app(scope, receive, send):
        await Response(TEXT, headers={"etag": '"1"'})(scope, receive, send)

    wire = await get(wrap(app, GZipMiddleware), "gzip", method="HEAD")
    assert wire.body == b""
    assert (wire.headers["content-length"], wire.headers["etag"]) == (str(len(TEXT)), 'W/"1"')
    assert wire.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in wire.headers


@pytest.mark.parametrize(("tag", "sent"), [('"1"', 'W/"1"'), ('W/"1"', 'W/"1"')])
async def test_a_coded_answer_has_a_weak_tag_and_no_ranges(tag, sent):
    headers = [("ETag", tag), ("accept-ranges", "bytes")]
    wire = await get(GZipMiddleware(answering(TEXT, headers=headers)), "gzip")
    assert wire.headers["ETag"] == sent
    assert "accept-ranges" not in wire.headers


@everywhere
async def test_vary_is_added_to_and_cookies_stay_apart(wrap):
    headers = [("set-cookie", "a=1"), ("vary", "Origin"), ("set-cookie", "b=2")]
    wire = await get(wrap(answering(TEXT, headers=headers), GZipMiddleware), "gzip")
    assert wire.headers["vary"] == "Origin, Accept-Encoding"
    assert [value for name, value in wire.sent[0]["headers"] if name == b"set-cookie"] == [b"a=1", b"b=2"]


async def test_messages_and_headers_are_not_changed_in_place():
    headers = [(b"content-length", b"%d" % len(TEXT)), (b"etag", b'"1"')]
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    body = {"type": "http.response.body", "body": TEXT}

    async def app(scope, receive, send):
        await send(start)
        await send(body)

    for method, accept in (("GET", "gzip"), ("GET", None), ("HEAD", "gzip")):
        await get(GZipMiddleware(app), accept, method=method)
        assert start == {"type": "http.response.start", "status": 200, "headers": headers}
        assert headers == [(b"content-length", b"%d" % len(TEXT)), (b"etag", b'"1"')]
        assert body["body"] is TEXT


@pytest.mark.parametrize("kind", [None, tuple, iter])
async def test_a_head_may_have_headers_of_any_kind_or_none(kind):
    async def app(scope, receive, send):
        headers = {} if kind is None else {"headers": kind([[b"x-one", b"1"]])}
        await send({"type": "http.response.start", "status": 200, **headers})
        await send({"type": "http.response.body", "body": TEXT})

    wire = await get(GZipMiddleware(app), "gzip")
    assert wire.headers["content-encoding"] == "gzip"
    assert ("x-one" in wire.headers) is (kind is not None)


async def test_a_message_may_leave_out_the_body():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "more_body": True})
        await send({"type": "http.response.body"})

    wire = await get(GZipMiddleware(app), "gzip")
    assert read(wire) == [b"", b""]


async def test_other_messages_pass():
    hint = {"type": "http.response.early_hint", "links": []}
    trailers = {"type": "http.response.trailers", "headers": []}

    async def app(scope, receive, send):
        await send(hint)
        await send({"type": "http.response.start", "status": 200, "trailers": True})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})
        await send(trailers)

    wire = Wire()
    await GZipMiddleware(app)(http_scope("GET", "/", headers=[("accept-encoding", "gzip")]), wire.receive, wire.send)
    assert wire.sent[0] is hint
    assert wire.sent[1]["trailers"]
    assert wire.sent[-1] is trailers


@everywhere
async def test_a_file_that_the_server_sends_by_itself_is_not_coded(wrap, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT * 100)

    async def app(scope, receive, send):
        await FileResponse(str(path))(scope, receive, send)

    server = {"asgi": {"spec_version": "2.3"}, "extensions": {"http.response.pathsend": {}}}
    wire = await get(wrap(app, GZipMiddleware), "gzip", **server)
    assert wire.types == ["http.response.start", "http.response.pathsend"]
    assert wire.headers["content-length"] == str(len(TEXT) * 100)
    assert wire.headers["vary"] == "Accept-Encoding"


@everywhere
async def test_a_file_in_many_messages_is_coded(wrap, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT * 100)

    async def app(scope, receive, send):
        await FileResponse(str(path))(scope, receive, send)

    wire = await get(wrap(app, GZipMiddleware), "gzip")
    assert b"".join(read(wire)) == TEXT * 100
    assert len(wire.body) < len(TEXT) * 10


@pytest.mark.parametrize(("size", "in_thread"), [(encoding.INLINE, False), (encoding.INLINE + 1, True)])
@pytest.mark.parametrize("wrap", [alone, in_app])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_large_message_is_coded_in_a_worker_thread(size, in_thread, wrap, streamed, monkeypatch):
    threads = []
    work = encoding.threads.run

    async def run(fn, *args, limiter):
        def noted(*args):
            threads.append(threading.current_thread())
            return fn(*args)

        assert limiter.name == "files"
        return await work(noted, *args, limiter=limiter)

    monkeypatch.setattr(encoding.threads, "run", run)
    body = (TEXT * 40)[:size]
    bodies = (body, b"") if streamed else (body,)
    wire = await get(wrap(answering(*bodies), GZipMiddleware), "gzip")
    assert read(wire) == list(bodies)
    assert len(threads) == in_thread
    assert threading.current_thread() not in threads


async def test_what_breaks_off_before_its_body_has_sent_nothing():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        raise Broken("app")

    wire = Wire()
    scope = http_scope("GET", "/", headers=[("accept-encoding", "gzip")])
    with pytest.raises(Broken):
        await GZipMiddleware(app)(scope, wire.receive, wire.send)
    assert wire.sent == []


@pytest.mark.parametrize("bodies", [(TEXT,), (TEXT, TEXT)])
@pytest.mark.parametrize("at", [1, 2])
async def test_an_error_of_the_server_comes_to_the_app(bodies, at):
    wire = Wire(break_send=at)
    scope = http_scope("GET", "/", headers=[("accept-encoding", "gzip")])
    with pytest.raises(Broken):
        await GZipMiddleware(answering(*bodies))(scope, wire.receive, wire.send)


async def test_trailers_of_the_request_decide_nothing():
    async def app(scope, receive, send):
        scope["headers"].append((b"accept-encoding", b"gzip"))
        await answering(TEXT)(scope, receive, send)

    assert (await get(GZipMiddleware(app))).body == TEXT


async def test_a_bare_scope_is_enough():
    wire = Wire()
    await GZipMiddleware(answering(TEXT))({"type": "http"}, wire.receive, wire.send)
    assert wire.body == TEXT


async def test_an_answer_of_a_handler_is_coded_on_its_route_alone():
    app = HawkAPI()

    @app.get("/coded", middleware=[(GZipMiddleware, {"minimum_size": 10})])
    async def coded():
        return {"text": "a" * 100}

    @app.get("/plain")
    async def plain():
        return {"text": "a" * 100}

    scope = {"headers": [("accept-encoding", "gzip")]}
    assert "content-encoding" in (await exchange(app, "GET", "/coded", **scope)).headers
    assert "content-encoding" not in (await exchange(app, "GET", "/plain", **scope)).headers

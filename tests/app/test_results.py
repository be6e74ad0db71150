"""What a handler returns, and what goes out (contract 2.5)."""

import threading
from collections.abc import Mapping
from contextvars import ContextVar

import anyio.to_thread
import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.responses.file_response import FileResponse
from hawkapi.responses.response import Response
from hawkapi.responses.streaming import StreamingResponse
from tests.app.wire import Wire, exchange
from tests.asgi import call


async def test_a_dict_is_sent_as_json():
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return {"a": [1, None]}

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.body) == (200, b'{"a":[1,null]}')
    assert answer.headers == {"content-type": "application/json", "content-length": "14", "vary": "Accept"}


@pytest.mark.parametrize(
    ("result", "body"), [("hi", b'"hi"'), ([1, 2], b"[1,2]"), ((1, 404), b"[1,404]"), (False, b"false"), ({}, b"{}")]
)
async def test_whatever_is_no_response_is_a_value(result, body):
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return result

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.body) == (200, body)


async def test_none_is_204_without_body_and_length():
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return None

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.headers, answer.body) == (204, {}, b"")


async def test_none_keeps_the_status_of_the_route_if_that_is_not_200():
    app = HawkAPI()

    @app.post("/")
    async def handler():
        return None

    answer = await call(app, "POST", "/")
    assert (answer.status, answer.headers, answer.body) == (201, {"content-length": "0"}, b"")


@pytest.mark.parametrize(
    ("method", "status"), [("get", 200), ("post", 201), ("put", 200), ("patch", 200), ("delete", 202)]
)
async def test_a_value_has_the_status_of_the_route(method, status):
    app = HawkAPI()

    @getattr(app, method)("/", **({"status_code": 202} if method == "delete" else {}))
    async def handler():
        return 1

    assert (await call(app, method.upper(), "/")).status == status


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_that_allows_no_body_has_none_and_no_length(status):
    app = HawkAPI()

    @app.get("/", status_code=status)
    async def handler():
        return {"never": "sent"}

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.body, answer.headers) == (status, b"", {})


async def test_delete_is_204_by_default():
    app = HawkAPI()

    @app.delete("/")
    async def handler():
        return {"never": "sent"}

    answer = await call(app, "DELETE", "/")
    assert (answer.status, answer.body) == (204, b"")


async def test_a_response_is_sent_as_it_is():
    app = HawkAPI()

    @app.post("/")
    async def handler():
        return Response("text", status_code=418, headers={"X-Tea": "yes"})

    answer = await call(app, "POST", "/")
    assert (answer.status, answer.body) == (418, b"text")
    assert answer.headers == {"x-tea": "yes", "content-type": "text/plain; charset=utf-8", "content-length": "4"}


async def test_a_response_annotation_changes_nothing_on_the_wire():
    app = HawkAPI()

    @app.get("/")
    async def handler() -> Response:
        return Response("text")

    @app.get("/sync")
    def sync_handler() -> Response:
        return Response("text")

    assert (await call(app, "GET", "/")).body == (await call(app, "GET", "/sync")).body == b"text"


@pytest.mark.parametrize("kind", ["application/msgpack", "application/x-msgpack"])
@pytest.mark.parametrize("sync", [False, True])
async def test_a_client_that_accepts_msgpack_gets_it(kind, sync):
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return {"raw": b"\0"}

    @app.get("/sync")
    def sync_handler():
        return {"raw": b"\0"}

    answer = await call(app, "GET", "/sync" if sync else "/", headers=[("Accept", f"text/html;q=0.1, {kind}")])
    assert (answer.headers["content-type"], answer.headers["vary"]) == (kind, "Accept")
    assert msgspec.msgpack.decode(answer.body) == {"raw": b"\0"}
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html", "application/msgpack;q=0", ";;,=,\xff"])
async def test_any_other_accept_header_means_json(accept):
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return 1

    answer = await call(app, "GET", "/", headers=[("Accept", accept)])
    assert (answer.headers["content-type"], answer.body) == ("application/json", b"1")


async def test_a_response_object_does_not_vary():
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return Response("text")

    assert "vary" not in (await call(app, "GET", "/", headers=[("Accept", "application/msgpack")])).headers


@pytest.mark.parametrize("result", [None, {"a": 1}])
@pytest.mark.parametrize("path", ["/", "/sync"])
async def test_a_handler_that_does_not_return_the_response_it_promises_is_a_500(path, result, caplog):
    app = HawkAPI()

    @app.get("/")
    async def handler() -> Response:
        return result

    @app.get("/sync")
    def sync_handler() -> Response:
        return result

    assert (await call(app, "GET", path)).status == 500
    assert "The annotation promises a response, the handler returned" in caplog.text


async def test_a_result_that_cannot_be_encoded_is_a_500(caplog):
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return object()

    @app.get("/sync")
    def sync_handler():
        return object()

    for path in ("/", "/sync"):
        answer = await call(app, "GET", path)
        assert (answer.status, answer.json()["detail"]) == (500, "Internal Server Error")
    assert [record.message for record in caplog.records if record.exc_info] == [
        "Unhandled exception in GET /",
        "Unhandled exception in GET /sync",
    ]


async def test_head_has_the_headers_of_get_and_no_body():
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return {"a": 1}

    got, head = await call(app, "GET", "/"), await call(app, "HEAD", "/")
    assert (head.status, head.raw, head.body) == (got.status, got.raw, b"")


async def test_head_of_a_response_has_the_length_of_its_body():
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return Response("text")

    answer = await call(app, "HEAD", "/")
    assert (answer.headers["content-length"], answer.body) == ("4", b"")


async def test_head_closes_an_async_stream_without_iterating_it():
    app = HawkAPI()
    seen = []

    class Chunks:
        def __aiter__(self):
            return self

        async def __anext__(self):
            seen.append("iterated")
            raise StopAsyncIteration

        async def aclose(self):
            seen.append("closed")

    @app.get("/")
    async def handler():
        return StreamingResponse(Chunks())

    answer = await call(app, "HEAD", "/")
    assert (answer.status, answer.body, seen) == (200, b"", ["closed"])


async def test_head_closes_a_sync_stream_without_iterating_it():
    app = HawkAPI()
    seen = []

    class Chunks:
        def __iter__(self):
            return self

        def __next__(self):
            seen.append("iterated")
            raise StopIteration

        def close(self):
            seen.append("closed")

    @app.get("/")
    def handler():
        return StreamingResponse(Chunks())

    answer = await call(app, "HEAD", "/")
    assert (answer.status, answer.body, seen) == (200, b"", ["closed"])


async def test_head_of_a_file_tells_its_length(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 300_000)
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return FileResponse(path)

    answer = await call(app, "HEAD", "/")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "300000", b"")


async def test_head_of_an_error_has_its_headers_and_no_body():
    app = HawkAPI()

    @app.get("/")
    async def handler(q: int):
        return q

    for path in ("/", "/missing"):
        answer = await call(app, "HEAD", path)
        assert (answer.status, answer.body) == (400 if path == "/" else 404, b"")
        assert int(answer.headers["content-length"]) > 0


async def test_a_handler_for_head_alone_goes_before_that_of_get():
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return {"a": 1}

    async def head():
        return Response(headers={"x-head": "own"})

    app.add_route("/", head, methods=["HEAD"])
    assert (await call(app, "HEAD", "/")).headers["x-head"] == "own"


async def test_a_stream_is_sent_chunk_by_chunk_with_an_empty_message_at_the_end():
    app = HawkAPI()

    async def chunks():
        yield b"a"
        yield "b"

    @app.get("/")
    async def handler():
        return StreamingResponse(chunks())

    async def receive():  # a client that stays
        return {"type": "http.request"}

    wire = Wire()
    wire.receive = receive
    await exchange(app, "GET", "/", wire=wire)
    assert [m["body"] for m in wire.sent[1:]] == [b"a", b"b", b""]
    assert [m["more_body"] for m in wire.sent[1:]] == [True, True, False]


async def test_a_sync_handler_runs_in_a_worker_thread_and_sees_context_variables():
    app = HawkAPI()
    variable = ContextVar("variable", default="unset")

    @app.get("/")
    def handler():
        return {"thread": threading.get_ident(), "variable": variable.get()}

    variable.set("of the request")
    result = (await call(app, "GET", "/")).json()
    assert result["thread"] != threading.get_ident()
    assert result["variable"] == "of the request"


@pytest.mark.parametrize("accept", ["application/json", "application/msgpack"])
async def test_a_sync_route_is_encoded_in_the_thread_of_its_handler(accept):
    app = HawkAPI()
    threads = []

    class Result(Mapping):  # encoded by asking it
        def __getitem__(self, key):
            threads.append(threading.get_ident())
            return 1

        def __iter__(self):
            return iter(["a"])

        def __len__(self):
            return 1

    @app.get("/")
    def handler():
        threads.append(threading.get_ident())
        return Result()

    await call(app, "GET", "/", headers=[("Accept", accept)])
    assert len(threads) == 2
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads


async def test_a_sync_route_takes_one_hop(monkeypatch):
    app = HawkAPI()
    hops = []
    run_sync = anyio.to_thread.run_sync

    async def counted(*args, **kwargs):
        hops.append(args)
        return await run_sync(*args, **kwargs)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted)

    @app.post("/{n}")
    def handler(n: int, body: dict[str, int], q: int = 1):
        return {"sum": n + body["x"] + q}

    assert (await call(app, "POST", "/1", body=b'{"x":2}')).body == b'{"sum":4}'
    assert len(hops) == 1


async def test_bad_input_of_a_sync_route_takes_no_hop(monkeypatch):
    app = HawkAPI()

    async def refused(*args, **kwargs):
        raise AssertionError("no thread is needed")

    @app.get("/")
    def handler(q: int):
        return q

    monkeypatch.setattr(anyio.to_thread, "run_sync", refused)
    assert (await call(app, "GET", "/")).status == 400


async def test_an_async_handler_runs_in_the_loop():
    app = HawkAPI()

    @app.get("/")
    async def handler():
        return threading.get_ident()

    assert (await call(app, "GET", "/")).json() == threading.get_ident()


async def test_a_callable_object_and_a_partial_are_handlers():
    from functools import partial

    app = HawkAPI()

    class Handler:
        async def __call__(self, q: int):
            return q

    async def add(a: int, b: int):
        return a + b

    app.add_route("/object", Handler(), methods=["GET"])
    app.add_route("/partial", partial(add, b=2), methods=["GET"])
    assert (await call(app, "GET", "/object", query=b"q=1")).body == b"1"
    assert (await call(app, "GET", "/partial", query=b"a=1")).body == b"3"


async def test_the_response_model_filters_and_a_result_that_does_not_fit_is_a_500(caplog):
    app = HawkAPI()

    class Out(msgspec.Struct):
        id: int

    @app.get("/good", response_model=Out)
    async def good():
        return {"id": 1, "password_hash": "x"}

    @app.get("/none", response_model=Out)
    async def none():
        return None

    @app.get("/bad", response_model=Out)
    async def bad():
        return {"id": "no number"}

    assert (await call(app, "GET", "/good")).body == b'{"id":1}'
    assert (await call(app, "GET", "/none")).status == 204
    assert (await call(app, "GET", "/bad")).status == 500
    assert len(caplog.records) == 1


async def test_deprecation_headers_go_out_on_values_responses_and_errors(caplog):
    app = HawkAPI()

    @app.get("/{kind}", deprecated=True, sunset="2025-06-01", deprecation_link="https://example.com/m")
    async def handler(kind: str, q: int = 0):
        if kind == "none":
            return None
        if kind == "response":
            return Response("text")
        return {} if kind == "value" else object()

    expected = {
        "deprecation": "true",
        "sunset": "2025-06-01",
        "link": '<https://example.com/m>; rel="deprecation"',
    }
    for path, query, status in [
        ("/none", b"", 204),
        ("/response", b"", 200),
        ("/value", b"", 200),
        ("/error", b"", 500),
        ("/value", b"q=x", 400),
    ]:
        answer = await call(app, "GET", path, query=query)
        assert answer.status == status
        assert expected.items() <= answer.headers.items()

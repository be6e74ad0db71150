"""Rows of security.md about bodies, seen from the app: each test bears the row's name."""

import gzip
import json
import sys
import threading
from typing import Annotated, Any

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.requests.form_data import UploadFile
from hawkapi.requests.request import Request
from hawkapi.requests.spool import SpooledFile
from hawkapi.validation.constraints import Form, Header
from tests.app.test_uploads import TYPE, form, part
from tests.app.wire import Wire, chunks, exchange
from tests.asgi import call

URLENCODED = [("content-type", "application/x-www-form-urlencoded")]
MIB = 1024 * 1024


@pytest.fixture
def app():
    app = HawkAPI()

    @app.post("/form")
    async def read_form(request: Request):
        form = await request.form()
        return len(form.fields) + len(form.files)

    @app.post("/json")
    async def read_json(body: dict[str, Any]):
        return body

    @app.post("/any")
    async def read_any(request: Request):
        return await request.json()

    return app


async def test_cve_2023_30798_and_2023_25578_and_2024_52581_parts_of_a_form_are_counted(app):
    for filename in (None, "f"):
        many = [part(f"n{i}", b"", filename) for i in range(1001)]
        assert (await call(app, "POST", "/form", body=form(*many[:1000]), headers=TYPE)).body == b"1000"
        assert (await call(app, "POST", "/form", body=form(*many), headers=TYPE)).status == 413


async def test_cve_2024_47874_a_field_is_bounded(app):
    body = form(part("a", b"x" * MIB))
    assert (await call(app, "POST", "/form", body=body, headers=TYPE)).status == 201
    body = form(part("a", b"x" * (MIB + 1)))
    assert (await call(app, "POST", "/form", body=body, headers=TYPE)).status == 413


async def test_cve_2025_54121_a_file_goes_to_disk_in_a_worker_thread(monkeypatch):
    app, threads = HawkAPI(limits=Limits(spool=10)), set()
    append = SpooledFile.append

    def watched(self, data):
        threads.add(threading.get_ident())
        append(self, data)

    monkeypatch.setattr(SpooledFile, "append", watched)

    @app.post("/")
    async def handler(f: UploadFile):
        return f.size

    assert (await call(app, "POST", "/", body=form(part("f", b"x" * 11, "f")), headers=TYPE)).body == b"11"
    assert threads
    assert threading.get_ident() not in threads


async def test_cve_2026_54283_an_urlencoded_form_has_the_same_limits(app):
    pairs = "&".join(f"n{i}=1" for i in range(1001)).encode()
    assert (await call(app, "POST", "/form", body=pairs.rpartition(b"&")[0], headers=URLENCODED)).body == b"1000"
    assert (await call(app, "POST", "/form", body=pairs, headers=URLENCODED)).status == 413
    assert (await call(app, "POST", "/form", body=b"a=" + b"x" * MIB, headers=URLENCODED)).status == 201
    assert (await call(app, "POST", "/form", body=b"a=" + b"x" * (MIB + 1), headers=URLENCODED)).status == 413


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/plain; charset=utf-8", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
async def test_cve_2021_32677_json_is_read_from_json_media_types_only(app, kind):
    answer = await call(app, "POST", "/json", body=b"{}", headers=[("content-type", kind)])
    assert (answer.status, answer.json()["errors"][0]["field"]) == (400, "$")


@pytest.mark.parametrize("kind", ["application/json", "application/json;charset=utf-8", "application/v+json", None])
async def test_cve_2021_32677_json_media_types_and_none_at_all_are_json(app, kind):
    headers = [("content-type", kind)] if kind else []
    assert (await call(app, "POST", "/json", body=b"{}", headers=headers)).status == 201


async def test_cve_2024_24762_hostile_options_of_a_content_type_are_a_4xx(app):
    value = "multipart/form-data; " + 'a="\\' * 20_000
    assert (await call(app, "POST", "/form", body=b"x", headers=[("content-type", value)])).status == 400


async def test_cve_2024_30251_malformed_multipart_ends(app):
    for body in (b"--b", b"--b\r\n", b"--b\r\nContent-", b"\r\n" * 1000, b"--b\r\n:\r\n\r\n"):
        assert (await call(app, "POST", "/form", body=body, headers=TYPE)).status == 400
    assert (await call(app, "POST", "/form", body=b"--b--" * 1000, headers=TYPE)).body == b"0"  # empty, and an epilogue


async def test_cve_2025_69223_nothing_is_decompressed(app):
    body = gzip.compress(b"{}")
    headers = [("content-encoding", "gzip"), ("content-type", "application/json")]
    assert (await call(app, "POST", "/json", body=body, headers=headers)).status == 400


async def test_cve_2025_69228_the_whole_body_is_counted_not_each_field():
    app = HawkAPI(max_body_size=1000)

    @app.post("/")
    async def handler(a: Annotated[list[str], Form()]):
        return len(a)

    body = form(*[part("a", b"x" * 100) for _ in range(8)])
    assert len(body) > 1000
    wire = await exchange(app, "POST", "/", wire=Wire(*chunks(body[:500], body[500:])), headers=TYPE)
    assert wire.status == 413


async def test_cve_2025_69229_many_small_chunks_are_one_body():
    """What is quadratic in their number takes minutes."""
    app, count, size = HawkAPI(max_body_size=100_000_000), 200_000, 200

    @app.post("/body")
    async def body(request: Request):
        return len(await request.body())

    @app.post("/stream")
    async def stream(request: Request):
        return sum([len(chunk) async for chunk in request.stream()])

    for path in ("/body", "/stream"):
        messages = iter(chunks(*[bytes(size)] * count))
        wire = Wire()

        async def receive(messages=messages):
            return next(messages)

        await app({"type": "http", "method": "POST", "path": path, "headers": []}, receive, wire.send)
        assert wire.body == b"%d" % (count * size)


async def test_cve_2025_47287_a_hostile_form_leaves_no_log_record(app, caplog):
    body = b"--b\r\nContent-Disposition: nonsense\r\n\r\n" * 100
    assert (await call(app, "POST", "/form", body=body, headers=TYPE)).status == 400
    assert caplog.records == []


async def test_cve_2026_5766_a_lying_content_length_lifts_no_limit():
    app = HawkAPI(max_body_size=1000)

    @app.post("/")
    async def handler(f: UploadFile):
        raise AssertionError("not called")

    body = form(part("f", b"x" * 1000, "f"))
    assert (await call(app, "POST", "/", body=body, headers=[*TYPE, ("content-length", "10")])).status == 413


@pytest.mark.parametrize("path", ["/json", "/any"])
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
async def test_cve_2025_64460_and_2026_1285_and_2024_27454_deep_nesting_is_a_400(app, path, opening, caplog):
    closing = b"".join(b"]" if c == 0x5B else b"}" for c in reversed(opening.replace(b'"a":', b"")))
    for depth in (100_000, 600):
        assert (await call(app, "POST", path, body=opening * depth)).status == 400
        assert (await call(app, "POST", path, body=opening * depth + b"1" + closing * depth)).status == 400
    assert caplog.records == []


@pytest.fixture
def high_recursion_limit():
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.usefixtures("high_recursion_limit")
@pytest.mark.parametrize("path", ["/json", "/any"])
async def test_msgspec_issue_1033_nesting_is_bounded_where_the_recursion_limit_is_not(app, path):
    for depth, status in ((512, 201), (513, 400)):
        body = b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
        assert (await call(app, "POST", path, body=body)).status == status


@pytest.mark.usefixtures("high_recursion_limit")
@pytest.mark.parametrize("kind", ["application/msgpack", "application/x-msgpack"])
async def test_msgspec_issue_1033_messagepack_is_not_read_however_deep(app, kind):
    for depth in (0, 513, 1_000_000):
        body = b"\x81\xa1a" + b"\x91" * depth + b"\xc0"
        assert (await call(app, "POST", "/json", body=body, headers=[("content-type", kind)])).status == 400


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("path", ["/json", "/any"])
async def test_cve_2018_1000656_and_2019_1010083_json_is_utf_8_and_nothing_else(app, path, encoding):
    body = json.dumps({"a": "é"}, ensure_ascii=False).encode(encoding)
    assert (await call(app, "POST", path, body=body)).status == 400


@pytest.mark.parametrize("path", ["/json", "/any"])
@pytest.mark.parametrize(
    "body", [b"", b"nan", b'{"a":NaN}', b'{"a":Infinity}', b"{", b"\xff", b'{"a":"\xc3"}', b"{}{}", b"{'a':1}", b"\0"]
)
async def test_bad_input_is_a_4xx_problem_and_never_a_5xx(app, path, body, caplog):
    answer = await call(app, "POST", path, body=body)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert caplog.records == []


async def test_cve_2026_42561_part_headers_are_counted(app):
    head = b'--b\r\nContent-Disposition: form-data; name="a"\r\n'
    for count, status in ((15, 201), (16, 400)):
        body = head + b"".join(b"X-%d: 1\r\n" % i for i in range(count)) + b"\r\n\r\n--b--\r\n"
        assert (await call(app, "POST", "/form", body=body, headers=TYPE)).status == status
    body = head + b"X: " + b"x" * 9000 + b"\r\n\r\n\r\n--b--\r\n"
    assert (await call(app, "POST", "/form", body=body, headers=TYPE)).status == 400


async def test_cve_2021_28658_and_2021_31542_and_2021_33203_and_2024_39330_a_filename_is_a_name_and_no_path():
    app = HawkAPI()

    @app.post("/")
    async def handler(f: UploadFile):
        return f.filename

    for name in ("../../etc/passwd", "..\\..\\passwd", "/etc/passwd", "C:\\passwd", "a/\x07passwd"):
        body = form(part("f", b"", name.replace("\\", "\\\\")))
        assert (await call(app, "POST", "/", body=body, headers=TYPE)).body == b'"passwd"'


class TrailingWire(Wire):
    """A server that appends the trailers of a request to the headers of its scope while the body arrives."""

    def __init__(self, scope, *messages):
        super().__init__(*messages)
        self.scope = scope

    async def receive(self):
        self.scope["headers"].append((b"authorization", b"forged"))
        return await super().receive()


@pytest.mark.parametrize("kind", ["request", "scope", "parameter", "handler", "explained"])
async def test_cve_2025_53643_and_sanic_pr_3165_headers_are_taken_before_the_body_is_read(kind):
    app = HawkAPI()

    @app.post("/request")
    async def by_request(request: Request):
        await request.body()
        return request.headers.get("authorization")

    @app.post("/scope")
    async def by_scope(request: Request):
        await request.body()
        return [value.decode() for _, value in request.scope["headers"]]

    @app.post("/parameter")
    async def by_parameter(body: list[int], authorization: Annotated[str | None, Header()] = None):
        return authorization

    @app.post("/handler")
    async def by_exception_handler(body: list[int]):
        raise LookupError

    @app.exception_handler(LookupError)
    async def handle(request, exc):
        return {"authorization": request.headers.get("authorization")}

    @app.post("/explained")
    async def explained(body: list[int], authorization: Annotated[str, Header()]):
        raise AssertionError("not called")

    scope = {"type": "http", "method": "POST", "path": f"/{kind}", "headers": [(b"transfer-encoding", b"chunked")]}
    wire = TrailingWire(scope, *chunks(b"[1", b"]"))
    await app(scope, wire.receive, wire.send)
    assert b"forged" not in wire.body
    if kind == "explained":
        assert b'"field":"authorization"' in wire.body

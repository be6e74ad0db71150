"""Rows of security.md that middleware of answers touches: each test bears the row's name."""

import tracemalloc
import zlib

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.accept_encoding import choose_coding
from hawkapi.middleware.compression import CompressionMiddleware
from hawkapi.middleware.debug import MAX_PATHS, DebugMiddleware
from hawkapi.middleware.error_handler import ErrorHandlerMiddleware
from hawkapi.middleware.gzip import GZipMiddleware
from hawkapi.middleware.request_id import RequestIDMiddleware
from hawkapi.middleware.security_headers import SecurityHeadersMiddleware
from hawkapi.middleware.timing import TimingMiddleware
from hawkapi.requests.request import Request
from hawkapi.responses.response import Response
from tests.app.wire import Wire, exchange
from tests.asgi import call, http_scope
from tests.middleware.answers import answering

EVIL = "a\r\nset-cookie: evil=1\0\x1b[2J"


@pytest.mark.parametrize("cls", [GZipMiddleware, CompressionMiddleware])
async def test_cve_2025_69223_no_request_body_is_decompressed(cls):
    bomb = zlib.compress(bytes(1_000_000))
    app = HawkAPI()
    app.add_middleware(cls)

    @app.post("/")
    async def size(request: Request):
        return len(await request.body())

    for coding in ("gzip", "deflate", "br", "zstd"):
        answer = await call(app, "POST", "/", headers=[("content-encoding", coding)], body=bomb)
        assert answer.json() == len(bomb)


async def test_cve_2025_48432_no_control_character_of_a_request_id_leaves_or_is_kept():
    async def app(scope, receive, send):
        assert scope["request_id"].isprintable()
        await Response("x")(scope, receive, send)

    wire = await exchange(RequestIDMiddleware(app), "GET", "/", headers=[("x-request-id", EVIL)])
    assert wire.headers["x-request-id"].isprintable()
    assert "evil" not in wire.headers["x-request-id"]


@pytest.mark.parametrize("cls", [TimingMiddleware, RequestIDMiddleware])
def test_cve_2020_7695_no_line_break_comes_into_the_name_of_a_header(cls):
    with pytest.raises(ValueError, match="header_name"):
        cls(answering(b""), header_name=EVIL)


def test_cve_2020_7695_no_line_break_comes_into_a_security_header():
    with pytest.raises(ValueError, match="hsts"):
        SecurityHeadersMiddleware(answering(b""), hsts=EVIL)


async def test_bodies_of_5xx_are_free_of_exception_text_unless_debug(caplog):
    async def failing(scope, receive, send):
        raise KeyError("secret /etc/app.conf")

    assert b"secret" not in (await call(ErrorHandlerMiddleware(failing), "GET", "/")).body
    assert b"secret" in (await call(ErrorHandlerMiddleware(failing, debug=True), "GET", "/")).body


async def test_cve_2020_7694_log_records_escape_control_characters(caplog):
    async def failing(scope, receive, send):
        raise KeyError

    await call(ErrorHandlerMiddleware(failing), "GET", "/" + EVIL)
    (record,) = caplog.records
    assert record.getMessage().isprintable()


async def test_debug_pages_are_404_unless_asked_for():
    app = HawkAPI(debug=True)
    assert (await call(app, "GET", "/_debug/stats")).status == 404
    assert (await call(DebugMiddleware(app, enabled=False), "GET", "/_debug/stats")).status == 404


async def test_bounded_memory_in_the_figures_of_paths():
    app = DebugMiddleware(answering(b""))
    wire = Wire()

    async def send(message):
        pass

    async def ask(number):
        await app(http_scope("GET", f"/{number:0250}" + "\U0001f600" * 8000), wire.receive, send)

    await ask(0)
    tracemalloc.start()
    try:
        for number in range(3 * MAX_PATHS):
            await ask(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 5_000_000


async def test_a_path_that_is_no_text_does_not_break_the_debug_pages():
    app = DebugMiddleware(answering(b""))
    await call(app, "GET", "/\ud800")
    assert (await call(app, "GET", "/_debug/stats")).json()["/?"]["count"] == 1


def test_linear_time_in_accept_encoding():
    for end, coding in ((b"1", b"gzip"), (b"x", None)):
        accepted = b"a;q=0.5," * 20_000 + b"gzip;" + b" " * 50_000 + b"q=" + b" " * 50_000 + end
        assert choose_coding([(b"accept-encoding", accepted)], (b"gzip",)) == coding


async def test_headers_are_taken_before_the_body_is_read():
    async def app(scope, receive, send):
        scope["headers"] += [(b"accept-encoding", b"gzip"), (b"x-request-id", b"late")]
        await answering(b"x" * 1000)(scope, receive, send)

    wire = await exchange(RequestIDMiddleware(GZipMiddleware(app)), "GET", "/")
    assert wire.headers["x-request-id"] != "late"
    assert "content-encoding" not in wire.headers


async def test_cve_2014_9720_an_answer_with_a_secret_can_be_kept_from_compression():
    for name, value in (("content-encoding", "identity"), ("cache-control", "no-transform")):
        app = CompressionMiddleware(answering(b"secret " * 1000, headers=[(name, value)]))
        wire = await exchange(app, "GET", "/", headers=[("accept-encoding", "gzip, br, zstd")])
        assert wire.body == b"secret " * 1000

"""Rows of security.md about headers, paths and logs, seen from the app: each test bears the row's name."""

from typing import Annotated

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.exceptions import HTTPException
from hawkapi.requests.request import Request
from hawkapi.responses.redirect import RedirectResponse
from hawkapi.responses.response import Response
from hawkapi.routing.controllers import Controller, get
from hawkapi.validation.constraints import Cookie, Form, Header, Query
from tests.app.wire import exchange
from tests.asgi import call

EVIL = "a\r\nSet-Cookie: evil=1\n\0b"


async def test_cve_2020_7695_and_sanic_pr_3164_no_line_break_leaves_in_a_header_whoever_wrote_it():
    app = HawkAPI()

    @app.get("/response")
    async def response():
        return Response("x", headers={"x-text": EVIL}, content_type=f"text/plain{EVIL}")

    @app.get("/error")
    async def error():
        raise HTTPException(409, headers={"x-text": EVIL})

    @app.get("/redirect")
    async def redirect():
        return RedirectResponse(f"/next{EVIL}")

    @app.get("/deprecated", deprecated=True, sunset=EVIL, deprecation_link=EVIL)
    async def deprecated():
        return 1

    for path in ("/response", "/error", "/redirect", "/deprecated"):
        answer = await call(app, "GET", path)
        text = b"".join(name + value for name, value in answer.raw)
        assert not set(text) & set(b"\r\n\0")
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "é", "a\0"])
async def test_a_header_name_that_is_no_token_is_refused_with_a_500(name, caplog):
    app = HawkAPI()

    @app.get("/response")
    async def response():
        return Response("x", headers={name: "x"})

    @app.get("/error")
    async def error():
        raise HTTPException(409, headers={name: "x"})

    for path in ("/response", "/error"):
        answer = await call(app, "GET", path)
        assert (answer.status, answer.json()["detail"]) == (500, "Internal Server Error")


@pytest.mark.parametrize("status", [200, 204, 304, 404])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_cve_2024_49768_and_2024_49769_and_2022_24761_and_2019_16785_an_answer_is_as_long_as_it_says(
    status, method
):
    app = HawkAPI()

    @app.get("/value", status_code=status)
    async def value():
        return "body"

    @app.get("/response")
    async def response():
        return Response("body", status_code=status, headers={"Content-Length": "999"})

    @app.get("/error")
    async def error():
        raise HTTPException(status, "body")

    for path in ("/value", "/response", "/error"):
        answer = await call(app, method, path)
        lengths = [value for name, value in answer.raw if name == b"content-length"]
        if method == "HEAD" or status in (204, 304):
            assert answer.body == b""
        else:
            assert lengths == [str(len(answer.body)).encode()]
        assert len(lengths) <= 1


@pytest.mark.parametrize("path", ["//evil.example/..", "/\\evil.example", "//evil.example/%2e%2e", "///evil.example/"])
async def test_cve_2018_14574_no_path_makes_a_redirect_to_another_host(path):
    app = HawkAPI()

    @app.get("/{a}/")
    async def handler(a: str):
        return a

    answer = await call(app, "GET", path)
    assert answer.status in (200, 404)
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "host", ["x/?", "x/@y", "evil.example/", "a b", "x#", "x\\y", "[::1", "", "user@host", "a,b", "x:999999"]
)
async def test_cve_2026_48710_the_path_of_the_url_is_the_path_that_was_routed_whatever_the_host_says(host):
    app = HawkAPI()

    @app.get("/admin")
    async def handler(request: Request):
        return [request.url, request.path]

    wire = await exchange(app, "GET", "/admin", headers=[("host", host)], server=("server.example", 80))
    url, path = msgspec.json.decode(wire.body)
    assert url.endswith("/admin")
    assert url.count("/") == 3
    assert path == "/admin"


async def test_cve_2026_54282_a_path_without_a_slash_cannot_move_the_authority():
    app = HawkAPI()

    @app.exception_handler(404)
    async def handle(request, exc):
        return Response(request.url)

    wire = await exchange(app, "GET", "@evil.example", headers=[("host", "example.com")])
    assert wire.body == b"http://example.com/@evil.example"


async def test_cve_2011_4139_an_invalid_or_repeated_host_is_not_believed():
    app = HawkAPI()

    @app.get("/")
    async def handler(request: Request):
        return request.url

    for headers in ([("host", "evil.example/x")], [("host", "a.example"), ("host", "b.example")]):
        wire = await exchange(app, "GET", "/", headers=headers, server=("server.example", 8000))
        assert wire.body == b'"http://server.example:8000/"'


async def test_nothing_is_taken_from_x_forwarded_headers():
    app = HawkAPI()

    @app.get("/")
    async def handler(request: Request):
        return [request.url, request.client]

    forged = [
        ("host", "example.com"),
        ("x-forwarded-for", "1.2.3.4"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "for=1.2.3.4;host=evil.example;proto=https"),
    ]
    wire = await exchange(app, "GET", "/", headers=forged, client=("5.6.7.8", 1), server=("example.com", 80))
    assert wire.body == b'["http://example.com/",["5.6.7.8",1]]'


class Pages(Controller):
    @get("/pages")
    async def page(self):
        return 1

    def delete(self):
        raise AssertionError("no route says so")

    DELETE = delete


@pytest.mark.parametrize(
    "method", ["__init__", "handler", "__call__", "page", "delete", "DELETE", "GET ", "get", "PROPFIND", "", "G\0T"]
)
async def test_cve_2026_48817_and_sanic_pr_3164_only_registered_methods_are_served(method):
    app = HawkAPI()
    app.include_controller(Pages)

    @app.get("/")
    async def handler():
        return 1

    for path in ("/", "/pages"):
        answer = await call(app, method, path)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("method", ["GET\r\nx-evil: 1", "GET\n", "\nGET", "GET / HTTP/1.1\r\n\r\nGET", "G@T", "G\xc9T"])
async def test_cve_2023_49081_and_2023_49082_and_2024_23829_an_odd_request_line_is_refused_and_not_repeated(method):
    app = HawkAPI()

    @app.get("/")
    async def handler():
        raise AssertionError("no GET")

    wire = await exchange(app, method, "/", http_version="1.1\r\nx-evil: 1")
    assert wire.status == 405
    head = b"".join(name + value for name, value in wire.sent[0]["headers"])
    assert not set(head) & set(b"\r\n\0")
    assert "x-evil" not in wire.headers
    assert b"\n" not in wire.body


@pytest.mark.parametrize("method", ["", "G T", "GET\n", "GÉT", "G/T"])
def test_cve_2023_49082_a_method_that_is_no_token_cannot_be_registered(method):
    with pytest.raises(ValueError, match="HTTP method names"):
        HawkAPI().add_route("/", lambda: 1, methods=[method])


@pytest.mark.parametrize("text", [b"a=1;b=2", b"%61=1;b=%32", b"a=1;b=2&c=3;b=2", b"&;b=2&a=1;b=2"])
@pytest.mark.parametrize("reader", ["parameter", "list", "query", "form parameter", "form"])
async def test_cve_2020_28473_a_semicolon_separates_nothing(reader, text):
    app = HawkAPI()

    @app.post("/parameter")
    async def parameter(a: str, b: str = "none"):
        return [a, b]

    @app.post("/list")
    async def listed(a: Annotated[list[str], Query()], b: Annotated[list[str] | None, Query()] = None):
        return [*a, *(b or ["none"])]

    @app.post("/query")
    async def query(request: Request):
        return [*request.query_params.getlist("a"), request.query_params.get("b", "none")]

    @app.post("/form parameter")
    async def form_parameter(a: Annotated[str, Form()], b: Annotated[str, Form()] = "none"):
        return [a, b]

    @app.post("/form")
    async def form(request: Request):
        return [(await request.form()).get("a"), (await request.form()).get("b", "none")]

    headers = [("content-type", "application/x-www-form-urlencoded")]
    answer = await call(app, "POST", f"/{reader}", query=text, headers=headers, body=text)
    assert answer.json() == ["1;b=2", "none"]


@pytest.mark.parametrize("query", [b"a=%", b"a=%zz", b"a=%ff%fe", b"%=%&%&%%=", b"&&&&", b"=", b"a=\xff", b"a=%00"])
async def test_percent_rubbish_in_a_query_is_never_a_5xx(query):
    app = HawkAPI()

    @app.get("/")
    async def handler(a: str = ""):
        return a

    assert (await call(app, "GET", "/", query=query)).status == 200


async def test_cve_2023_23934_a_nameless_cookie_is_dropped():
    app = HawkAPI()

    @app.get("/")
    async def handler(id: Annotated[str, Cookie(alias="__Host-id")] = "none"):
        return id

    assert (await call(app, "GET", "/", headers=[("cookie", "=__Host-id=forged")])).json() == "none"


@pytest.mark.parametrize("cookie", ["", ";", "=;=", "a", "\xff", '"', 'a="' + "\\" * 4000, "; " * 2000])
async def test_cve_2025_69230_broken_cookies_leave_no_log_record(cookie, caplog):
    app = HawkAPI()

    @app.get("/")
    async def handler(request: Request, a: Annotated[str, Cookie()] = ""):
        return len(request.cookies)

    assert (await call(app, "GET", "/", headers=[("cookie", cookie)])).status == 200
    assert caplog.records == []


async def test_cve_2025_14550_a_header_that_comes_any_number_of_times_is_read_once_over():
    """What is quadratic in their number takes minutes."""
    app = HawkAPI()

    @app.get("/")
    async def handler(request: Request, x: Annotated[list[str], Header()], y: Annotated[str, Header()] = ""):
        return [len(request.headers.getlist("x")), request.headers["x"], len(x), y]

    answer = await call(app, "GET", "/", headers=[("x", "1" * 100)] * 300_000)
    assert answer.json() == [300_000, "1" * 100, 300_000, ""]


async def test_sanic_pr_3164_and_sanic_pr_3165_a_path_of_any_length_is_answered():
    app = HawkAPI()

    @app.get("/{a}")
    async def handler(a: str):
        return 1

    assert (await call(app, "GET", "/" + "x" * 70_000)).status == 414
    assert (await call(app, "GET", "/" * 70_000)).status == 414


async def test_cve_2025_48432_the_path_stands_escaped_in_the_log(caplog):
    app = HawkAPI()

    @app.get("/{a}")
    async def handler(a: str):
        raise ValueError

    await call(app, "GET", "/x\nERROR forged \x1b[31m")
    assert [record.getMessage() for record in caplog.records] == [
        r"Unhandled exception in GET /x\nERROR forged \x1b[31m"
    ]


async def test_cve_2016_10516_a_500_shows_no_traceback_not_even_in_debug_mode(caplog):
    for debug in (False, True):
        app = HawkAPI(debug=debug)

        @app.get("/")
        async def handler():
            raise RuntimeError("text")

        body = (await call(app, "GET", "/")).body
        assert b"Traceback" not in body
        assert b"RuntimeError" not in body
        assert b".py" not in body
        assert (b"text" in body) == debug


async def test_a_rejected_secret_is_neither_sent_back_nor_logged(caplog):
    app = HawkAPI()

    @app.post("/")
    async def handler(body: dict[str, int], token: int, api_key: int = 0):
        raise AssertionError("not called")

    answer = await call(app, "POST", "/", query=b"token=s3cret&api_key=s3cret", body=b'{"password":"s3cret"}')
    assert answer.status == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"token", "api_key", "password"}
    assert b"s3cret" not in answer.body
    assert "s3cret" not in caplog.text

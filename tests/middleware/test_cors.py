import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.cors import CORSMiddleware
from tests.app.wire import Broken, Wire, exchange
from tests.middleware.edges import BARE, alone, everywhere, get, pass_on

SITE, OTHER = "https://example.com", "https://other.example"
ORIGIN = ("origin", SITE)
ASKED = ("access-control-request-method", "PUT")
CORS = "access-control-"


async def preflight(app, *headers, origin=SITE):
    return await get(app, ("origin", origin), ASKED, *headers, method="OPTIONS")


def cors_headers(wire):
    return {name: value for name, value in wire.headers.items() if name.startswith(CORS)}


def test_arguments_are_kept():
    cors = CORSMiddleware(
        alone,
        allow_origins=[SITE],
        allow_methods=["GET"],
        allow_headers=["X-A"],
        allow_credentials=True,
        expose_headers=["X-B"],
        max_age=5,
    )
    assert (cors.app, cors.allow_origins, cors.allow_methods) == (alone, [SITE], ["GET"])
    assert (cors.allow_headers, cors.allow_credentials) == (["X-A"], True)
    assert (cors.expose_headers, cors.max_age) == (["X-B"], 5)


def test_arguments_have_defaults():
    cors = CORSMiddleware(alone)
    assert (cors.allow_origins, cors.allow_headers, cors.expose_headers) == (["*"], ["*"], [])
    assert cors.allow_methods == ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    assert (cors.allow_credentials, cors.max_age) == (False, 600)


def test_credentials_for_every_origin_are_refused():
    with pytest.raises(ValueError, match="allow_credentials"):
        CORSMiddleware(alone, allow_credentials=True)
    with pytest.raises(ValueError, match="allow_credentials"):
        CORSMiddleware(alone, allow_origins=[SITE, "*"], allow_credentials=True)


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("allow_origins", SITE, TypeError),
        ("allow_origins", [b"https://example.com"], TypeError),
        ("allow_origins", [SITE + "/"], ValueError),
        ("allow_origins", [f"{SITE}, {OTHER}"], ValueError),
        ("allow_origins", [f"{SITE}\r\nx: 1"], ValueError),
        ("allow_origins", ["https://bücher.example"], ValueError),
        ("allow_origins", [""], ValueError),
        ("allow_methods", "GET", TypeError),
        ("allow_methods", ["GET, POST"], ValueError),
        ("allow_headers", ["x\r\ny"], ValueError),
        ("allow_headers", [1], TypeError),
        ("expose_headers", ["x:"], ValueError),
        ("expose_headers", b"x", TypeError),
        ("allow_credentials", "no", TypeError),
        ("max_age", -1, ValueError),
        ("max_age", "600", TypeError),
        ("max_age", True, TypeError),
    ],
)
def test_a_mistake_names_its_argument(argument, value, error):
    with pytest.raises(error, match=argument):
        CORSMiddleware(alone, **{argument: value})


@everywhere
async def test_an_allowed_origin_is_sent_back_literally(wrap):
    wire = await get(wrap(CORSMiddleware, allow_origins=[OTHER, SITE]), ORIGIN)
    assert cors_headers(wire) == {"access-control-allow-origin": SITE}
    assert wire.headers["vary"] == "Accept, Origin"


@everywhere
async def test_an_asterisk_is_sent_as_such(wrap):
    wire = await get(wrap(CORSMiddleware), ORIGIN)
    assert cors_headers(wire) == {"access-control-allow-origin": "*"}
    assert wire.headers["vary"] == "Accept, Origin"


@everywhere
async def test_credentials_and_exposed_headers_are_told(wrap):
    wire = await get(
        wrap(CORSMiddleware, allow_origins=[SITE], allow_credentials=True, expose_headers=["X-A", "X-B"]), ORIGIN
    )
    assert cors_headers(wire) == {
        "access-control-allow-origin": SITE,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "X-A, X-B",
    }


@everywhere
async def test_a_preflight_is_answered_with_all_that_is_allowed(wrap):
    app = wrap(CORSMiddleware, allow_origins=[SITE], allow_credentials=True, expose_headers=["X-A"])
    wire = await preflight(app, ("access-control-request-headers", "x-one,Content-Type"))
    assert wire.status == 200
    assert wire.body == b""
    assert wire.headers["content-length"] == "0"
    assert wire.headers["vary"] == "Origin"
    assert cors_headers(wire) == {
        "access-control-allow-origin": SITE,
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-max-age": "600",
        "access-control-allow-headers": "x-one, Content-Type",
        "access-control-allow-credentials": "true",
    }


async def test_a_preflight_for_any_origin_gets_an_asterisk():
    assert (await preflight(alone(CORSMiddleware))).headers["access-control-allow-origin"] == "*"


async def test_the_answer_to_a_preflight_depends_on_the_origin_for_any_origin_too():
    assert (await preflight(alone(CORSMiddleware))).headers["vary"] == "Origin"


async def test_a_preflight_that_asks_for_no_headers_gets_none():
    assert "access-control-allow-headers" not in (await preflight(alone(CORSMiddleware))).headers


async def test_listed_methods_and_headers_are_what_a_preflight_gets():
    app = alone(CORSMiddleware, allow_methods=["get", "REPORT"], allow_headers=["X-A", "X-B"], max_age=0)
    headers = (await preflight(app, ("access-control-request-headers", "x-evil"))).headers
    assert headers["access-control-allow-methods"] == "GET, REPORT"
    assert headers["access-control-allow-headers"] == "X-A, X-B"
    assert headers["access-control-max-age"] == "0"


async def test_no_header_at_all_may_be_allowed():
    wire = await preflight(alone(CORSMiddleware, allow_headers=[]), ("access-control-request-headers", "x-evil"))
    assert "access-control-allow-headers" not in wire.headers


async def test_an_asterisk_among_methods_stands_for_the_usual_ones():
    headers = (await preflight(alone(CORSMiddleware, allow_methods=["*"]))).headers
    assert headers["access-control-allow-methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


async def test_a_preflight_echoes_valid_header_names_only():
    asked = "x-one, b\xe4d, x two, , x:three,\tx-four\t, a\r\nb, (x)"
    wire = await preflight(alone(CORSMiddleware), ("access-control-request-headers", asked))
    assert wire.headers["access-control-allow-headers"] == "x-one, x-four"


async def test_a_preflight_echoes_the_names_of_all_lines():
    lines = [("access-control-request-headers", name) for name in ("x-one", "x-two")]
    wire = await preflight(alone(CORSMiddleware), *lines)
    assert wire.headers["access-control-allow-headers"] == "x-one, x-two"


@pytest.mark.parametrize(
    ("asked", "echoed"),
    [
        ("x" * 8192, 8192),
        ("x" * 8193, None),
        ("x" * 4095 + "," + "y" * 4095, 8192),
        ("x" * 4096 + "," + "y" * 4095, 4096),
        ("x," * 50_000, 8191),
    ],
)
async def test_a_preflight_echoes_8_kib_in_all(asked, echoed):
    wire = await preflight(alone(CORSMiddleware), ("access-control-request-headers", asked))
    names = wire.headers.get("access-control-allow-headers")
    assert (None if names is None else len(names)) == echoed


@everywhere
async def test_options_without_a_requested_method_goes_to_the_app(wrap):
    wire = await get(wrap(CORSMiddleware), ORIGIN, method="OPTIONS")
    assert wire.status == (200 if wrap is alone else 405)
    assert wire.body
    assert wire.headers["access-control-allow-origin"] == "*"


@everywhere
@pytest.mark.parametrize("options", [{}, {"allow_origins": [SITE]}])
async def test_options_without_an_origin_goes_to_the_app(wrap, options):
    wire = await get(wrap(CORSMiddleware, **options), ASKED, method="OPTIONS")
    assert wire.status == (200 if wrap is alone else 405)
    assert wire.body
    assert cors_headers(wire) == {}


@everywhere
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_of_two_origins_the_first_counts(wrap, method):
    app = wrap(CORSMiddleware, allow_origins=[SITE])
    ours, theirs = ("origin", SITE), ("origin", OTHER)
    wire = await get(app, ours, theirs, ASKED, method=method)
    assert wire.headers["access-control-allow-origin"] == SITE
    assert cors_headers(await get(app, theirs, ours, ASKED, method=method)) == {}


async def test_a_requested_method_makes_no_preflight_of_a_get():
    wire = await get(alone(CORSMiddleware), ORIGIN, ASKED)
    assert wire.body
    assert cors_headers(wire) == {"access-control-allow-origin": "*"}


@everywhere
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_another_origin_is_passed_on_and_gets_no_cors_headers(wrap, method):
    wire = await get(wrap(CORSMiddleware, allow_origins=[SITE]), ("origin", OTHER), ASKED, method=method)
    assert wire.body
    assert cors_headers(wire) == {}
    assert "Origin" in wire.headers["vary"].split(", ")


@everywhere
async def test_without_origin_there_is_vary_where_origins_are_listed(wrap):
    wire = await get(wrap(CORSMiddleware, allow_origins=[SITE]), ASKED)
    assert cors_headers(wire) == {}
    assert wire.headers["vary"] == "Accept, Origin"


@everywhere
async def test_without_origin_nothing_is_added_where_all_are_allowed(wrap):
    wire = await get(wrap(CORSMiddleware), ASKED)
    assert cors_headers(wire) == {}
    assert wire.headers["vary"] == "Accept"


@pytest.mark.parametrize("name", [b"access-control-allow-origin", b"Access-Control-Allow-Origin"])
async def test_what_the_app_says_of_cors_is_replaced_and_not_doubled(name):
    async def app(scope, receive, send):
        headers = [(name, b"*"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        assert len(headers) == 3

    wire = await get(CORSMiddleware(app, allow_origins=[SITE]), ORIGIN)
    assert wire.sent[0]["headers"] == [
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"access-control-allow-origin", SITE.encode()),
        (b"vary", b"Origin"),
    ]


async def test_vary_is_appended_to_in_any_case_of_letters():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": [(b"Vary", b"Accept")]})
        await send({"type": "http.response.body", "body": b""})

    for origin in (ORIGIN, ("origin", "https://evil.example")):
        wire = await get(CORSMiddleware(app, allow_origins=[SITE]), origin)
        assert [value for name, value in wire.sent[0]["headers"] if name.lower() == b"vary"] == [b"Accept, Origin"]


async def test_messages_pass_unchanged_one_by_one():
    start = {"type": "http.response.start", "status": 200}
    parts = [{"type": "http.response.body", "body": b"a", "more_body": True}, {"type": "http.response.body"}]
    sent = []

    async def app(scope, receive, send):
        await send(start)
        for part in parts:
            await send(part)
            assert sent[-1] is part
        assert start == {"type": "http.response.start", "status": 200}

    async def send(message):
        sent.append(message)

    await CORSMiddleware(app)({"type": "http", "headers": [(b"origin", b"x")]}, None, send)
    assert sent[0]["headers"] == [(b"access-control-allow-origin", b"*"), (b"vary", b"Origin")]


async def test_a_failing_send_of_a_preflight_is_raised_and_not_answered_again(caplog):
    app = HawkAPI()
    app.add_middleware(CORSMiddleware)
    wire = Wire(break_send=2)
    with pytest.raises(Broken):
        await exchange(app, "OPTIONS", "/", headers=[ORIGIN, ASKED], wire=wire)
    assert wire.types == ["http.response.start"]
    assert not caplog.records


@pytest.mark.parametrize("scope", BARE)
async def test_other_scopes_pass_untouched(scope):
    assert await pass_on(CORSMiddleware, scope, allow_origins=[SITE]) is scope


async def test_a_bare_request_is_served():
    sent = []

    async def send(message):
        sent.append(message)

    await alone(CORSMiddleware, allow_origins=[SITE])({"type": "http"}, None, send)
    assert sent[0]["status"] == 200


async def test_method_and_headers_are_all_that_a_preflight_needs():
    headers = [(b"origin", SITE.encode()), (b"access-control-request-method", b"PUT")]
    wire = Wire()
    await alone(CORSMiddleware)({"type": "http", "method": "OPTIONS", "headers": headers}, wire.receive, wire.send)
    assert (wire.status, wire.headers["access-control-allow-origin"]) == (200, "*")

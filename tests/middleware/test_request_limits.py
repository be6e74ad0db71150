import msgspec
import pytest

from hawkapi.middleware.request_limits import RequestLimitsMiddleware
from tests.app.wire import Wire, exchange
from tests.middleware.edges import BARE, alone, connect, everywhere, get, pass_on

URI, HEADERS = "URI Too Long", "Request Header Fields Too Large"


def test_arguments_are_kept():
    limits = RequestLimitsMiddleware(alone, max_query_length=1, max_headers_count=2, max_header_size=3)
    assert (limits.max_query_length, limits.max_headers_count, limits.max_header_size) == (1, 2, 3)
    limits = RequestLimitsMiddleware(alone)
    assert (limits.max_query_length, limits.max_headers_count, limits.max_header_size) == (2048, 100, 8192)


@pytest.mark.parametrize("name", ["max_query_length", "max_headers_count", "max_header_size"])
def test_a_mistake_names_its_argument(name):
    with pytest.raises(ValueError, match=name):
        RequestLimitsMiddleware(alone, **{name: -1})
    for value in ("1", 1.0, True, None):
        with pytest.raises(TypeError, match=name):
            RequestLimitsMiddleware(alone, **{name: value})


CASES = [
    ({"query_string": b"x" * 2049}, 414, URI, "Query string exceeds 2048 bytes"),
    ({"headers": [("a", "b")] * 101}, 431, HEADERS, "More than 100 headers"),
    ({"headers": [("a", "b"), ("c", "x" * 8193)]}, 431, HEADERS, "Header exceeds 8192 bytes"),
    ({"headers": [("a", "b"), ("x" * 8193, "")]}, 431, HEADERS, "Header exceeds 8192 bytes"),
]


@everywhere
@pytest.mark.parametrize(("scope", "status", "title", "detail"), CASES)
async def test_one_above_a_limit_is_a_problem(wrap, scope, status, title, detail):
    wire = await exchange(wrap(RequestLimitsMiddleware), "GET", "/", **scope)
    assert wire.status == status
    assert wire.headers["content-type"] == "application/problem+json"
    assert msgspec.json.decode(wire.body) == {
        "type": "https://hawkapi.ashimov.com/errors/http",
        "title": title,
        "status": status,
        "detail": detail,
    }


@everywhere
@pytest.mark.parametrize(
    "scope",
    [
        {"query_string": b"x" * 2048},
        {"headers": [("a", "b")] * 100},
        {"headers": [("a", "x" * 8192)]},
        {"headers": [("x" * 8192, "")]},
        {},
    ],
)
async def test_exactly_a_limit_is_fine(wrap, scope):
    assert (await exchange(wrap(RequestLimitsMiddleware), "GET", "/", **scope)).status == 200


@everywhere
async def test_a_request_is_refused_before_its_body_is_read(wrap):
    wire = await exchange(wrap(RequestLimitsMiddleware), "POST", "/", query_string=b"x" * 2049, wire=Wire())
    assert (wire.status, wire.receives) == (414, 0)


async def test_a_head_request_gets_no_body():
    wire = await get(alone(RequestLimitsMiddleware), method="HEAD", query_string=b"x" * 2049)
    assert (wire.status, wire.body) == (414, b"")


@everywhere
@pytest.mark.parametrize("denial", [False, True])
async def test_a_handshake_is_refused_likewise(wrap, denial):
    app = wrap(RequestLimitsMiddleware, max_headers_count=1)
    peer = await connect(app, ("a", "b"), ("c", "d"), denial=denial)
    assert peer.log == ["answer 431" if denial else "close 1008"]
    peer = await connect(app, query_string=b"x" * 2049, denial=denial)
    assert peer.log == ["answer 414" if denial else "close 1008"]


@everywhere
async def test_a_handshake_within_the_limits_passes(wrap):
    assert (await connect(wrap(RequestLimitsMiddleware), ("a", "b"))).log[0] == "accept"


@pytest.mark.parametrize("scope", [*BARE, {"type": "http"}, {"type": "websocket", "query_string": b"x" * 2049}])
async def test_what_has_no_headers_passes_untouched(scope):
    assert await pass_on(RequestLimitsMiddleware, scope) is scope


async def test_the_query_is_limited_where_there_are_no_headers():
    sent = []

    async def send(message):
        sent.append(message)

    await alone(RequestLimitsMiddleware)({"type": "http", "query_string": b"x" * 2049}, None, send)
    assert sent[0]["status"] == 414

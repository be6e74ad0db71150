import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.timing import TimingMiddleware, record
from hawkapi.requests.request import Request
from tests.asgi import call
from tests.middleware.answers import answering, everywhere, get
from tests.middleware.edges import BARE, pass_on


def ticking(*moments):
    return iter(moments).__next__


def recording(*entries):
    async def app(scope, receive, send):
        for name, seconds in entries:
            record(Request(scope, receive), name, seconds)
        await answering(b"x")(scope, receive, send)

    return app


@everywhere
async def test_the_time_until_the_head_is_told_twice(wrap):
    wire = await get(wrap(answering(b"one", b"two"), TimingMiddleware, clock=ticking(10.0, 10.000123)))
    assert wire.headers["x-process-time"] == "0.000123"
    assert wire.headers["server-timing"] == "total;dur=0.12"


async def test_the_real_clock_runs():
    wire = await get(TimingMiddleware(answering(b"x")))
    assert float(wire.headers["x-process-time"]) >= 0


async def test_the_header_has_the_name_that_was_given():
    made = TimingMiddleware(answering(b"x"), header_name="X-Took")
    assert made.header_name == "X-Took"
    headers = (await get(made)).headers
    assert "x-took" in headers
    assert "x-process-time" not in headers


@pytest.mark.parametrize(("name", "error"), [("a b", ValueError), ("", ValueError), (b"x", TypeError)])
def test_a_name_that_is_none_is_a_mistake(name, error):
    with pytest.raises(error, match="header_name"):
        TimingMiddleware(answering(b""), header_name=name)


@everywhere
async def test_handlers_add_parts(wrap):
    entries = [("db", 0.01), ("cache.hit", 0.0005), ("db", 0.02)]
    wire = await get(wrap(recording(*entries), TimingMiddleware, clock=ticking(0.0, 0.1)))
    assert wire.headers["server-timing"] == "total;dur=100.00, db;dur=30.00, cache.hit;dur=0.50"


async def test_requests_have_parts_of_their_own():
    app = TimingMiddleware(recording(("db", 0.01)), clock=lambda: 0.0)
    for _ in range(2):
        assert (await get(app)).headers["server-timing"] == "total;dur=0.00, db;dur=10.00"


async def test_a_handler_of_ours_adds_parts_through_a_copy_of_the_scope():
    app = HawkAPI()
    app.add_middleware(TimingMiddleware, clock=lambda: 0.0)

    async def copying(scope, receive, send):
        await inner(dict(scope), receive, send)

    inner = HawkAPI()
    app.mount("/in", copying)

    @inner.get("/")
    async def handler(request: Request):
        record(request, "db", 0.001)

    assert (await call(app, "GET", "/in/")).headers["server-timing"] == "total;dur=0.00, db;dur=1.00"


@pytest.mark.parametrize("entry", [("db", 0.01), ("a b", 0.01), ("total", 0.01), ("db", float("nan"))])
async def test_without_the_middleware_nothing_is_recorded(entry):
    wire = await get(recording(entry))
    assert (wire.status, "server-timing" in wire.headers) == (200, False)


@pytest.mark.parametrize("name", ["", "a b", "a,b", 'a"', "a;b", "a\r\nb", "é"])
async def test_a_part_is_named_by_a_token(name):
    with pytest.raises(ValueError, match="cannot name a part"):
        await get(TimingMiddleware(recording((name, 0.01))))


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("before", [[], [("db", 0.01)]], ids=["new", "added to"])
async def test_a_part_takes_a_finite_time(seconds, before):
    with pytest.raises(ValueError, match=f"'db' cannot have taken {seconds} seconds"):
        await get(TimingMiddleware(recording(*before, ("db", seconds))))


async def test_no_part_takes_the_name_of_the_total():
    with pytest.raises(ValueError, match="'total' is no part of the time"):
        await get(TimingMiddleware(recording(("total", 0.01))))


async def test_there_are_no_more_than_32_parts():
    entries = [(f"n{number}", 0.001) for number in range(33)]
    told = (await get(TimingMiddleware(recording(*entries, ("n0", 0.001))))).headers["server-timing"]
    assert told.count(",") == 32
    assert "n0;dur=2.00" in told
    assert "n32" not in told


async def test_what_an_answer_has_already():
    headers = [("X-Process-Time", "9"), ("server-timing", "inner;dur=1"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    wire = await get(TimingMiddleware(answering(b"x", headers=headers), clock=lambda: 0.0))
    assert [(name.decode(), value.decode()) for name, value in wire.sent[0]["headers"]] == [
        *headers[1:],
        ("x-process-time", "0.000000"),
        ("server-timing", "total;dur=0.00"),
    ]


async def test_the_message_is_not_changed_in_place():
    headers = [(b"a", b"1")]
    start = {"type": "http.response.start", "status": 200, "headers": headers}

    async def app(scope, receive, send):
        await send(start)
        await send({"type": "http.response.body"})

    await get(TimingMiddleware(app))
    assert (start["headers"], headers) == (headers, [(b"a", b"1")])


@pytest.mark.parametrize("scope", BARE)
async def test_other_scopes_pass_as_they_are(scope):
    assert await pass_on(TimingMiddleware, scope) is scope

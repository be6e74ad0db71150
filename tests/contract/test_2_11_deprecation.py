"""Contract 2.11: deprecation, sunset and link headers."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from hawkapi import HawkAPI, HTTPException, JSONResponse, StreamingResponse
from tests.asgi import call

NAMES = {"deprecation", "sunset", "link"}


async def headers_of(method="GET", query=b"", **options):
    app = HawkAPI()

    @app.get("/", **options)
    async def handler(n: int = 0, fails: str = ""):
        if fails == "http":
            raise HTTPException(409)
        if fails == "error":
            raise LookupError
        if fails == "response":
            return JSONResponse(1)
        if fails == "stream":
            return StreamingResponse(["1"])
        return []

    answer = await call(app, method, "/", query=query)
    return {name: value for name, value in answer.headers.items() if name in NAMES}


async def test_the_example():
    app = HawkAPI()

    @app.get(
        "/v1/users",
        deprecated=True,
        sunset="2025-06-01",
        deprecation_link="https://docs.example.com/migration",
    )
    async def old_users():
        return []

    headers = (await call(app, "GET", "/v1/users")).headers
    assert headers["deprecation"] == "true"
    assert headers["sunset"] == "2025-06-01"
    assert headers["link"] == '<https://docs.example.com/migration>; rel="deprecation"'


@pytest.mark.parametrize(
    "since",
    [
        date(2025, 6, 1),
        datetime(2025, 6, 1),  # naive: UTC
        datetime(2025, 6, 1, tzinfo=UTC),
        datetime(2025, 6, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        "2025-06-01",
        "2025-06-01T00:00:00Z",
        "2025-06-01T02:00:00+02:00",
    ],
)
async def test_a_date_is_sent_as_unix_seconds(since):
    assert await headers_of(deprecated=since) == {"deprecation": "@1748736000"}


@pytest.mark.parametrize("when", [date(2025, 6, 1), datetime(2025, 6, 1), datetime(2025, 6, 1, tzinfo=UTC)])
async def test_a_sunset_is_sent_as_an_http_date(when):
    assert (await headers_of(deprecated=True, sunset=when))["sunset"] == "Sun, 01 Jun 2025 00:00:00 GMT"


async def test_a_sunset_text_is_sent_as_given():
    assert (await headers_of(deprecated=True, sunset="next summer"))["sunset"] == "next summer"


def test_another_text_is_refused_at_registration():
    app = HawkAPI()
    with pytest.raises(ValueError, match="deprecated"):
        app.get("/", deprecated="soon")(lambda: None)


@pytest.mark.parametrize("query", [b"", b"n=x", b"fails=http", b"fails=error", b"fails=response", b"fails=stream"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_they_go_out_with_every_answer_of_the_route(method, query):
    options = {"deprecated": True, "sunset": "soon", "deprecation_link": "https://x.example"}
    assert set(await headers_of(method, query, **options)) == NAMES


async def test_none_of_them_is_sent_without_deprecated():
    assert await headers_of(sunset="soon", deprecation_link="https://x.example") == {}


async def test_other_routes_have_none():
    app = HawkAPI()

    @app.get("/old", deprecated=True)
    @app.get("/new")
    async def handler():
        return []

    assert "deprecation" not in (await call(app, "GET", "/new")).headers
    assert "deprecation" not in (await call(app, "GET", "/nowhere")).headers

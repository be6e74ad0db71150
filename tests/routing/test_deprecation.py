from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from hawkapi.routing.deprecation import deprecation_headers
from hawkapi.routing.route import Route
from hawkapi.routing.router import Router


def handler(): ...


def headers(**options):
    route = Route(path="/", handler=handler, methods=frozenset({"GET"}), **options)
    return {name.decode(): value.decode() for name, value in deprecation_headers(route)}


def test_nothing_is_sent_without_deprecated():
    assert headers(sunset="2025-06-01", deprecation_link="https://x.example") == {}


def test_true_is_sent_as_it_is():
    assert headers(deprecated=True) == {"deprecation": "true"}


@pytest.mark.parametrize(
    "since",
    [
        date(2025, 6, 1),
        datetime(2025, 6, 1),  # naive is the case
        datetime(2025, 6, 1, tzinfo=UTC),
        datetime(2025, 6, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        "2025-06-01",
        "2025-06-01T00:00:00Z",
        "2025-06-01T02:00:00+02:00",
    ],
)
def test_a_date_is_sent_as_seconds_and_means_midnight_utc(since):
    assert headers(deprecated=since) == {"deprecation": "@1748736000"}


def test_a_sunset_text_is_sent_as_given():
    assert headers(deprecated=True, sunset="soon")["sunset"] == "soon"


@pytest.mark.parametrize("sunset", [date(2025, 6, 1), datetime(2025, 6, 1, tzinfo=UTC)])
def test_a_sunset_date_is_sent_as_http_date(sunset):
    assert headers(deprecated=True, sunset=sunset)["sunset"] == "Sun, 01 Jun 2025 00:00:00 GMT"


def test_a_link_is_sent_with_its_relation():
    assert headers(deprecated=True, deprecation_link="https://x.example/m")["link"] == (
        '<https://x.example/m>; rel="deprecation"'
    )


def test_a_line_break_never_leaves():
    assert headers(deprecated=True, sunset="a\r\nset-cookie: x")["sunset"] == "aset-cookie: x"


@pytest.mark.parametrize("text", ["soon", "", "2025-13-01"])
def test_another_text_is_refused_at_registration(text):
    with pytest.raises(ValueError, match="is neither True nor an ISO 8601 date"):
        Router().get("/x", deprecated=text)(handler)

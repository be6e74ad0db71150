import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.responses.redirect import RedirectResponse, location
from tests.responses.wire import exchange, refuse


async def test_a_redirect_is_a_location_without_a_body():
    answer = await exchange(RedirectResponse("/next?a=b#c"), receive=refuse)
    assert (answer.status, answer.body) == (307, b"")
    assert answer.headers == {"location": "/next?a=b#c", "content-length": "0"}


def test_status_and_headers_may_be_given():
    response = RedirectResponse("/", status_code=303, headers={"A": "1"})
    assert (response.status_code, response.headers["A"]) == (303, "1")


async def test_the_target_wins_over_a_location_among_the_headers():
    answer = await exchange(RedirectResponse("/a", headers={"Location": "/b"}))
    assert answer.headers["location"] == "/a"


@pytest.mark.parametrize(
    ("url", "encoded"),
    [
        ("/é", "/%C3%A9"),
        ("/a b", "/a%20b"),
        ("/a%20b", "/a%20b"),
        ("https://example.com:80/a?b=c&d=[1]#e", "https://example.com:80/a?b=c&d=[1]#e"),
        ("/\ud800", "/?"),
        ("", ""),
    ],
)
def test_what_a_url_may_not_hold_is_percent_encoded(url, encoded):
    assert location(url) == encoded


def test_cve_2012_2374_a_redirect_cannot_split_the_response():
    assert location("/a\r\nset-cookie: b\0") == "/aset-cookie:%20b"


@pytest.mark.parametrize(
    "url", ["//evil.com", "/\\evil.com", "\\\\evil.com", "///evil.com", "/\r/evil.com", "/\n\\evil.com", "\\/evil.com"]
)
def test_cve_2018_14574_and_2020_28724_and_2021_21330_and_2023_28370_a_path_never_becomes_another_host(url):
    assert location(url) == "/evil.com"


@given(st.text(alphabet="/\\\r\n\0\t e.:@é\ud800"))
def test_no_location_starts_like_a_host(url):
    encoded = location(url)
    assert encoded.isascii()
    assert encoded.isprintable()
    assert not encoded.startswith(("//", "/\\", "\\"))

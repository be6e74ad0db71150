import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.requests.cookies import find_cookie, parse_cookies
from hawkapi.requests.errors import HeaderFieldsTooLarge


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1; b=2;c=3 ;", {"a": "1", "b": "2", "c": "3"}),
        ("a=1=2", {"a": "1=2"}),
        ("a=", {"a": ""}),
        ('a="x y"; b=""; c="; d="', {"a": "x y", "b": "", "c": '"', "d": '"'}),
        ("a=%20", {"a": "%20"}),
    ],
)
def test_a_cookie_header_is_read(header, cookies):
    assert parse_cookies(header) == cookies


def test_of_a_repeated_name_the_first_and_most_specific_counts():
    assert parse_cookies("a=1; a=2") == {"a": "1"}


def test_one_cookie_is_found_without_reading_the_others():
    header = 'x; ab=0; a; =a; a="1"; a=2'
    assert find_cookie(header, "a") == "1"
    assert find_cookie(header, "b") is None
    assert find_cookie(header, "x") is None


@pytest.mark.parametrize("header", ["=__Host-id=1", "__Host-id", " = x", ";;="])
def test_cve_2023_23934_cookies_without_a_name_are_dropped(header):
    assert parse_cookies(header) == {}


def test_a_header_over_the_limit_is_refused():
    assert parse_cookies("a=" + "x" * 8190)
    with pytest.raises(HeaderFieldsTooLarge, match="8192 bytes") as refused:
        parse_cookies("a=" + "x" * 8191)
    assert refused.value.status == 431
    assert find_cookie("a=" + "x" * 8190, "b") is None
    with pytest.raises(HeaderFieldsTooLarge):
        find_cookie("a=" + "x" * 8191, "b")


def test_cve_2024_7592_a_quoted_value_is_not_decoded():
    assert parse_cookies('a="' + "\\" * 8000) == {"a": '"' + "\\" * 8000}
    assert parse_cookies('a="\\101\\""') == {"a": '\\101\\"'}


@given(st.text(max_size=8192))
def test_no_header_makes_the_parser_fail(header):
    assert all(name and name == name.strip() for name in parse_cookies(header))


@given(st.dictionaries(st.from_regex(r"[a-z]+", fullmatch=True), st.from_regex(r"[a-z0-9]*", fullmatch=True)))
def test_what_a_browser_sends_comes_back(cookies):
    assert parse_cookies("; ".join(f"{name}={value}" for name, value in cookies.items())) == cookies


@given(st.text('ab=; "', max_size=30), st.from_regex("[ab]+", fullmatch=True))
def test_looking_for_one_cookie_agrees_with_reading_all(header, name):
    assert find_cookie(header, name) == parse_cookies(header).get(name)

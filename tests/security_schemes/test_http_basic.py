from base64 import b64encode

import pytest

from hawkapi.security.base import MissingCredentialError
from hawkapi.security.http_basic import HTTPBasic, HTTPBasicCredentials
from tests.security_schemes.connections import KINDS, authorization, request

BASIC = HTTPBasic()


def showing(raw, connect=request):
    return connect(*authorization(f"Basic {b64encode(raw).decode()}"))


async def detail_of(connection):
    with pytest.raises(MissingCredentialError) as caught:
        await BASIC(connection)
    assert caught.value.headers == {"WWW-Authenticate": "Basic"}
    return caught.value.detail


@pytest.mark.parametrize("connect", KINDS)
@pytest.mark.parametrize(
    ("raw", "username", "password"),
    [
        (b"ada:secret", "ada", "secret"),
        (b"ada:a:b:", "ada", "a:b:"),
        (b"ada:", "ada", ""),
        (b":secret", "", "secret"),
        (b":", "", ""),
        (b" ada : secret ", " ada ", " secret "),
        ("jürgen:pässwörd€".encode(), "jürgen", "pässwörd€"),
        (b"ada:\xc2\xa0\xe3\x80\x80", "ada", "\xa0\u3000"),
    ],
)
async def test_user_name_and_password_are_read(connect, raw, username, password):
    found = await BASIC(showing(raw, connect))
    assert found == HTTPBasicCredentials(username, password)
    assert (found.username, found.password) == (username, password)


@pytest.mark.parametrize(
    "token",
    [
        "YTo",  # without its padding
        "YTpi=",  # with more than it needs
        "YTpi====",
        "YTo=YTo=",
        "=YTpi",
        "====",
        "YTpiY",
        "YTp!",
        "YT-_",  # the alphabet of URLs
        "YTr=",  # bits that are no part of a byte
        "YWRhOnNlY3JldA==:",
    ],
)
async def test_what_no_encoder_writes_is_no_base64(token):
    assert await detail_of(request(*authorization(f"Basic {token}"))) == "Invalid base64 encoding"


@pytest.mark.parametrize(
    "raw",
    [
        b"ada",
        b"\xff:b",
        b"a:\xe9",
        "ada:".encode("utf-16"),
        b"a:\xed\xa0\x80",
        b"a\x00:b",
        b"a:b\x00",
        b"a:b\r\n",
        b"a\x1b[31m:b",
        b"a:\x7f",
    ],
)
async def test_what_holds_no_user_name_and_password_is_refused(raw):
    assert await detail_of(showing(raw)) == "Invalid credentials format"


async def test_a_long_header_is_read_or_refused_as_a_short_one():
    found = await BASIC(showing(b"ada:" + b":" * 300_000))
    assert found.password == ":" * 300_000
    assert await detail_of(showing(b"a" * 300_000)) == "Invalid credentials format"
    assert await detail_of(request(*authorization("Basic " + "=" * 300_000))) == "Invalid base64 encoding"


def test_no_repr_shows_the_password():
    credentials = HTTPBasicCredentials("ada", "secret")
    assert repr(credentials) == "HTTPBasicCredentials(username='ada', password='***')"
    assert "secret" not in str([credentials, credentials.__rich_repr__()])


def test_credentials_cannot_be_changed():
    credentials = HTTPBasicCredentials("ada", "secret")
    with pytest.raises(AttributeError):
        credentials.password = "other"


def test_both_must_match():
    credentials = HTTPBasicCredentials("jürgen", "pässwörd")
    assert credentials.matches("jürgen", "pässwörd") is True
    assert credentials.matches("jürgen", "passwort") is False
    assert credentials.matches("ada", "pässwörd") is False
    assert credentials.matches("ada", "x") is False


def test_both_are_compared_even_if_the_first_is_wrong(monkeypatch):
    compared = []

    def spy(given, expected):
        compared.append((given, expected))
        return False

    monkeypatch.setattr("hawkapi.security.http_basic.constant_time_equal", spy)
    assert HTTPBasicCredentials("a", "b").matches("c", "d") is False
    assert compared == [("a", "c"), ("b", "d")]


def test_an_expected_password_that_is_empty_matches_nobody():
    assert HTTPBasicCredentials("ada", "").matches("ada", "") is False
    assert HTTPBasicCredentials("", "secret").matches("", "secret") is True

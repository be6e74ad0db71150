"""What all schemes of the `Authorization` header make of it."""

import pytest

from hawkapi.security.base import MissingCredentialError
from hawkapi.security.http_basic import HTTPBasic, HTTPBasicCredentials
from hawkapi.security.http_bearer import HTTPBearer, HTTPBearerCredentials
from hawkapi.security.oauth2 import OAuth2PasswordBearer
from tests.security_schemes.connections import KINDS, authorization

pytestmark = pytest.mark.parametrize("connect", KINDS)

BEARER, BASIC, OAUTH2 = HTTPBearer(), HTTPBasic(), OAuth2PasswordBearer("/token")
MISSING, MALFORMED = "Missing Authorization header", "Invalid Authorization header format"
TEXTS = [
    (BEARER, MISSING, MALFORMED, "Bearer"),
    (BASIC, MISSING, MALFORMED, "Basic"),
    (OAUTH2, "Not authenticated", "Invalid authentication credentials", "Bearer"),
]


async def refused(scheme, connection):
    with pytest.raises(MissingCredentialError) as caught:
        await scheme(connection)
    return caught.value


@pytest.mark.parametrize(("scheme", "missing", "_malformed", "challenge"), TEXTS)
@pytest.mark.parametrize("values", [(), ("",), (" \t",), ("", "")])
async def test_no_header_or_a_blank_one_is_missing(connect, scheme, missing, _malformed, challenge, values):
    error = await refused(scheme, connect(*authorization(*values)))
    assert (error.status_code, error.detail, error.headers) == (401, missing, {"WWW-Authenticate": challenge})


@pytest.mark.parametrize(("scheme", "_missing", "malformed", "challenge"), TEXTS)
@pytest.mark.parametrize(
    "value",
    [
        "{}",
        "{} ",
        "{} \t ",
        "{}abc",
        "{}\tYTpi",
        "{},YTpi",
        "Digest YTpi",
        "YTpi",
        "YTpi {}",
        "{} YTpi YTpi",
        "{} YTpi,\tYTpi",
        "{} YTpi, {} YTpi",
        "{} YT\x00pi",
        "{} YT\x1bpi",
        "{} YTpi\r\nX-Admin: 1",
        "{} YTpi\x7f",
        "{} YTpi\xa0",
        "{} \x85YTpi",
        "{} YTp\xe9",
        "{}\xe9 YTpi",
        "\x1c{} YTpi",
    ],
)
async def test_whatever_is_no_token_after_the_scheme_is_refused(connect, scheme, _missing, malformed, challenge, value):
    connection = connect(*authorization(value.replace("{}", challenge)))
    error = await refused(scheme, connection)
    assert (error.detail, error.headers) == (malformed, {"WWW-Authenticate": challenge})


@pytest.mark.parametrize("name", ["Bearer", "bearer", "BEARER", "bEARER"])
async def test_the_name_of_the_scheme_may_be_in_any_case(connect, name):
    connection = connect(*authorization(f"{name} abc"))
    assert await BEARER(connection) == HTTPBearerCredentials(name, "abc")
    assert await OAUTH2(connection) == "abc"


@pytest.mark.parametrize("value", ["Bearer abc", "  Bearer abc\t", "Bearer   abc  ", "Bearer \t abc"])
async def test_white_space_round_the_token_is_taken_off(connect, value):
    assert await BEARER(connect(*authorization(value))) == HTTPBearerCredentials("Bearer", "abc")


async def test_a_token_may_have_any_visible_character(connect):
    token = "".join(map(chr, range(0x21, 0x7F)))
    assert await OAUTH2(connect(*authorization(f"Bearer {token}"))) == token


@pytest.mark.parametrize(("scheme", "_missing", "malformed", "challenge"), TEXTS)
@pytest.mark.parametrize("other", ["{} YTpj", "{}", "", "Digest x"])
async def test_headers_that_contradict_each_other_are_refused(connect, scheme, _missing, malformed, challenge, other):
    values = [f"{challenge} YTpi", other.replace("{}", challenge)]
    assert (await refused(scheme, connect(*authorization(*values)))).detail == malformed
    assert (await refused(scheme, connect(*authorization(*reversed(values))))).detail == malformed


async def test_headers_that_say_the_same_are_one(connect):
    assert await OAUTH2(connect(*authorization("Bearer abc", "Bearer abc "))) == "abc"


@pytest.mark.parametrize("value", [None, "", "Digest x", "Bearer", "Bearer a b", "Basic", "Basic !", "Basic YQ=="])
@pytest.mark.parametrize("make", [HTTPBearer, HTTPBasic, lambda **options: OAuth2PasswordBearer("/token", **options)])
async def test_without_auto_error_every_failure_is_none(connect, make, value):
    scheme = make(auto_error=False)
    assert scheme.auto_error is False
    assert await scheme(connect(*authorization(*([] if value is None else [value])))) is None


async def test_without_auto_error_good_credentials_are_given_all_the_same(connect):
    basic, bearer = authorization("Basic YTpi"), authorization("Bearer abc")
    assert await HTTPBasic(auto_error=False)(connect(*basic)) == HTTPBasicCredentials("a", "b")
    assert await HTTPBearer(auto_error=False)(connect(*bearer)) == HTTPBearerCredentials("Bearer", "abc")
    assert await OAuth2PasswordBearer("/token", auto_error=False)(connect(*bearer)) == "abc"


async def test_a_refusal_says_nothing_of_what_was_sent(connect):
    for value in ["Digest tell-nobody", "Bearer tell-nobody,\ttell-nobody", "Basic tell-nobody"]:
        for scheme in [BEARER, BASIC, OAUTH2]:
            error = await refused(scheme, connect(*authorization(value)))
            assert "tell-nobody" not in f"{error!r} {error} {error.headers}"

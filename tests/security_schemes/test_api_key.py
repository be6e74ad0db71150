import pytest

from hawkapi.requests.errors import HeaderFieldsTooLarge, URITooLong
from hawkapi.security.api_key import APIKeyCookie, APIKeyHeader, APIKeyQuery, MissingCredentialError
from tests.security_schemes.connections import KINDS

pytestmark = pytest.mark.parametrize("connect", KINDS)

HEADER, QUERY, COOKIE = APIKeyHeader("X-Key"), APIKeyQuery("key"), APIKeyCookie("session")


async def detail_of(scheme, connection):
    with pytest.raises(MissingCredentialError) as caught:
        await scheme(connection)
    assert (caught.value.status_code, caught.value.headers) == (401, None)
    return caught.value.detail


async def test_a_key_is_found_where_the_scheme_looks(connect):
    assert await HEADER(connect((b"x-key", b"abc"))) == "abc"
    assert await APIKeyHeader("x-KEY")(connect((b"X-Key", b"abc"))) == "abc"
    assert await QUERY(connect(query=b"a=b&key=abc")) == "abc"
    assert await COOKIE(connect((b"cookie", b"a=b; session=abc"))) == "abc"


async def test_it_is_not_looked_for_elsewhere(connect):
    connection = connect((b"cookie", b"X-Key=1; key=1"), (b"key", b"1"), (b"session", b"1"), query=b"X-Key=1&session=1")
    assert await detail_of(HEADER, connection) == "Missing header: X-Key"
    assert await detail_of(QUERY, connection) == "Missing query parameter: key"
    assert await detail_of(COOKIE, connection) == "Missing cookie: session"


@pytest.mark.parametrize(
    "key", ["", " ", "\t ", "a\x00b", "a\x1bb", "a\r\nb", "a\x7f", "\xe9", "\xa0", "\u20ac", "\ufffd"]
)
async def test_a_key_that_is_blank_or_no_printable_ascii_is_missing(connect, key):
    raw = key.encode()
    query = b"key=" + b"".join(b"%%%02X" % byte for byte in raw)
    assert await detail_of(HEADER, connect((b"x-key", raw))) == "Missing header: X-Key"
    assert await detail_of(QUERY, connect(query=query)) == "Missing query parameter: key"
    assert await detail_of(COOKIE, connect((b"cookie", b"session=" + raw))) == "Missing cookie: session"


@pytest.mark.parametrize("query", [b"key", b"key=", b"key=+", b"key=%FF", b"key=\xff", b"Key=abc"])
async def test_a_query_without_a_key_is_refused(connect, query):
    assert await detail_of(QUERY, connect(query=query)) == "Missing query parameter: key"


async def test_the_first_key_counts(connect):
    assert await HEADER(connect((b"x-key", b"a"), (b"x-key", b"b"))) == "a"
    assert await QUERY(connect(query=b"key=a&key=b")) == "a"
    assert await COOKIE(connect((b"cookie", b"session=a; session=b"))) == "a"
    assert await detail_of(HEADER, connect((b"x-key", b""), (b"x-key", b"b"))) == "Missing header: X-Key"


async def test_white_space_round_a_header_is_no_part_of_it(connect):
    assert await HEADER(connect((b"x-key", b" \t a b "))) == "a b"
    assert await QUERY(connect(query=b"key=+a+")) == " a "


async def test_without_auto_error_a_missing_key_is_none(connect):
    for make in (APIKeyHeader, APIKeyQuery, APIKeyCookie):
        scheme = make("key", auto_error=False)
        assert scheme.name == "key"
        assert await scheme(connect()) is None
        assert await scheme(connect((b"key", b""), (b"cookie", b"key="), query=b"key=")) is None
        assert await scheme(connect((b"key", b"a"), (b"cookie", b"key=a"), query=b"key=a")) == "a"


@pytest.mark.parametrize("auto_error", [True, False])
async def test_a_request_over_a_limit_is_refused_as_such(connect, auto_error):
    with pytest.raises(URITooLong):
        await APIKeyQuery("key", auto_error=auto_error)(connect(query=b"&" * 1000 + b"key=a"))
    with pytest.raises(HeaderFieldsTooLarge):
        await APIKeyCookie("key", auto_error=auto_error)(connect((b"cookie", b"key=" + b"a" * 8189)))

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.https_redirect import HTTPSRedirectMiddleware
from hawkapi.responses.response import Response
from tests.app.wire import exchange
from tests.middleware.edges import BARE, alone, everywhere, get, pass_on

HOST = ("host", "example.com")


async def location(*headers, app=None, **scope):
    wire = await get(app or alone(HTTPSRedirectMiddleware), *(headers or [HOST]), **scope)
    assert wire.status == 307
    assert wire.body == b""
    return wire.headers["location"]


def test_the_argument_is_kept():
    assert HTTPSRedirectMiddleware(alone).redirect_status_code == 307
    assert HTTPSRedirectMiddleware(alone, redirect_status_code=308).redirect_status_code == 308


@pytest.mark.parametrize("status", [200, 300, 304, 306, 399, "307", None])
def test_a_status_that_redirects_nowhere_is_a_mistake(status):
    with pytest.raises(ValueError, match="redirect_status_code"):
        HTTPSRedirectMiddleware(alone, redirect_status_code=status)


@everywhere
async def test_http_is_sent_to_https(wrap):
    url = await location(app=wrap(HTTPSRedirectMiddleware), path="/a", query_string=b"b=1&c", scheme="http")
    assert url == "https://example.com/a?b=1&c"


async def test_the_status_may_be_another_one():
    assert (await get(alone(HTTPSRedirectMiddleware, redirect_status_code=301), HOST)).status == 301


@everywhere
async def test_https_passes(wrap):
    assert (await get(wrap(HTTPSRedirectMiddleware), HOST, scheme="https")).status == 200


async def test_path_and_query_are_percent_encoded():
    url = await location(path="/a b/ö?#%\r\n", query_string=b'x="a b"\r\n&y=\xe4&z=%20')
    assert url == "https://example.com/a%20b/%C3%B6%3F%23%25%0D%0A?x=%22a%20b%22%0D%0A&y=%E4&z=%20"


@pytest.mark.parametrize(
    ("host", "redirected"),
    [
        ("example.com:80", "example.com"),
        ("example.com:443", "example.com"),
        ("example.com:", "example.com"),
        ("example.com:8000", "example.com:8000"),
        ("[::1]", "[::1]"),
        ("[::1]:80", "[::1]"),
        ("[::1]:8000", "[::1]:8000"),
        ("[::80]", "[::80]"),
    ],
)
async def test_the_port_of_http_is_dropped_and_any_other_kept(host, redirected):
    assert await location(("host", host)) == f"https://{redirected}/"


@everywhere
@pytest.mark.parametrize("host", ["a@b", "evil/", "evil?", "evil#", "a b", "evil\\", "", "evil\r\nx: 1"])
async def test_a_malformed_host_is_not_reflected(wrap, host):
    app = wrap(HTTPSRedirectMiddleware)
    assert await location(("host", host), app=app, server=("inner", 80)) == "https://inner/"
    assert await location(("host", host), app=app) == "https://localhost/"


async def test_of_two_hosts_none_is_reflected():
    assert await location(("host", "a"), ("host", "b")) == "https://localhost/"


@pytest.mark.parametrize("path", ["/api", "/api/x", "/x", "/apix", "/api/api/x"])
@pytest.mark.parametrize("root_path", ["/api", "/api/"])
async def test_the_url_is_the_one_that_was_asked_for_alone_and_in_an_app(path, root_path):
    for wrap in (alone, in_plain_app):
        url = await location(app=wrap(HTTPSRedirectMiddleware), path=path, root_path=root_path)
        below = path.startswith("/api/") or path == "/api"
        asked = path if below else "/api" + path
        assert url.removesuffix("/") == "https://example.com" + asked


def in_plain_app(cls):
    app = HawkAPI()
    app.add_middleware(cls)
    return app


async def test_below_a_mount_the_url_is_whole():
    app = HawkAPI()
    app.mount("/api", HTTPSRedirectMiddleware(Response("x")))
    wire = await exchange(app, "GET", "/api/api/x", headers=[HOST])
    assert wire.headers["location"] == "https://example.com/api/api/x"


@pytest.mark.parametrize("scope", BARE)
async def test_other_scopes_pass_untouched(scope):
    assert await pass_on(HTTPSRedirectMiddleware, scope) is scope


async def test_a_bare_request_is_redirected():
    sent = []

    async def send(message):
        sent.append(message)

    await alone(HTTPSRedirectMiddleware)({"type": "http"}, None, send)
    assert (b"location", b"https://localhost/") in sent[0]["headers"]

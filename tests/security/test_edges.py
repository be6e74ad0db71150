"""Rows of security.md about hosts, proxies, CORS, redirects and limits of the head: each test bears the row's name."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.cors import CORSMiddleware
from hawkapi.middleware.https_redirect import HTTPSRedirectMiddleware
from hawkapi.middleware.request_limits import RequestLimitsMiddleware
from hawkapi.middleware.trusted_host import TrustedHostMiddleware
from hawkapi.responses.response import Response
from tests.middleware.edges import alone, everywhere, get

SITE = "https://app.example.com"


async def status(app, *hosts, headers=()):
    return (await get(app, *(("host", host) for host in hosts), *headers)).status


async def allows(app, origin):
    return "access-control-allow-origin" in (await get(app, ("origin", origin))).headers


# hosts


@everywhere
@pytest.mark.parametrize(
    "host",
    [
        *("exampleXcom", "wwwXexample.com", "wwwxexample.com", "exampl.com", "xample.com", "aXexample.org"),
        *("example.com.evil", "example.comx", "example.com.", "example.co", "example", "com"),
        *("xexample.com", "a.example.com", "aexample.org", "example.org", "a.example.org.evil", "a.example.orgx"),
    ],
)
async def test_cve_2026_25479_allowed_hosts_are_no_patterns_no_beginnings_and_no_ends(wrap, host):
    app = wrap(TrustedHostMiddleware, allowed_hosts=["example.com", "www.example.com", "*.example.org"])
    assert await status(app, host) == 400


@everywhere
async def test_ghsa_allowed_hosts_a_missing_host_is_refused_whatever_x_forwarded_host_says(wrap):
    app = wrap(TrustedHostMiddleware, allowed_hosts=["example.com"])
    assert await status(app, headers=[("x-forwarded-host", "example.com")]) == 400
    assert await status(app, "evil.example", headers=[("x-forwarded-host", "example.com")]) == 400


@everywhere
@pytest.mark.parametrize(
    "hosts", [("example.com", "evil.example"), ("evil.example", "example.com"), ("example.com",) * 2]
)
async def test_cve_2026_34525_two_hosts_are_refused(wrap, hosts):
    assert await status(wrap(TrustedHostMiddleware, allowed_hosts=["example.com", "evil.example"]), *hosts) == 400
    assert await status(wrap(TrustedHostMiddleware), *hosts) == 400


@everywhere
@pytest.mark.parametrize(
    "host",
    [
        "example.com@evil.example",
        "evil.example/.example.com",
        "example.com#",
        "example.com:80@evil.example",
        "example.com:x",
    ],
)
async def test_cve_2011_4139_and_cve_2012_4520_a_poisoned_host_is_refused(wrap, host):
    assert await status(wrap(TrustedHostMiddleware, allowed_hosts=["example.com", "*.example.com"]), host) == 400


@given(st.binary(max_size=40), st.lists(st.sampled_from(["a.example", "*.b.example", "::1", "*"])))
def test_any_bytes_as_host_pass_or_get_a_400(host, allowed):
    answers = []

    async def send(message):
        answers.append(message.get("status"))

    scope = {"type": "http", "headers": [(b"host", host)]}
    _run(alone(TrustedHostMiddleware, allowed_hosts=allowed)(scope, None, send))
    assert answers[0] in (200, 400)


# redirects


@everywhere
@pytest.mark.parametrize(
    "path", ["//evil.example", "///evil.example/", "/\\evil.example", "\\\\evil.example", "/%2Fevil"]
)
async def test_cve_2021_21330_and_2018_14574_and_2020_28724_a_path_never_becomes_a_host(wrap, path):
    wire = await get(wrap(HTTPSRedirectMiddleware), ("host", "a.example"), path=path)
    assert wire.headers["location"].startswith("https://a.example/")
    assert not set(wire.headers["location"]) & set("\\\r\n")


@everywhere
@pytest.mark.parametrize("path", ["@evil.example", ".evil.example", ":80@evil.example", ""])
async def test_cve_2026_54282_a_path_without_a_slash_stays_a_path(wrap, path):
    wire = await get(wrap(HTTPSRedirectMiddleware), ("host", "a.example"), path=path)
    assert wire.headers["location"].startswith("https://a.example/")


@given(st.text(), st.binary(), st.binary())
def test_any_request_is_redirected_to_the_host_that_serves_it(path, query, host):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": path, "query_string": query, "headers": [(b"host", host)], "server": ("inner", 80)}
    _run(alone(HTTPSRedirectMiddleware)(scope, None, send))
    location = dict(sent[0]["headers"])[b"location"]
    name = host.partition(b":")[0]
    assert location.startswith((b"https://inner/", b"https://" + host + b"/", b"https://" + name + b"/"))
    assert location.isascii()
    assert not set(location) & set(b"\r\n\0 ")


# CORS


@everywhere
@pytest.mark.parametrize(
    "origin",
    ["https://appXexample.com", "https://app.example.com.evil", "https://app.example.co", "https://evil.app.example.com",
     "http://app.example.com", "https://app.example.com:443", "https://APP.example.com", "null", "", "*", " " + SITE],
)  # fmt: skip
async def test_cve_2026_25478_and_2024_6844_an_origin_is_compared_literally(wrap, origin):
    app = wrap(CORSMiddleware, allow_origins=[SITE, "https://*.example.org"])
    assert await allows(app, SITE)
    assert not await allows(app, origin)
    assert not await allows(app, "https://a.example.org")


@everywhere
async def test_cve_2024_6221_private_network_access_is_never_granted(wrap):
    app = wrap(CORSMiddleware, allow_origins=[SITE], allow_credentials=True)
    asked = [("access-control-request-method", "GET"), ("access-control-request-private-network", "true")]
    wire = await get(app, ("origin", SITE), *asked, method="OPTIONS")
    assert wire.status == 200
    assert "access-control-allow-private-network" not in wire.headers


async def test_cve_2020_25032_and_2024_6839_cors_looks_at_no_path():
    app = HawkAPI()
    app.add_middleware(CORSMiddleware, allow_origins=[SITE])
    for path in ("/", "/missing", "/..%2Fx", "//x", "/a+b", "/a b"):
        wire = await get(app, ("origin", SITE), path=path)
        assert wire.headers["access-control-allow-origin"] == SITE


async def test_cve_2026_48587_and_2026_6907_cors_appends_to_vary():
    app = HawkAPI()

    @app.get("/")
    async def varied():
        return Response("x", headers={"vary": "Cookie, Accept-Encoding"})

    app.add_middleware(CORSMiddleware, allow_origins=[SITE])
    app.add_middleware(CORSMiddleware, allow_origins=[SITE])
    assert (await get(app)).headers["vary"] == "Cookie, Accept-Encoding, Origin"


async def test_a_preflight_sends_back_nothing_that_is_no_header_name():
    evil = "x-a\r\nset-cookie: a=1, <script>, \0, x-b"
    asked = [("access-control-request-method", "GET\r\nx: 1"), ("access-control-request-headers", evil)]
    wire = await get(alone(CORSMiddleware), ("origin", SITE + "\r\nx: 1"), *asked, method="OPTIONS")
    assert wire.headers["access-control-allow-headers"] == "x-b"
    assert not set(b"".join(value for _, value in wire.sent[0]["headers"])) & set(b"\r\n\0<")


# limits


@everywhere
async def test_cve_2025_14550_many_equal_headers_are_refused(wrap):
    app = wrap(RequestLimitsMiddleware)
    wire = await get(app, *[("x-a", "b")] * 50_000)
    assert wire.status == 431
    assert msgspec.json.decode(wire.body)["title"] == "Request Header Fields Too Large"


def _run(coroutine):
    """Run what awaits nothing that waits."""
    with pytest.raises(StopIteration):
        coroutine.send(None)

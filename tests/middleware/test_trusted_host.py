import pytest

from hawkapi.middleware.trusted_host import TrustedHostMiddleware
from tests.middleware.edges import BARE, alone, bare, connect, everywhere, get, pass_on, seen_by_socket


async def status(host, *allowed, wrap=alone):
    wire = await get(wrap(TrustedHostMiddleware, allowed_hosts=allowed), ("host", host))
    return wire.status


def test_the_argument_is_kept():
    assert TrustedHostMiddleware(alone, allowed_hosts=["a.example"]).allowed_hosts == ["a.example"]
    assert TrustedHostMiddleware(alone).allowed_hosts == ["*"]


@pytest.mark.parametrize("value", ["example.com", [b"example.com"], [None]])
def test_what_is_no_list_of_texts_is_a_mistake(value):
    with pytest.raises(TypeError, match="allowed_hosts"):
        TrustedHostMiddleware(alone, allowed_hosts=value)


@pytest.mark.parametrize(
    "host",
    [
        *("", "a b", "a/b", "https://a", "a@b", "*.", "a.*", "**", "*.*.a", "a*", "[::1", "::g", "a:b", "bücher"),
        *(".", ".a", "a..b", "a..", "*..a", "*.a..b", ".a:80"),
    ],
)
def test_what_is_no_host_is_a_mistake(host):
    with pytest.raises(ValueError, match="allowed_hosts"):
        TrustedHostMiddleware(alone, allowed_hosts=["example.com", host])


@everywhere
@pytest.mark.parametrize("host", ["example.com", "EXAMPLE.com", "example.com:8000", "example.com:"])
async def test_an_allowed_host_passes_in_any_case_with_any_port(wrap, host):
    assert await status(host, "localhost", "Example.com", wrap=wrap) == 200


@everywhere
@pytest.mark.parametrize("host", ["evil.example", "www.example.com", "example.com.evil.example", "example.com."])
async def test_another_host_gets_400(wrap, host):
    wire = await get(wrap(TrustedHostMiddleware, allowed_hosts=["example.com"]), ("host", host))
    assert wire.status == 400
    assert wire.body == b"Invalid host header"
    assert wire.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("host", "result"),
    [
        ("a.example.com", 200),
        ("a.b.EXAMPLE.com:1", 200),
        ("example.com", 400),
        (".example.com", 400),
        ("..example.com", 400),
        ("a..example.com", 400),
        (".a.example.com", 400),
        ("a..b.example.com:1", 400),
        ("a.example.com.", 400),
        ("a.example.com..", 400),
        ("aexample.com", 400),
        ("*.example.com", 200),
        ("a/.example.com", 400),
        ("a.example.com.evil", 400),
    ],
)
async def test_a_wildcard_stands_for_what_is_below(host, result):
    assert await status(host, "*.example.com") == result


@pytest.mark.parametrize(
    ("allowed", "host", "result"),
    [
        ("example.com.", "example.com.", 200),
        ("example.com.", "example.com.:80", 200),
        ("example.com.", "example.com", 400),
        ("example.com.", "example.com..", 400),
        ("*.example.com.", "a.example.com.", 200),
        ("*.example.com.", "a.example.com", 400),
        ("*.example.com.", "a..example.com.", 400),
    ],
)
async def test_the_dot_at_the_end_of_a_full_name_counts(allowed, host, result):
    assert await status(host, allowed) == result


@pytest.mark.parametrize("allowed", ["::1", "[::1]", "[::1]:80"])
@pytest.mark.parametrize(("host", "result"), [("[::1]", 200), ("[::1]:8000", 200), ("[::2]", 400), ("::1", 400)])
async def test_ipv6_addresses_are_compared_without_brackets(allowed, host, result):
    assert await status(host, allowed) == result


async def test_an_allowed_port_is_ignored_too():
    assert await status("example.com:1", "example.com:2") == 200


async def test_nothing_passes_an_empty_list():
    assert await status("example.com") == 400


@everywhere
async def test_every_host_passes_the_asterisk_and_none_too(wrap):
    app = wrap(TrustedHostMiddleware)
    assert (await get(app, ("host", "any.example"))).status == 200
    assert (await get(app, ("host", "a" * 253 + ":65535"))).status == 200
    assert (await get(app)).status == 200


@everywhere
@pytest.mark.parametrize("headers", [[("host", "a@b")], [("host", "a/?")], [("host", "a" * 260)], [("host", "a")] * 2])
async def test_what_is_no_host_passes_no_asterisk(wrap, headers):
    assert (await get(wrap(TrustedHostMiddleware), *headers)).status == 400


@everywhere
async def test_a_handshake_for_an_allowed_host_passes(wrap):
    peer = await connect(wrap(TrustedHostMiddleware, allowed_hosts=["a.example"]), ("host", "a.example"))
    assert seen_by_socket(peer)["hosts"] == ["a.example"]


@everywhere
async def test_a_handshake_for_another_host_is_closed_before_the_accept(wrap):
    peer = await connect(wrap(TrustedHostMiddleware, allowed_hosts=["a.example"]), ("host", "b.example"))
    assert peer.log == ["close 1008"]
    assert peer.receives == 1


@everywhere
async def test_a_handshake_for_another_host_gets_the_denial_response(wrap):
    peer = await connect(wrap(TrustedHostMiddleware, allowed_hosts=["a.example"]), ("host", "b.example"), denial=True)
    assert peer.log == ["answer 400"]
    assert peer.sent[1]["body"] == b"Invalid host header"


@pytest.mark.parametrize("scope", [*BARE, {"type": "http"}])
async def test_what_has_no_headers_passes_untouched(scope):
    assert await pass_on(TrustedHostMiddleware, scope, allowed_hosts=["a.example"]) is scope


async def test_what_is_kept_in_mind_of_hosts_is_bounded():
    middleware = TrustedHostMiddleware(bare)
    for number in range(3000):
        await get(middleware, ("host", f"h{number}"))
    assert middleware._decided.cache_info().currsize <= 1024

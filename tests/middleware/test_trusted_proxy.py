import msgspec
import pytest

from hawkapi.middleware.trusted_proxy import TrustedProxyMiddleware
from hawkapi.responses.response import Response
from tests.app.wire import Wire
from tests.asgi import http_scope
from tests.middleware.edges import (
    BARE,
    alone,
    connect,
    everywhere,
    in_app,
    in_stack,
    pass_on,
    seen,
    seen_by_socket,
    sight,
)

PEER = ("10.0.0.1", 4711)
TRUSTED = ["10.0.0.0/8", "fd00::/8"]


async def client(*headers, peer=PEER, wrap=alone, trusted=TRUSTED):
    return (await seen(wrap(TrustedProxyMiddleware, trusted_proxies=trusted), *headers, client=peer))["client"]


async def behind(*lines, **options):
    """Give the client by lines of `X-Forwarded-For`."""
    return await client(*(("x-forwarded-for", line) for line in lines), **options)


async def told(*headers):
    """Give scheme and hosts."""
    found = await seen(
        alone(TrustedProxyMiddleware, trusted_proxies=TRUSTED), ("host", "in.example"), *headers, client=PEER
    )
    return found["scheme"], found["hosts"]


def test_the_argument_is_kept():
    assert TrustedProxyMiddleware(alone, trusted_proxies=["10.0.0.1"]).trusted_proxies == ["10.0.0.1"]
    assert TrustedProxyMiddleware(alone).trusted_proxies == []


@pytest.mark.parametrize(
    "entry", ["", "proxy", "*", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/8/8", "1.2.3.4:80", "[::1]", "010.0.0.1"]
)
def test_an_entry_that_is_no_address_and_no_network_is_a_mistake(entry):
    with pytest.raises(ValueError, match="trusted_proxies"):
        TrustedProxyMiddleware(alone, trusted_proxies=["10.0.0.1", entry])


@pytest.mark.parametrize("value", ["10.0.0.1", [10], [None]])
def test_what_is_no_list_of_texts_is_a_mistake(value):
    with pytest.raises(TypeError, match="trusted_proxies"):
        TrustedProxyMiddleware(alone, trusted_proxies=value)


@everywhere
async def test_a_trusted_peer_tells_the_client(wrap):
    assert await behind("203.0.113.7", wrap=wrap) == ["203.0.113.7", 0]


@everywhere
@pytest.mark.parametrize("trusted", [TRUSTED, [], None])
async def test_any_other_peer_tells_nothing(wrap, trusted):
    app = wrap(TrustedProxyMiddleware, trusted_proxies=trusted)
    found = await seen(
        app,
        ("host", "in.example"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "a.example"),
        ("forwarded", "for=203.0.113.7;proto=https;host=a.example"),
        client=("192.0.2.1", 1),
        scheme="http",
    )
    assert found == {"client": ["192.0.2.1", 1], "scheme": "http", "hosts": ["in.example"]}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        (["6.6.6.6, 203.0.113.7, 10.0.0.2,10.0.0.3"], "203.0.113.7"),
        (["6.6.6.6", "203.0.113.7", "10.0.0.2"], "203.0.113.7"),
        (["6.6.6.6 ,203.0.113.7:4711 ,\t[fd00::1]:80"], "203.0.113.7"),
        (["2001:db8::1, fd00::1"], "2001:db8::1"),
        (["[2001:DB8::1]:443"], "2001:db8::1"),
        (["::ffff:203.0.113.7, ::ffff:10.0.0.2"], "203.0.113.7"),
    ],
)
async def test_the_client_is_the_rightmost_that_is_not_trusted(lines, expected):
    assert await behind(*lines) == [expected, 0]


async def test_a_trusted_peer_that_tells_nothing_is_the_client():
    assert await client(("x-real-ip", "203.0.113.7")) == list(PEER)


async def test_the_client_is_the_leftmost_if_all_are_trusted():
    assert await behind("10.0.0.9, 10.0.0.2", "10.0.0.3") == ["10.0.0.9", 0]


@pytest.mark.parametrize("hop", ["unknown", "", "x", "10.0.0", "10.0.0.2:x", "fe80::1%eth0", "1" * 70, "\xe4", '"'])
async def test_a_hop_that_is_no_address_ends_the_search(hop):
    assert await behind(f"6.6.6.6, 10.0.0.4, {hop}, 10.0.0.3, 10.0.0.2") == ["10.0.0.3", 0]
    assert await behind(f"6.6.6.6, {hop}") == list(PEER)
    assert await behind(hop) == list(PEER)


@pytest.mark.parametrize("peer", ["10.0.0.1", "::ffff:10.0.0.1", "fd00::1", "fd00::1%eth0"])
async def test_peers_are_trusted_however_the_server_writes_them(peer):
    assert await behind("203.0.113.7", peer=(peer, 1)) == ["203.0.113.7", 0]


@pytest.mark.parametrize("trusted", ["::ffff:10.0.0.0/104", "::ffff:10.0.0.1", "10.0.0.1", "0.0.0.0/0"])
async def test_networks_are_understood_however_they_are_written(trusted):
    assert await behind("203.0.113.7", trusted=[trusted]) == ["203.0.113.7", 0]


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [("11.0.0.1", "10.0.0.0/8"), ("10.0.0.1", "::/0"), ("fd00::1", "0.0.0.0/0"), ("10.0.0.1", "::/95")],
)
async def test_a_network_of_the_other_kind_or_elsewhere_trusts_nobody(peer, trusted):
    assert await behind("203.0.113.7", peer=(peer, 1), trusted=[trusted]) == [peer, 1]


@pytest.mark.parametrize("peer", [None, ("", 0), ("testclient", 1), ("unix:/run/app.sock", 0)])
async def test_a_peer_without_an_address_is_never_trusted(peer):
    assert await behind("203.0.113.7", peer=peer, trusted=["0.0.0.0/0", "::/0"]) == (peer and list(peer))


@pytest.mark.parametrize(
    ("proto", "scheme"),
    [
        ("https", "https"),
        ("HTTPS", "https"),
        (" http ", "http"),
        ("ftp", None),
        ("wss", None),
        ("", None),
        ("https x", None),
    ],
)
async def test_the_scheme_is_http_or_https_only(proto, scheme):
    assert (await told(("x-forwarded-proto", proto)))[0] == scheme


@everywhere
@pytest.mark.parametrize(("proto", "scheme"), [("http", "ws"), ("https", "wss"), ("wss", "ws")])
async def test_a_websocket_gets_client_host_and_the_scheme_that_goes_with_it(wrap, proto, scheme):
    app = wrap(TrustedProxyMiddleware, trusted_proxies=TRUSTED)
    headers = [("x-forwarded-for", "203.0.113.7"), ("x-forwarded-proto", proto), ("x-forwarded-host", "a.example")]
    peer = await connect(app, *headers, client=PEER, scheme="ws")
    assert seen_by_socket(peer) == {"client": ["203.0.113.7", 0], "scheme": scheme, "hosts": ["a.example"]}


@pytest.mark.parametrize("host", ["a.example", "a.example:8443", "[::1]:80", "a" * 255])
async def test_a_forwarded_host_takes_the_place_of_the_host(host):
    assert (await told(("x-forwarded-host", host)))[1] == [host]


@pytest.mark.parametrize("host", ["", "a@b", "a/b", "a?b", "a b", "ä", "a\r\nb", "[::1", "a" * 256])
async def test_a_forwarded_host_that_is_malformed_or_too_long_is_ignored(host):
    assert (await told(("x-forwarded-host", host)))[1] == ["in.example"]


async def test_a_forwarded_host_takes_the_place_of_all_hosts_and_of_none():
    app = alone(TrustedProxyMiddleware, trusted_proxies=TRUSTED)
    forwarded = ("x-forwarded-host", "a.example")
    for hosts in ([], [("host", "b"), ("host", "c")]):
        assert (await seen(app, *hosts, forwarded, client=PEER))["hosts"] == ["a.example"]


@pytest.mark.parametrize(
    ("clients", "words", "expected"),
    [
        (None, ["https, http"], "http"),
        ("203.0.113.7", ["https, http"], "http"),
        ("203.0.113.7", ["https", "http"], "http"),
        ("203.0.113.7, 10.0.0.2", ["https, http"], "https"),
        ("203.0.113.7, 10.0.0.2", ["http, https, http"], "https"),
        ("6.6.6.6, 203.0.113.7", ["https"], "https"),
        ("203.0.113.7, 10.0.0.2", ["https"], "https"),
        ("203.0.113.7, 10.0.0.2", [", https"], "https"),
        ("unknown, 10.0.0.2", ["https, http"], "https"),
        ("10.0.0.3, 10.0.0.2", ["http, https, http"], "https"),
    ],
)
async def test_of_a_list_the_word_on_the_clients_hop_counts(clients, words, expected):
    headers = [] if clients is None else [("x-forwarded-for", clients)]
    scheme, _ = await told(*headers, *(("x-forwarded-proto", word) for word in words))
    assert scheme == expected


async def test_a_host_that_a_client_has_put_in_front_does_not_count():
    headers = [("x-forwarded-for", "203.0.113.7"), ("x-forwarded-host", "evil.example, a.example")]
    assert (await told(*headers))[1] == ["a.example"]


@pytest.mark.parametrize(
    ("clients", "expected"), [(None, "b.example"), ("203.0.113.7", "b.example"), ("203.0.113.7, 10.0.0.2", "a.example")]
)
async def test_repeated_headers_of_the_host_are_one_list(clients, expected):
    headers = [] if clients is None else [("x-forwarded-for", clients)]
    hosts = [("x-forwarded-host", host) for host in ("evil.example", "a.example", "b.example")]
    assert (await told(*headers, *hosts))[1] == [expected]


@everywhere
async def test_forwarded_is_read_where_there_is_no_x_forwarded(wrap):
    app = wrap(TrustedProxyMiddleware, trusted_proxies=TRUSTED)
    lines = ['for=6.6.6.6, for="[2001:db8::1]:4711";proto=https;host="a.example:8443"', "for=10.0.0.2;proto=http"]
    found = await seen(app, ("host", "b"), *(("forwarded", line) for line in lines), client=PEER)
    assert found == {"client": ["2001:db8::1", 0], "scheme": "https", "hosts": ["a.example:8443"]}


@pytest.mark.parametrize("hop", ["for=unknown", "for=_hidden", "by=10.0.0.1", 'for="'])
async def test_a_hop_of_forwarded_that_is_no_address_ends_the_search(hop):
    assert await client(("forwarded", "for=6.6.6.6"), ("forwarded", hop)) == list(PEER)
    assert await client(("forwarded", hop), ("forwarded", "for=10.0.0.2")) == ["10.0.0.2", 0]


async def test_the_nearest_proxy_is_heard_on_the_scheme_of_a_client_that_it_hides():
    assert await told(("forwarded", "for=unknown;proto=https;host=a.example")) == ("https", ["a.example"])


async def test_the_scope_that_was_given_shows_it_and_its_headers_stay_as_they_were():
    headers = [(b"host", b"b"), (b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-host", b"a"), (b"x", b"1")]
    scope = {"type": "http", "client": PEER, "headers": headers, "scheme": "http"}
    passed = await pass_on(TrustedProxyMiddleware, scope, trusted_proxies=TRUSTED)
    assert passed["client"] == scope["client"] == ("203.0.113.7", 0)
    assert passed["headers"] == scope["headers"] == [(b"host", b"a"), *headers[1:]]
    assert headers[0] == (b"host", b"b")
    assert scope["scheme"] == "http"


@pytest.mark.parametrize("wrap", [in_app, in_stack])
async def test_the_scope_that_an_app_was_given_shows_it_as_what_was_passed_on_does(wrap):
    headers = [(b"host", b"b"), (b"x-forwarded-for", b"203.0.113.7")]
    headers += [(b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"a.example")]
    scope = {**http_scope("GET", "/"), "client": PEER, "scheme": "http", "headers": headers}
    wire = Wire({"type": "http.request"})
    await wrap(TrustedProxyMiddleware, trusted_proxies=TRUSTED)(scope, wire.receive, wire.send)
    expected = {"client": ["203.0.113.7", 0], "scheme": "https", "hosts": ["a.example"]}
    assert msgspec.json.decode(wire.body) == sight(scope) == expected


async def test_client_and_headers_are_all_it_needs():
    headers = [(b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"a")]
    scope = {"type": "http", "client": PEER, "headers": headers}
    passed = await pass_on(TrustedProxyMiddleware, scope, trusted_proxies=TRUSTED)
    assert sight(passed) == {"client": ["203.0.113.7", 0], "scheme": "https", "hosts": ["a"]}


@pytest.mark.parametrize(
    "scope", [*BARE, {"type": "http"}, {"type": "http", "client": PEER}, {"type": "http", "headers": []}]
)
async def test_what_has_neither_client_nor_headers_passes_untouched(scope):
    before = dict(scope)
    assert await pass_on(TrustedProxyMiddleware, scope, trusted_proxies=["0.0.0.0/0"]) is scope
    assert scope == before


async def test_what_is_kept_in_mind_of_addresses_is_bounded():
    middleware = TrustedProxyMiddleware(alone, trusted_proxies=TRUSTED)

    async def app(scope, receive, send):
        return None

    middleware.app = app
    for start in range(0, 5000, 50):
        nodes = b",".join(b"10.1.%d.%d" % divmod(number, 256) for number in range(start, start + 50))
        headers = [(b"x-forwarded-for", nodes), (b"x-forwarded-for", b"x" * 100_000)]
        await middleware({"type": "http", "client": PEER, "headers": headers}, None, None)
    assert middleware._examined.cache_info().currsize <= 1024


@pytest.mark.parametrize("client", [(None, None), ("", 0)])
async def test_a_peer_without_an_address_is_not_trusted(client):
    middleware = TrustedProxyMiddleware(Response(""), trusted_proxies=["0.0.0.0/0", "::/0"])
    scope = {"type": "http", "client": client, "headers": [(b"x-forwarded-for", b"1.2.3.4")]}
    await middleware(scope, Wire().receive, Wire().send)
    assert scope["client"] == client

"""Rows of security.md about what proxies, and those who pass for one, say: each test bears the row's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.middleware import trusted_proxy
from hawkapi.middleware.trusted_proxy import TrustedProxyMiddleware
from tests.middleware.edges import alone, everywhere, seen

PEER = ("10.0.0.1", 4711)
STRANGER = ("192.0.2.1", 4711)
PROXIES = ["10.0.0.0/8"]
NAMES = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded"]


async def client(*headers, peer=PEER, proxies=PROXIES, wrap=alone):
    """Give the address that the app sees."""
    return (await seen(wrap(TrustedProxyMiddleware, trusted_proxies=proxies), *headers, client=peer))["client"][0]


# whom to believe


@everywhere
async def test_cve_2025_46814_and_2025_59152_x_forwarded_for_of_a_client_changes_no_address(wrap):
    for header in (("x-forwarded-for", "10.0.0.9"), ("forwarded", "for=10.0.0.9"), ("x-real-ip", "10.0.0.9")):
        assert await client(header, peer=STRANGER, wrap=wrap) == "192.0.2.1"


@everywhere
async def test_cve_2025_46814_what_a_client_puts_in_front_of_a_proxys_word_does_not_count(wrap):
    for lines in (["127.0.0.1, 203.0.113.7"], ["127.0.0.1", "203.0.113.7"], ["127.0.0.1, x, 203.0.113.7, 10.0.0.2"]):
        headers = [("x-forwarded-for", line) for line in lines]
        assert await client(*headers, wrap=wrap) == "203.0.113.7"


@pytest.mark.parametrize("end", ["x", ".evil.example", ":", ":80x", ":80:80000", "/8", " x", "%eth0", "\xe4", ";", "]"])
@pytest.mark.parametrize("node", ["10.0.0.2", "fd00::2", "[fd00::2]"])
async def test_cve_2025_46814_what_only_begins_like_an_address_is_none(node, end):
    trusted = ["10.0.0.0/8", "fd00::/8"]
    assert await client(("x-forwarded-for", f"127.0.0.1, {node}{end}, 10.0.0.3"), proxies=trusted) == "10.0.0.3"
    assert await client(("x-forwarded-for", "127.0.0.1"), proxies=trusted, peer=(f"10.0.0.1x{end}", 1)) != "127.0.0.1"


@pytest.mark.parametrize(
    ("peer", "proxy"),
    [
        ("10.0.0.10", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.10"),
        ("110.0.0.1", "10.0.0.1"),
        ("100.0.0.1", "10.0.0.0/8"),
        ("10.128.0.1", "10.0.0.0/9"),
        ("172.32.0.1", "172.16.0.0/12"),
        ("172.160.0.1", "172.16.0.0/12"),
        ("172.16.0.1", "172.16.0.0/32"),
        ("fd00::10", "fd00::1"),
        ("fd00::1", "fd00::10"),
        ("fd00:1::1", "fd00::/32"),
        ("fd00:0:8000::1", "fd00::/33"),
    ],
)
async def test_cve_2025_46814_what_is_written_like_a_proxys_address_is_none_of_its_network(peer, proxy):
    assert await client(("x-forwarded-for", "127.0.0.1"), peer=(peer, 1), proxies=[proxy]) == peer
    headers = ("x-forwarded-for", f"127.0.0.1, {peer}")
    assert await client(headers, peer=("192.0.2.9", 1), proxies=["192.0.2.9", proxy]) == peer


async def test_a_forwarded_of_a_client_does_not_count_beside_the_x_forwarded_of_a_proxy():
    app = alone(TrustedProxyMiddleware, trusted_proxies=PROXIES)
    headers = [("forwarded", "for=127.0.0.1;proto=https;host=evil"), ("x-forwarded-for", "203.0.113.7"), ("host", "a")]
    found = await seen(app, *headers, client=PEER, scheme="http")
    assert found == {"client": ["203.0.113.7", 0], "scheme": "http", "hosts": ["a"]}


# time


PIECES = [
    *("10.0.0.2,", "1", ",", " ", "[", "1.1.1.1:", "1:", "\t;", ";", "a=b;", 'for="', 'for="\\', "for=10.0.0.2,"),
    *("for=a;", 'for="a",'),
]
LONG = {
    **{piece: piece * 100_000 for piece in PIECES},
    "blanks": " " * 2_000_000 + '"',
    "tabs": "\t" * 2_000_000 + "a b",
    "blanks within": "for=10.0.0.2," + " \t" * 1_000_000 + "=",
    "blanks after a value": "for=10.0.0.2" + " " * 2_000_000 + '"',
    "blanks between": ("for=10.0.0.2," + " " * 1000) * 400 + '"',
    "a name": "a" * 400_000,
    "a value": "for=" + "a" * 400_000 + '"',
    "a text": 'for="' + "a" * 400_000,
    "escapes": 'for="' + "\\" * 400_001,
    "pairs of escapes": 'for="' + '\\"' * 200_000,
    "semicolons": ";" * 3_000_000,
    "names": "".join(f"a{number}=b;" for number in range(100_000)),
}


@pytest.mark.parametrize("line", LONG.values(), ids=LONG.keys())
@pytest.mark.parametrize("name", NAMES)
async def test_cve_2025_54365_forwarded_headers_of_any_length_are_read(name, line):
    """What is quadratic in these takes minutes."""
    assert await client((name, line)) in ("10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize("line", ["for=10.0.0.2,for=10.0.0.3", "10.0.0.2", "", "a" * 500], ids=len)
@pytest.mark.parametrize("name", NAMES)
async def test_cve_2025_54365_forwarded_headers_of_any_number_are_read(name, line):
    """As before."""
    assert await client(*[(name, line)] * 300_000) in ("10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize("name", NAMES)
async def test_cve_2025_54365_what_a_stranger_forwards_is_not_even_read(monkeypatch, name):
    monkeypatch.setattr(trusted_proxy, "read_claims", None)
    assert await client(*((name, line) for line in LONG.values()), peer=STRANGER) == "192.0.2.1"


# whatever comes

_pieces = st.sampled_from(b'for= proto= host= https 10.0.0.2 [::1]:1 1.1.1.1 a.example " \\ , ;'.split())
_names = st.sampled_from([b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded", b"host"])


@given(
    st.lists(st.tuples(_names, st.binary(max_size=40) | st.lists(_pieces).map(b"".join))),
    st.sampled_from(["http", "websocket"]),
)
def test_any_forwarded_bytes_give_a_scope_that_is_right(headers, kind):
    scope = {"type": kind, "client": PEER, "scheme": "http", "headers": headers}

    async def app(scope, receive, send):
        pass

    _run(TrustedProxyMiddleware(app, trusted_proxies=PROXIES)(scope, None, None))
    assert scope["scheme"] in ("http", "https", "ws", "wss")
    address, port = scope["client"]
    assert scope["client"] == PEER or (port == 0 and set(address) <= set("0123456789abcdef.:"))
    kept = [pair for pair in scope["headers"] if pair[0] != b"host"]
    assert kept == [pair for pair in headers if pair[0] != b"host"]


def _run(coroutine):
    """Run what awaits nothing that waits."""
    with pytest.raises(StopIteration):
        coroutine.send(None)

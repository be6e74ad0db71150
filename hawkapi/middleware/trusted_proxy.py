"""Client, scheme and host of a request are taken from the proxies that passed it on, if they are one's own."""

from collections.abc import Awaitable, Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network

from hawkapi._types import ASGIApp, RawHeaders, Receive, Scope, Send
from hawkapi.middleware.arguments import texts
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.forwarded import LONGEST_NODE, NAMES, read_claims, read_node, unmapped
from hawkapi.middleware.hosts import is_host

_LONGEST_HOST = 255
_MAPPED_PREFIX = 96  # of ::ffff:0:0/96, where IPv6 holds the IPv4 addresses
_SCHEMES = {
    "http": {"http": "http", "https": "https"},
    "websocket": {"http": "ws", "https": "wss"},
}

_is_host = lru_cache(maxsize=1024)(is_host)


class TrustedProxyMiddleware(Middleware):
    """Puts the client's address, the scheme and the host that trusted proxies tell into the scope.

    Without it, and for every peer that is not trusted, the scope stays as the server made it. The hops that
    `X-Forwarded-For` names are followed from the nearest one on, as long as they are trusted: the first that is not is
    the client. Scheme and host are what the proxy says that the client has come to. `Forwarded` (RFC 7239) is read
    likewise where there is no `X-Forwarded-For`, `-Proto` or `-Host`. Changed is the scope that was given, so that
    what stands outside sees it too; its list of headers is replaced.

    Args:
        app: The app it wraps.
        trusted_proxies: Addresses and networks (`10.0.0.0/8`) of the proxies; IPv4 ones match peers that a server
            shows as IPv6 as well. A peer without an address, as on a unix socket, is never trusted.

    Raises:
        TypeError: If `trusted_proxies` is no list of texts.
        ValueError: If one of them is neither address nor network.

    Attributes:
        trusted_proxies: As given.
    """

    def __init__(self, app: ASGIApp, *, trusted_proxies: Iterable[str] | None = None) -> None:
        super().__init__(app)
        self.trusted_proxies: list[str] = [] if trusted_proxies is None else texts("trusted_proxies", trusted_proxies)
        self._networks = [_network(entry) for entry in self.trusted_proxies]
        self._examined = lru_cache(maxsize=1024)(self._examine)

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        peer, headers = scope.get("client"), scope.get("headers")
        schemes = _SCHEMES.get(scope["type"])
        if peer and peer[0] and headers and schemes is not None and self._is_trusted(peer[0]):
            found = [pair for pair in headers if pair[0] in NAMES]
            if found:
                self._believe(found, scope, headers, schemes)
        return self.app(scope, receive, send)

    def _is_trusted(self, peer: str) -> bool:
        hop = self._hop(peer.partition("%")[0])  # the zone of a link-local address says by which interface
        return hop is not None and hop[1]

    def _believe(self, found: RawHeaders, scope: Scope, headers: RawHeaders, schemes: Mapping[str, str]) -> None:
        claims = read_claims(found)
        client, hops = self._follow(claims.clients)
        if client is not None:
            scope["client"] = (client, 0)
        scheme = schemes.get(_farthest(claims.schemes, hops).lower())
        if scheme is not None:
            scope["scheme"] = scheme
        host = _farthest(claims.hosts, hops)
        if len(host) <= _LONGEST_HOST and _is_host(host):
            scope["headers"] = [(b"host", host.encode()), *[pair for pair in headers if pair[0] != b"host"]]

    def _follow(self, nodes: Iterable[str]) -> tuple[str | None, int]:
        """Go from the nearest hop to the client.

        Returns:
            The client's address, `None` if nobody tells it, and how many hops trusted proxies speak for.
        """
        client, hops = None, 0
        for node in nodes:
            hops += 1
            hop = self._hop(node)
            if hop is None:
                break
            client, trusted = hop
            if not trusted:
                break
        return client, max(hops, 1)  # the peer speaks for one even if it names none

    def _hop(self, node: str) -> tuple[str, bool] | None:
        """Give the address of a hop and whether it is trusted; what is no address is not kept in mind."""
        return self._examined(node) if len(node) <= LONGEST_NODE else None

    def _examine(self, node: str) -> tuple[str, bool] | None:
        address = read_node(node)
        return None if address is None else (str(address), any(address in network for network in self._networks))


def _farthest(words: list[str], hops: int) -> str:
    """Give the word on the hop that is farthest from us; a proxy that says nothing lets that of the next one stand."""
    for word in reversed(words[:hops]):
        if word:
            return word
    return ""


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(entry)
    except ValueError as exc:
        raise ValueError(f"trusted_proxies: {entry!r} is neither an address nor a network: {exc}") from exc
    address = unmapped(network.network_address)
    if network.version == 6 and isinstance(address, IPv4Address) and network.prefixlen >= _MAPPED_PREFIX:
        return IPv4Network((address, network.prefixlen - _MAPPED_PREFIX))
    return network

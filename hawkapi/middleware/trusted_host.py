"""Requests for hosts that this app does not serve are refused."""

from collections.abc import Awaitable, Iterable
from functools import lru_cache

from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.middleware.arguments import texts
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.hosts import has_empty_label, is_host, without_port
from hawkapi.middleware.refusal import refuse
from hawkapi.responses.response import Response

_LONGEST = 259  # bytes: a name of 253 (RFC 1035) and a port
_INVALID = Response("Invalid host header", status_code=400)


class TrustedHostMiddleware(Middleware):
    """Lets through requests and WebSocket handshakes whose `Host` header is one of those allowed.

    Hosts are compared as they are, in any case of letters and whatever the port. Several `Host` headers, or one that
    is no host by RFC 3986 or longer than a name can be, are refused even where all hosts are allowed.
    `X-Forwarded-Host` is not looked at: what a proxy says is taken by `TrustedProxyMiddleware`, which stands further
    out.

    Args:
        app: The app it wraps.
        allowed_hosts: Names and addresses, IPv6 ones with or without brackets; `*.example.com` stands for all that is
            below `example.com` (a name such as `a..example.com`, which DNS cannot have, is not), `*` for any host or
            none. Any if left out.

    Raises:
        TypeError: If `allowed_hosts` is no list of texts.
        ValueError: If one of them is no host.

    Attributes:
        allowed_hosts: As given.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Iterable[str] | None = None) -> None:
        super().__init__(app)
        self.allowed_hosts: list[str] = ["*"] if allowed_hosts is None else texts("allowed_hosts", allowed_hosts)
        self._any = "*" in self.allowed_hosts
        names = [_compared(host) for host in self.allowed_hosts if host != "*"]
        self._suffixes = tuple(name[1:] for name in names if name.startswith("*."))
        self._names = frozenset(name for name in names if not name.startswith("*."))
        self._decided = lru_cache(maxsize=1024)(self._allows)

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        headers = scope.get("headers")
        if headers is None or scope["type"] not in ("http", "websocket"):
            return self.app(scope, receive, send)
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) == 1:
            allowed = len(hosts[0]) <= _LONGEST and self._decided(hosts[0])
        else:
            allowed = self._any and not hosts
        return self.app(scope, receive, send) if allowed else refuse(_INVALID, scope, receive, send)

    def _allows(self, host: bytes) -> bool:
        text = host.decode("latin-1")
        if not is_host(text):
            return False
        name = without_port(text).lower()
        return self._any or name in self._names or any(_below(name, suffix) for suffix in self._suffixes)


def _below(name: str, suffix: str) -> bool:
    return name.endswith(suffix) and not has_empty_label(name)


def _compared(host: str) -> str:
    """Give an allowed host in the form in which it is compared."""
    is_bare_ipv6 = host.count(":") > 1 and not host.startswith("[")
    one = f"[{host}]" if is_bare_ipv6 else host.removeprefix("*.")
    if "*" in one or has_empty_label(one) or not is_host(one):
        raise ValueError(
            f"allowed_hosts: {host!r} is no host: give a name, an address, '*.' and a name for what is below it, or '*'"
        )
    return without_port(host).lower()

"""The URL of a request, put together of parts that cannot spill into each other (RFC 3986)."""

import re
from urllib.parse import quote

from hawkapi._types import Scope

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::[0-9]{0,5})?")
_PATH_SAFE = "/:@!$&'()*+,;="  # RFC 3986 pchar; letters, digits and -._~ always are
_QUERY_SAFE = _PATH_SAFE + "?%[]|{}^`\\"  # what browsers send bare stays as it came; quotes, <>, # and space do not


def authority(scope: Scope, hosts: list[str]) -> str:
    """Give the host, with its port where one belongs there.

    Args:
        scope: Its `server` is used where the client sent no single valid `Host`.
        hosts: The values of all `Host` headers.

    Returns:
        The `Host` header, else the server's own name, else `localhost`.
    """
    if len(hosts) == 1 and _HOST.fullmatch(hosts[0]):
        return hosts[0]
    server = scope.get("server")
    if not server:
        return "localhost"
    host, port = server
    if ":" in host:
        host = f"[{host}]"
    if not _HOST.fullmatch(host):  # the path of a unix socket
        return "localhost"
    if port is None or port == DEFAULT_PORTS.get(scope.get("scheme", "http")):
        return host
    return f"{host}:{port}"


def full_path(scope: Scope) -> str:
    """Give the path that was routed, mount prefix included, percent-encoded and with a leading slash."""
    path = encode_path(scope.get("root_path", "") + scope.get("path", "/"))
    return path if path[:1] == "/" else "/" + path  # "@evil.example" must stay a path


def encode_path(path: str) -> str:
    """Percent-encode what may not stand in the path of a URL; slashes stay."""
    return quote(path, safe=_PATH_SAFE, errors="replace")


def query_suffix(query: bytes) -> str:
    """Give `?` and the query string, nothing if that is empty."""
    return "?" + quote(query, safe=_QUERY_SAFE) if query else ""

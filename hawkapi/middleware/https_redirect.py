"""Requests over http are sent to https."""

from collections.abc import Awaitable

from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.outgoing import sole_send
from hawkapi.requests.headers import Headers
from hawkapi.requests.url import authority, full_path, query_suffix
from hawkapi.responses.redirect import RedirectResponse

_STATUSES = (301, 302, 303, 307, 308)


class HTTPSRedirectMiddleware(Middleware):
    """Answers every request whose scheme is http with a redirect to the same URL under https.

    The host is the `Host` header if there is one that is a host, else the server's own name. A port other than 80
    stays (RFC 6797 8.3). Behind a proxy that ends TLS the scheme is http for good: `TrustedProxyMiddleware`, further
    out, takes it from the proxy.

    Args:
        app: The app it wraps.
        redirect_status_code: 301, 302, 303, 307 or 308. 307 and 308 keep the method; 301 and 308 may be kept by
            clients for ever.

    Raises:
        ValueError: If `redirect_status_code` is another one.

    Attributes:
        redirect_status_code: As given.
    """

    def __init__(self, app: ASGIApp, *, redirect_status_code: int = 307) -> None:
        super().__init__(app)
        if redirect_status_code not in _STATUSES:
            statuses = ", ".join(map(str, _STATUSES))
            raise ValueError(f"redirect_status_code must be one of {statuses}, not {redirect_status_code!r}")
        self.redirect_status_code: int = redirect_status_code

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or scope.get("scheme", "http") != "http":
            return self.app(scope, receive, send)
        response = RedirectResponse(_secure_url(scope), status_code=self.redirect_status_code)
        return response(scope, receive, sole_send(scope, send))


def _secure_url(scope: Scope) -> str:
    host = authority(scope, Headers(scope.get("headers", ())).getlist("host"))
    name, colon, port = host.rpartition(":")
    if colon and port in ("", "80", "443"):
        host = name
    return f"https://{host}{_whole_path(scope)}{query_suffix(scope.get('query_string', b''))}"


def _whole_path(scope: Scope) -> str:
    root, path = scope.get("root_path", "").rstrip("/"), scope.get("path", "/")
    comes_whole = "hawkapi" not in scope  # servers send it with `root_path`, an app of ours has taken that off
    if comes_whole and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        path = path[len(root) :]
    return full_path({"root_path": root, "path": path})

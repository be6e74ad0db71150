"""What a request and a WebSocket have in common."""

from typing import Any

from hawkapi._types import Scope
from hawkapi.requests.cookies import parse_cookies
from hawkapi.requests.headers import Headers
from hawkapi.requests.limits import DEFAULT_LIMITS, Limits
from hawkapi.requests.query_params import QueryParams
from hawkapi.requests.url import authority, full_path, query_suffix


class HTTPConnection:
    """A connection as the client opened it: path, headers, query and cookies, each read when first asked for.

    Args:
        scope: The ASGI scope; what a bare one leaves out has a default.
        path_params: What the router found in the path.
        limits: Bounds of query and cookies; the default ones if left out.
    """

    __slots__ = ("_cookies", "_headers", "_limits", "_path_params", "_query_params", "_url", "scope")

    def __init__(
        self, scope: Scope, path_params: dict[str, Any] | None = None, *, limits: Limits | None = None
    ) -> None:
        self.scope: Scope = scope
        self._path_params = path_params
        self._limits = limits
        self._headers: Headers | None = None
        self._query_params: QueryParams | None = None
        self._cookies: dict[str, str] | None = None
        self._url: str | None = None

    @property
    def limits(self) -> Limits:
        """What bounds the reading of this connection."""
        return DEFAULT_LIMITS if self._limits is None else self._limits

    @property
    def path(self) -> str:
        """The decoded path that is routed, without the prefix of a mount."""
        return self.scope.get("path", "/")

    @property
    def path_params(self) -> dict[str, Any]:
        """The values found in the path, converted."""
        params = self._path_params
        if params is None:
            params = self._path_params = self.scope.get("path_params", {})
        return params

    @property
    def query_string(self) -> bytes:
        """The raw query string, without the question mark."""
        return self.scope.get("query_string", b"")

    @property
    def query_params(self) -> QueryParams:
        """The parsed query string.

        Raises:
            URITooLong: If it has too many pairs.
        """
        params = self._query_params
        if params is None:
            params = self._query_params = QueryParams(self.query_string, self.limits.query_pairs)
        return params

    @property
    def headers(self) -> Headers:
        """The headers."""
        headers = self._headers
        if headers is None:
            headers = self._headers = Headers(self.scope.get("headers", ()))
        return headers

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that came with the request.

        Raises:
            HeaderFieldsTooLarge: If they are too large together.
        """
        cookies = self._cookies
        if cookies is None:
            header = "; ".join(self.headers.getlist("cookie"))  # HTTP/2 clients split it
            cookies = self._cookies = parse_cookies(header, self.limits.cookies)
        return cookies

    @property
    def client(self) -> tuple[str, int] | None:
        """Address and port of the peer, `None` where the server does not know them."""
        client = self.scope.get("client")
        return None if client is None else (client[0], client[1])

    @property
    def url_scheme(self) -> str:
        """`http`, `https`, `ws` or `wss`."""
        return self.scope.get("scheme", "http")

    @property
    def url(self) -> str:
        """The whole URL: scheme, host, path with the prefix of mounts, query.

        The host is the `Host` header if there is exactly one and it is a host by RFC 3986, else that of the server,
        else `localhost`. Whatever the client sent, the path of this URL is the path that was routed.
        """
        url = self._url
        if url is None:
            url = self._url = self.origin + full_path(self.scope) + query_suffix(self.query_string)
        return url

    @property
    def origin(self) -> str:
        """Scheme and host, where every URL of this app begins."""
        return f"{self.url_scheme}://{authority(self.scope, self.headers.getlist('host'))}"

"""Requests whose head is too large are refused before anything of them is read."""

from collections.abc import Awaitable

from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.middleware.arguments import whole_number
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.refusal import refuse
from hawkapi.requests.errors import HeaderFieldsTooLarge, URITooLong
from hawkapi.responses.problem import refused_request


class RequestLimitsMiddleware(Middleware):
    """Refuses requests and WebSocket handshakes with too long a query (414), too many or too large headers (431).

    Exactly a limit is fine. What the server itself refuses never comes here: its limits stand before these.

    Args:
        app: The app it wraps.
        max_query_length: Bytes of the query string, as sent.
        max_headers_count: Header lines.
        max_header_size: Bytes of the name of a header, and of its value.

    Raises:
        TypeError: If a limit is no whole number.
        ValueError: If a limit is below what can work at all.

    Attributes:
        max_query_length: As given.
        max_headers_count: As given.
        max_header_size: As given.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_query_length: int = 2048,
        max_headers_count: int = 100,
        max_header_size: int = 8192,
    ) -> None:
        super().__init__(app)
        self.max_query_length: int = whole_number("max_query_length", max_query_length, minimum=0)
        self.max_headers_count: int = whole_number("max_headers_count", max_headers_count, minimum=1)
        self.max_header_size: int = whole_number("max_header_size", max_header_size, minimum=1)
        self._long_query = refused_request(URITooLong(f"Query string exceeds {max_query_length} bytes"))
        self._many_headers = refused_request(HeaderFieldsTooLarge(f"More than {max_headers_count} headers"))
        self._large_header = refused_request(HeaderFieldsTooLarge(f"Header exceeds {max_header_size} bytes"))

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        kind, headers = scope["type"], scope.get("headers")
        if kind == "http" or (kind == "websocket" and headers is not None):
            if len(scope.get("query_string", b"")) > self.max_query_length:
                return refuse(self._long_query, scope, receive, send)
            if headers:
                if len(headers) > self.max_headers_count:
                    return refuse(self._many_headers, scope, receive, send)
                size = self.max_header_size
                for name, value in headers:
                    if len(value) > size or len(name) > size:
                        return refuse(self._large_header, scope, receive, send)
        return self.app(scope, receive, send)

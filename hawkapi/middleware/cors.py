"""Cross-origin requests are allowed to the pages of chosen origins (CORS, as the Fetch standard has it)."""

import re
from collections.abc import Awaitable, Iterable
from typing import NamedTuple

from hawkapi._types import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from hawkapi.middleware.arguments import texts, whole_number
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.heads import checked_name
from hawkapi.middleware.outgoing import sole_send
from hawkapi.middleware.vary import with_vary

_ALL = "*"
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_ECHOED = 8 * 1024
_VARY = b"Origin"
_ALLOWED_HEADERS, _REQUESTED_HEADERS = b"access-control-allow-headers", b"access-control-request-headers"
_is_token = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch


class CORSMiddleware(Middleware):
    """Tells browsers which pages may read the answers, and answers what browsers ask beforehand (preflights).

    Origins are compared with the `Origin` header literally. A preflight of an allowed origin is answered here; all
    else goes on, that of other origins too, whose answers get no CORS header. Access to private networks is never
    granted. It belongs round an app: the router brings no preflight to the middleware of a route.

    Args:
        app: The app it wraps.
        allow_origins: Such as `https://example.com`, with the port if it is not the scheme's own; `*` for all.
            All if left out.
        allow_methods: What a preflight allows; `*` stands for GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS, which
            are allowed if it is left out.
        allow_headers: Names of request headers; `*` for those that a preflight asks for, and if left out.
        allow_credentials: Browsers may send cookies and `Authorization`.
        expose_headers: Names of the response headers that pages may read besides the harmless ones.
        max_age: Seconds that a browser may keep the answer to a preflight.

    Raises:
        TypeError: If a list is none of texts, `allow_credentials` no bool or `max_age` no whole number.
        ValueError: If an origin can be none, a method or a name is no token, `max_age` is below 0, or credentials are
            allowed to all origins.

    Attributes:
        allow_origins: As given.
        allow_methods: As given.
        allow_headers: As given.
        allow_credentials: As given.
        expose_headers: As given.
        max_age: As given.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allow_origins: Iterable[str] | None = None,
        allow_methods: Iterable[str] | None = None,
        allow_headers: Iterable[str] | None = None,
        allow_credentials: bool = False,
        expose_headers: Iterable[str] | None = None,
        max_age: int = 600,
    ) -> None:
        super().__init__(app)
        self.allow_origins: list[str] = texts("allow_origins", [_ALL] if allow_origins is None else allow_origins)
        self.allow_methods: list[str] = texts("allow_methods", _METHODS if allow_methods is None else allow_methods)
        self.allow_headers: list[str] = texts("allow_headers", [_ALL] if allow_headers is None else allow_headers)
        self.allow_credentials: bool = allow_credentials
        self.expose_headers: list[str] = texts("expose_headers", [] if expose_headers is None else expose_headers)
        self.max_age: int = whole_number("max_age", max_age, minimum=0)
        self._of_all = _ALL in self.allow_origins
        if not isinstance(allow_credentials, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # "no" would be true
            raise TypeError(f"allow_credentials must be a bool, not {allow_credentials!r}")
        if allow_credentials and self._of_all:
            raise ValueError("allow_credentials needs the origins listed in allow_origins: '*' would let any site in")
        self._echoes = _ALL in self.allow_headers
        self._allowed = {origin: self._headers_for(origin) for origin in map(_origin, self.allow_origins)}

    def _headers_for(self, origin: bytes) -> "_Allowed":
        added = [(b"access-control-allow-origin", origin)]
        if self.allow_credentials:
            added.append((b"access-control-allow-credentials", b"true"))
        methods = _METHODS if _ALL in self.allow_methods else [method.upper() for method in self.allow_methods]
        preflight = [
            *added,
            (b"access-control-allow-methods", _tokens("allow_methods", methods)),
            (b"access-control-max-age", b"%d" % self.max_age),
            (b"vary", _VARY),
            (b"content-length", b"0"),
        ]
        names = _tokens("allow_headers", self.allow_headers)
        if names and not self._echoes:
            preflight.append((_ALLOWED_HEADERS, names))
        if self.expose_headers:
            added.append((b"access-control-expose-headers", _tokens("expose_headers", self.expose_headers)))
        return _Allowed(_Added(added), preflight)

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        headers: RawHeaders = scope.get("headers", [])
        origin = _first(headers, b"origin")
        if origin is None:
            return self.app(scope, receive, send if self._of_all else _NOTHING.to(send))
        allowed = self._allowed.get(b"*" if self._of_all else origin)
        if allowed is None:
            return self.app(scope, receive, _NOTHING.to(send))
        if scope.get("method") == "OPTIONS" and _first(headers, b"access-control-request-method") is not None:
            return self._answer_preflight(allowed.preflight, headers, sole_send(scope, send))
        return self.app(scope, receive, allowed.added.to(send))

    async def _answer_preflight(self, answer: RawHeaders, headers: RawHeaders, send: Send) -> None:
        names = _echo([value for name, value in headers if name == _REQUESTED_HEADERS]) if self._echoes else b""
        answer = [*answer, (_ALLOWED_HEADERS, names)] if names else list(answer)
        await send({"type": "http.response.start", "status": 200, "headers": answer})
        await send({"type": "http.response.body", "body": b""})


class _Added:
    """What is added to answers: CORS headers, in place of those the app gave itself, and `vary`."""

    __slots__ = ("_headers", "_names", "_with_vary")

    def __init__(self, headers: RawHeaders) -> None:
        self._headers = headers
        self._with_vary = [*headers, (b"vary", _VARY)]
        self._names = frozenset(name for name, _ in self._with_vary)

    def to(self, send: Send) -> Send:
        """Wrap `send`."""
        names, with_vary_too = self._names, self._with_vary

        def send_added(message: Message) -> "Awaitable[None]":  # quoted: else it is built at every request
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ())]
                for name, _ in headers:
                    if name.lower() in names:
                        headers = self._merged(headers)
                        break
                else:
                    headers += with_vary_too
                message = {**message, "headers": headers}
            return send(message)

        return send_added

    def _merged(self, headers: RawHeaders) -> RawHeaders:
        kept = [pair for pair in headers if (name := pair[0].lower()) == b"vary" or name not in self._names]
        return with_vary([*kept, *self._headers], _VARY)


class _Allowed(NamedTuple):
    """What an origin gets: what is added to answers, and the headers of the answer to a preflight."""

    added: _Added
    preflight: RawHeaders


_NOTHING = _Added([])


def _first(headers: RawHeaders, wanted: bytes) -> bytes | None:
    for name, value in headers:
        if name == wanted:
            return value
    return None


def _echo(lines: list[bytes]) -> bytes:
    """Give the header names that a preflight asks for, as many as fit."""
    names: list[bytes] = []
    left = _ECHOED
    for part in b",".join(lines).split(b","):
        name = part.strip(b" \t")
        if _is_token(name):
            left -= len(name) + (2 if names else 0)
            if left < 0:
                break
            names.append(name)
    return b", ".join(names)


def _origin(text: str) -> bytes:
    if not text.isascii() or not text.isprintable() or not text or set(text) & set(" ,") or text.endswith("/"):
        raise ValueError(f"allow_origins: {text!r} is no origin: give scheme and host, as in 'https://example.com'")
    return text.encode()


def _tokens(argument: str, values: list[str]) -> bytes:
    for value in values:
        checked_name(argument, value)
    return ", ".join(values).encode()

"""Cross-site request forgery: what changes something must come from a page of this app."""

from collections.abc import Awaitable, Iterable
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Final

from hawkapi._types import ASGIApp, Message, Receive, Scope, Send
from hawkapi.middleware.alone import stand_alone
from hawkapi.middleware.arguments import texts
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.cookie import KeptCookie
from hawkapi.middleware.refusal import refuse
from hawkapi.middleware.session_data import Session
from hawkapi.middleware.vary import with_vary
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.errors import HeaderFieldsTooLarge, MalformedBody, RequestError
from hawkapi.requests.forms import read_form
from hawkapi.requests.request import Request
from hawkapi.responses.head import header_name as checked_name
from hawkapi.responses.problem import problem_response, refused_request
from hawkapi.responses.response import Response
from hawkapi.runtime.runtime import of
from hawkapi.security.signing import Secret, Signer

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
FIELD: Final = "csrf_token"
"""The form field in which a token may come."""

_URLENCODED: Final = "application/x-www-form-urlencoded"
_FORMS: Final = frozenset({_URLENCODED, "multipart/form-data"})
_SALT: Final = b"hawkapi.csrf"
_KEY: Final = "hawkapi.csrf"


def csrf_token(connection: HTTPConnection) -> str:
    """Give the token for the forms of a page, and for scripts that cannot read the cookie.

    It belongs to the visitor, and to the session as it is now: first log in, then ask for it.

    Args:
        connection: The request.

    Raises:
        LookupError: If it did not come through `CSRFMiddleware`.
    """
    visit: _Visit | None = connection.scope.get(_KEY)
    if visit is None:
        raise LookupError("There is no token: this request did not come through CSRFMiddleware")
    visit.asked = True
    return visit.token().decode("latin-1")


class CSRFMiddleware(Middleware):
    """Refuses unsafe requests that do not show the token which the visitor was given (signed double-submit cookie).

    A safe request gets a token in a cookie. An unsafe one must bring it twice: in the cookie, and in a header or the
    form field `csrf_token`, since a page of another site makes browsers send the cookie and cannot read it. The
    signature keeps out cookies that others have planted. Where a `SessionMiddleware` stands outside, the token of a
    visitor with a session is good for that session only, and a login or logout brings a new one.

    Args:
        app: The app it wraps.
        secret: Signs the tokens: a random text of 32 bytes or more, or a list of such; the first signs, all verify.
        cookie_name: The name of the cookie.
        header_name: The header in which the token may come.
        safe_methods: The methods that change nothing.
        cookie_path: As for any cookie; so are the three below.
        cookie_httponly: No script sees it: then pages must show the token, see `csrf_token`.
        cookie_secure: It comes by HTTPS only.
        cookie_samesite: `lax`, `strict` or `none`.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If the secret is empty, or an argument is out of range.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        secret: Secret,
        cookie_name: str = "csrftoken",
        header_name: str = "x-csrf-token",
        safe_methods: Iterable[str] = SAFE_METHODS,
        cookie_path: str = "/",
        cookie_httponly: bool = False,
        cookie_secure: bool = True,
        cookie_samesite: str = "lax",
    ) -> None:
        super().__init__(app)
        self._signer = Signer(secret, argument="secret", salt=_SALT)
        self._cookie = KeptCookie(
            cookie_name,
            argument="cookie_name",
            prefix="cookie_",
            path=cookie_path,
            httponly=cookie_httponly,
            secure=cookie_secure,
            samesite=cookie_samesite,
        )
        self._header = _header_name(header_name)
        self._safe = frozenset(method.upper() for method in texts("safe_methods", safe_methods))

    async def before_request(self, request: Request) -> Response | None:
        """Refuse an unsafe request without the visitor's token; the body is read only if the header is missing."""
        visit: _Visit = request.scope[_KEY]
        if not visit.cookie:
            return _NO_COOKIE
        token = request.headers.get(self._header, "").encode("latin-1")
        if not token:
            try:
                token = await _form_token(request)
            except RequestError as error:
                return refused_request(error)
        if not token:
            return _NO_TOKEN
        return None if visit.accepts(token) else _MISMATCH

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        safe = scope.get("method", "GET") in self._safe
        context = scope.get("hawkapi")
        if context is None and not safe:
            return stand_alone(self._enter, scope, receive, send)
        try:
            cookie = self._cookie.find(scope)
        except HeaderFieldsTooLarge as error:
            return refuse(refused_request(error), scope, receive, send)
        session = scope.get("session")
        visit = scope[_KEY] = _Visit(
            cookie or b"", session if isinstance(session, Session) else None, self._signer, self._cookie, safe
        )

        def send_visited(message: Message) -> "Awaitable[None]":  # quoted: else it is built at every request
            return send(visit.head(message) if message["type"] == "http.response.start" else message)

        if context is None or safe:
            return self.app(scope, receive, send_visited)
        return super()._enter(scope, receive, send_visited)


class _Visit:
    """One visitor's token in one exchange; it stands in the scope and knows no `send`, which may know the scope.

    Attributes:
        cookie: What the client sent; empty if it sent none.
        asked: The answer shows the token.
    """

    __slots__ = (
        "_for",
        "_good",
        "_kept",
        "_safe",
        "_session",
        "_signer",
        "_token",
        "asked",
        "cookie",
    )

    def __init__(self, cookie: bytes, session: Session | None, signer: Signer, kept: KeptCookie, safe: bool) -> None:
        self._session, self._signer, self._kept, self._safe = session, signer, kept, safe
        self._token = self.cookie = cookie
        self._for: str | None = None if session is None else session.id
        self._good = False  # whether the token is known to be good for the session of that id
        self.asked = False

    def accepts(self, token: bytes) -> bool:
        """Tell whether a token is that of the cookie, and was signed for the session as it came."""
        self._good = compare_digest(token, self.cookie) and self._is_signed()
        return self._good

    def token(self) -> bytes:
        """Give the visitor's token: that of the cookie if it is good for the session as it is now, else a new one."""
        identity = self._identity()
        if not self._good or identity != self._for:
            self._good, self._for = True, identity
            if not self._is_signed():
                self._token = self._signer.sign(token_urlsafe(32).encode(), bound_to=identity)
        return self._token

    def head(self, message: Message) -> Message:
        """Give the head of the answer, with the cookie if it is due."""
        if self._safe or self._identity() != self._for:
            self.token()
        issued = self._token is not self.cookie
        if not issued and not self.asked:
            return message
        headers = with_vary(list(message.get("headers", ())), b"Cookie")
        if issued:
            headers.append(self._kept.holding(self._token))
        return {**message, "headers": headers}

    def _identity(self) -> str | None:
        return None if self._session is None else self._session.identify()

    def _is_signed(self) -> bool:
        return self._signer.verify(self._token, bound_to=self._for) is not None


async def _form_token(request: Request) -> bytes:
    """Find the token in a form, empty if there is none; the whole body is read, so that it is there for the handler."""
    content_type = request.content_type
    if content_type and content_type.partition(";")[0].strip().lower() not in _FORMS:
        return b""
    await request.body()
    try:
        if content_type:
            form = await request.form()
        else:
            form = await read_form(_URLENCODED, request.stream(), request.limits, of(request.scope))
    except MalformedBody:
        return b""
    token = form.get(FIELD)
    return token.encode() if isinstance(token, str) else b""


def _header_name(given: str) -> str:
    if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
        raise TypeError(f"header_name must be a str, not {given!r}")
    try:
        checked_name(given)
    except ValueError as error:
        raise ValueError(f"header_name: {error}") from None
    return given


def _refusal(detail: str) -> Response:
    return problem_response("csrf", "CSRF Validation Failed", 403, detail=detail)


_NO_COOKIE: Final = _refusal("CSRF cookie not set.")
_NO_TOKEN: Final = _refusal("CSRF token missing.")
_MISMATCH: Final = _refusal("CSRF token mismatch.")

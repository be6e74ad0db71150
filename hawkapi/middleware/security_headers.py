"""Headers that tell browsers to be careful."""

from base64 import urlsafe_b64encode
from collections.abc import Awaitable
from os import urandom

import msgspec

from hawkapi._types import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from hawkapi.middleware.base import Middleware
from hawkapi.responses.head import header_value

_NONCE = b"{nonce}"
_NONCE_BYTES = 16


class SecurityHeadersMiddleware(Middleware):
    """Adds security headers to answers; a header that an answer has already stays as it is.

    Where `content_security_policy` holds `{nonce}`, each request has a fresh nonce of 128 random bits in its place,
    which handlers find as `request.scope["csp_nonce"]`.

    Args:
        app: The app it wraps.
        content_type_options: `x-content-type-options`; here and below an empty text or `None` is none.
        frame_options: `x-frame-options`.
        xss_protection: `x-xss-protection`.
        hsts: `strict-transport-security`; browsers heed it over HTTPS alone.
        referrer_policy: `referrer-policy`.
        permissions_policy: `permissions-policy`.
        content_security_policy: `content-security-policy`.

    Raises:
        TypeError: If a value is no text.
        ValueError: If it holds a line break or a NUL.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        content_type_options: str | None = "nosniff",
        frame_options: str | None = "DENY",
        xss_protection: str | None = "1; mode=block",
        hsts: str | None = None,
        referrer_policy: str | None = "strict-origin-when-cross-origin",
        permissions_policy: str | None = None,
        content_security_policy: str | None = None,
    ) -> None:
        super().__init__(app)
        given = {
            b"x-content-type-options": _checked("content_type_options", content_type_options),
            b"x-frame-options": _checked("frame_options", frame_options),
            b"x-xss-protection": _checked("xss_protection", xss_protection),
            b"strict-transport-security": _checked("hsts", hsts),
            b"referrer-policy": _checked("referrer_policy", referrer_policy),
            b"permissions-policy": _checked("permissions_policy", permissions_policy),
            b"content-security-policy": _checked("content_security_policy", content_security_policy),
        }
        self._policy: list[bytes] | None = None
        policy = given[b"content-security-policy"]
        if _NONCE in policy:
            self._policy = policy.split(_NONCE)
            del given[b"content-security-policy"]
        self._headers = [(name, value) for name, value in given.items() if value]

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            headers = self._headers
            if self._policy is not None:
                nonce = urlsafe_b64encode(urandom(_NONCE_BYTES)).rstrip(b"=")
                scope["csp_nonce"] = nonce.decode()
                headers = [*headers, (b"content-security-policy", nonce.join(self._policy))]
            send = _Secured(send, headers).send
        return self.app(scope, receive, send)


class _Secured(msgspec.Struct, eq=False):
    """One answer on its way out."""

    onward: Send
    own: RawHeaders

    def send(self, message: Message) -> Awaitable[None]:
        """Be the `send` of what is inside."""
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            given = {name.lower() for name, _ in headers}
            headers += [pair for pair in self.own if pair[0] not in given]
            message = {**message, "headers": headers}
        return self.onward(message)


def _checked(argument: str, given: str | None) -> bytes:
    if given is None:
        return b""
    if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
        raise TypeError(f"{argument} must be a str or None, not {given!r}")
    if any(character in given for character in "\r\n\0"):
        raise ValueError(f"{argument} must be one line without NUL, not {given!r}")
    return header_value(given)

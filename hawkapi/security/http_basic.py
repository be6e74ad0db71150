"""User name and password (RFC 7617)."""

import re
from binascii import a2b_base64, b2a_base64
from typing import Any, ClassVar

from hawkapi.requests.connection import HTTPConnection
from hawkapi.security.authorization import AuthorizationScheme
from hawkapi.security.base import Credentials
from hawkapi.security.compare import constant_time_equal

_control = re.compile(r"[\x00-\x1f\x7f]").search


class HTTPBasicCredentials(Credentials, frozen=True):
    """What came in `Authorization: Basic …`; nobody has checked it yet.

    Attributes:
        username: Up to the first colon, maybe empty.
        password: Everything after it, maybe empty.
    """

    username: str
    password: str

    def matches(self, username: str, password: str) -> bool:
        """Tell whether both are right, in a time that does not say which of them is wrong, nor where.

        An empty `password` is a setting that was forgotten: it matches nobody.
        """
        same_name = constant_time_equal(self.username, username)
        same_password = constant_time_equal(self.password, password)
        return same_name & same_password & bool(password)


class HTTPBasic(AuthorizationScheme[HTTPBasicCredentials]):
    """Take user name and password from `Authorization: Basic …`, in UTF-8.

    Args:
        auto_error: Whether a client without them is refused; else it is `None`.
    """

    auth_scheme: ClassVar[str] = "Basic"

    @property
    def openapi_scheme(self) -> dict[str, Any]:
        """A new Security Scheme Object."""
        return {"type": "http", "scheme": "basic"}

    def credentials_of(self, request: HTTPConnection) -> HTTPBasicCredentials:
        """Find user name and password.

        Raises:
            MissingCredentialError: If there are none, or they are malformed.
        """
        _, token = self.authorization_of(request)
        raw = _decoded(token)
        if raw is None:
            raise self.refusal("Invalid base64 encoding")
        try:
            username, colon, password = raw.decode().partition(":")
        except UnicodeDecodeError:
            raise self.refusal("Invalid credentials format") from None
        if not colon or _control(username) or _control(password):  # RFC 7617, 2: no control characters
            raise self.refusal("Invalid credentials format")
        return HTTPBasicCredentials(username, password)


def _decoded(token: str) -> bytes | None:
    """Decode base64 as an encoder writes it (RFC 4648): the lenient decoder, and back again to see that it kept all."""
    try:
        raw = a2b_base64(token)
    except ValueError:
        return None
    return raw if b2a_base64(raw, newline=False) == token.encode() else None

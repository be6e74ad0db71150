"""Bearer tokens (RFC 6750)."""

from typing import Any, ClassVar

from hawkapi.requests.connection import HTTPConnection
from hawkapi.security.authorization import AuthorizationScheme
from hawkapi.security.base import Credentials


class HTTPBearerCredentials(Credentials, frozen=True):
    """What came in `Authorization: Bearer …`; nobody has checked the token yet.

    Attributes:
        scheme: `Bearer`, as the client wrote it.
        credentials: The token.
    """

    scheme: str
    credentials: str


class HTTPBearer(AuthorizationScheme[HTTPBearerCredentials]):
    """Take a token from `Authorization: Bearer …`.

    Args:
        auto_error: Whether a client without a token is refused; else it is `None`.
    """

    auth_scheme: ClassVar[str] = "Bearer"

    @property
    def openapi_scheme(self) -> dict[str, Any]:
        """A new Security Scheme Object."""
        return {"type": "http", "scheme": "bearer"}

    def credentials_of(self, request: HTTPConnection) -> HTTPBearerCredentials:
        """Find the token.

        Raises:
            MissingCredentialError: If there is none, or it is malformed.
        """
        return HTTPBearerCredentials(*self.authorization_of(request))

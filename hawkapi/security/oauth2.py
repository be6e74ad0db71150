"""Tokens from an OAuth 2 token endpoint (RFC 6749, 6750)."""

from typing import Any, ClassVar

from hawkapi.requests.connection import HTTPConnection
from hawkapi.security.authorization import AuthorizationScheme


class OAuth2PasswordBearer(AuthorizationScheme[str]):
    """Take a token from `Authorization: Bearer …`, and tell clients where they get one for a password.

    Args:
        token_url: Where that is, from the docs pages' point of view. The route is yours.
        auto_error: Whether a client without a token is refused; else it is `None`.
    """

    auth_scheme: ClassVar[str] = "Bearer"
    missing: ClassVar[str] = "Not authenticated"
    malformed: ClassVar[str] = "Invalid authentication credentials"

    def __init__(self, token_url: str, *, auto_error: bool = True) -> None:
        super().__init__(auto_error=auto_error)
        self.token_url: str = token_url

    @property
    def openapi_scheme(self) -> dict[str, Any]:
        """A new Security Scheme Object."""
        return {"type": "oauth2", "flows": {"password": {"tokenUrl": self.token_url, "scopes": {}}}}

    def credentials_of(self, request: HTTPConnection) -> str:
        """Find the token.

        Raises:
            MissingCredentialError: If there is none, or it is malformed.
        """
        return self.authorization_of(request)[1]

"""The `Authorization` header (RFC 9110, 11.6.2)."""

from typing import ClassVar

from hawkapi.requests.connection import HTTPConnection
from hawkapi.security.base import CredentialScheme, MissingCredentialError, T, is_plain


class AuthorizationScheme(CredentialScheme[T]):
    """Base of the schemes whose credentials are one token after the scheme's name, in any case.

    Attributes:
        auth_scheme: The scheme's name, which is the challenge too.
        missing: Says that there is no such header.
        malformed: Says that the header is of another scheme, or none at all by the RFC.
    """

    auth_scheme: ClassVar[str]
    missing: ClassVar[str] = "Missing Authorization header"
    malformed: ClassVar[str] = "Invalid Authorization header format"

    def authorization_of(self, request: HTTPConnection) -> tuple[str, str]:
        """Give the scheme's name as the client wrote it, and the token.

        Headers that contradict each other are refused: a proxy may have looked at the other one.

        Raises:
            MissingCredentialError: If there is no such header, or it is malformed.
        """
        values = {value.strip(" \t") for value in request.headers.getlist("authorization")}
        if not any(values):
            raise self.refusal(self.missing)
        name, _, token = values.pop().partition(" ")
        token = token.lstrip(" \t")
        if values or name.lower() != self.auth_scheme.lower() or not is_plain(token) or " " in token:
            raise self.refusal(self.malformed)
        return name, token

    def refusal(self, detail: str) -> MissingCredentialError:
        """Make the error that asks for credentials of this scheme."""
        return MissingCredentialError(detail, headers={"WWW-Authenticate": self.auth_scheme})

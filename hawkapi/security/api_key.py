"""API keys in a header, in the query string, in a cookie."""

from abc import abstractmethod
from typing import Any, ClassVar

from hawkapi.requests.connection import HTTPConnection
from hawkapi.security.base import CredentialScheme, is_plain
from hawkapi.security.base import MissingCredentialError as MissingCredentialError  # apps import it from here


class _APIKey(CredentialScheme[str]):
    _place: ClassVar[str]
    _wording: ClassVar[str]

    def __init__(self, name: str, *, auto_error: bool = True) -> None:
        super().__init__(auto_error=auto_error)
        self.name: str = name

    @property
    def openapi_scheme(self) -> dict[str, Any]:
        """A new Security Scheme Object."""
        return {"type": "apiKey", "in": self._place, "name": self.name}

    def credentials_of(self, request: HTTPConnection) -> str:
        """Find the key; the first one counts.

        Raises:
            MissingCredentialError: If there is none, or it is blank or not printable ASCII.
        """
        key = self._find(request)
        if key is None or not is_plain(key):
            raise MissingCredentialError(f"Missing {self._wording}: {self.name}")
        return key

    @abstractmethod
    def _find(self, request: HTTPConnection) -> str | None: ...


class APIKeyHeader(_APIKey):
    """Take a key from a header.

    Args:
        name: The header's name, in any case.
        auto_error: Whether a client without a key is refused; else it is `None`.
    """

    _place = "header"
    _wording = "header"

    def _find(self, request: HTTPConnection) -> str | None:
        key = request.headers.get(self.name)
        return None if key is None else key.strip(" \t")


class APIKeyQuery(_APIKey):
    """Take a key from the query string, where logs of servers and proxies will show it: prefer a header.

    Args:
        name: The parameter's name.
        auto_error: Whether a client without a key is refused; else it is `None`.
    """

    _place = "query"
    _wording = "query parameter"

    def _find(self, request: HTTPConnection) -> str | None:
        return request.query_params.get(self.name)


class APIKeyCookie(_APIKey):
    """Take a key from a cookie, which browsers send to requests of other sites too: protect what changes by CSRF.

    Args:
        name: The cookie's name.
        auto_error: Whether a client without a key is refused; else it is `None`.
    """

    _place = "cookie"
    _wording = "cookie"

    def _find(self, request: HTTPConnection) -> str | None:
        return request.cookies.get(self.name)

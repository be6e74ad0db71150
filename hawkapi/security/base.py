"""What security schemes have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from hawkapi.exceptions import HTTPException
from hawkapi.requests.connection import HTTPConnection

T = TypeVar("T")


class SecurityScheme(ABC):
    """A way in which clients show who they are; `Depends(scheme)` gives what they showed.

    Two schemes are the same if they are one object.
    """

    @property
    @abstractmethod
    def openapi_scheme(self) -> dict[str, Any]:
        """A new Security Scheme Object (OpenAPI 3.1, 4.8.27)."""

    @abstractmethod
    async def __call__(self, request: HTTPConnection) -> Any:
        """Read what a request, or the handshake of a WebSocket, shows; the body is not touched."""


class MissingCredentialError(HTTPException):
    """The client did not show what the scheme wants (401).

    Args:
        detail: What is missing or wrong, for the client; never what it sent.
        headers: Headers of the answer, such as a challenge.
    """

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(401, detail, headers=headers)


class CredentialScheme(SecurityScheme, Generic[T]):
    """Base of the schemes that find credentials or refuse.

    Args:
        auto_error: Whether a client without good credentials is refused; else the scheme gives `None` for it. A
            request over a limit (its query, its cookies) is refused in any case.
    """

    def __init__(self, *, auto_error: bool = True) -> None:
        self.auto_error: bool = auto_error

    async def __call__(self, request: HTTPConnection) -> T | None:
        """Give the credentials of a request or a WebSocket, or `None` as `auto_error` says.

        Raises:
            MissingCredentialError: If there are none, or they are malformed.
        """
        try:
            return self.credentials_of(request)
        except MissingCredentialError:
            if self.auto_error:
                raise
            return None

    @abstractmethod
    def credentials_of(self, request: HTTPConnection) -> T:
        """Find the credentials.

        Raises:
            MissingCredentialError: If there are none, or they are malformed.
        """


class Credentials(msgspec.Struct, frozen=True):
    """What a client showed. The last field is the secret, which no log and no traceback shows."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # asked by rich, thus by structlog for the locals of a frame
        *shown, secret = self.__struct_fields__
        return [*((name, getattr(self, name)) for name in shown), (secret, "***")]


def is_plain(text: str) -> bool:
    """Tell whether a token or key is printable ASCII and not blank.

    Others are refused at once: many a comparison or look-up that follows would raise for them.
    """
    return text.isascii() and text.isprintable() and text.strip() != ""

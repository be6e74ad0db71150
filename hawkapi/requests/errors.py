"""What can be wrong with a request before any parameter is looked at."""

from typing import Any

from msgspec import UNSET

from hawkapi._errors import HawkAPIError


class RequestError(HawkAPIError):
    """The request cannot be read; it is answered as a problem document (RFC 9457).

    Args:
        status: HTTP status of the answer.
        title: The kind of problem.
        detail: What was found in this request.
        suffix: The end of the problem's `type`.
        headers: Sent with the answer.
    """

    def __init__(
        self, status: int, title: str, detail: str, *, suffix: str = "http", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.suffix = suffix
        self.title = title
        self.detail = detail
        self.headers = headers


class BadRequest(RequestError):  # noqa: N818  # named after what was found
    """The request breaks HTTP or a format in a way that no parameter is to blame for (400)."""

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(400, "Bad Request", detail, headers=headers)


class ClientDisconnected(BadRequest):
    """The client left before its body was complete; the answer reaches nobody."""

    def __init__(self) -> None:
        super().__init__("Client disconnected before the request body was complete")


class PayloadTooLarge(RequestError):  # noqa: N818  # named after what was found
    """The body, or something in it, is over a limit (413)."""

    def __init__(self, detail: str) -> None:
        super().__init__(413, "Payload Too Large", detail, suffix="payload-too-large")


class RequestEntityTooLarge(PayloadTooLarge):
    """The body is larger than the app allows (413).

    Args:
        max_size: The limit in bytes.
    """

    def __init__(self, max_size: int) -> None:
        super().__init__(f"Request body exceeds maximum size of {max_size} bytes")
        self.max_size = max_size


class URITooLong(RequestError):  # noqa: N818  # named after what was found
    """The path or the query string is over a limit (414)."""

    def __init__(self, detail: str) -> None:
        super().__init__(414, "URI Too Long", detail)


class HeaderFieldsTooLarge(RequestError):  # noqa: N818  # named after what was found
    """A header is over a limit (431)."""

    def __init__(self, detail: str) -> None:
        super().__init__(431, "Request Header Fields Too Large", detail)


class MalformedBody(HawkAPIError):  # noqa: N818  # named after what was found
    """The body is not what it should be; it is answered as a validation problem.

    Args:
        field: `$` for the body as a whole, else the name of a form field.
        message: What is wrong, in words.
        value: The offending value, `msgspec.UNSET` where there is none to show.
    """

    def __init__(self, field: str, message: str, value: Any = UNSET) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
        self.value = value

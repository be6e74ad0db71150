"""What every response is."""

from collections.abc import Mapping
from typing import ClassVar, cast

from hawkapi._types import Receive, Scope, Send


class BaseResponse:
    """An answer to a request: an ASGI app that ends the exchange.

    Args:
        status_code: 100 to 599.
        headers: Copied to `headers`, a dict that may be changed until the response is sent.
        content_type: The media type of the content, unless `headers` names one; `None` for none.

    Raises:
        ValueError: If the status is out of range.

    Attributes:
        is_stream: The body is made while it is sent: what the handler depends on stays open until then.
    """

    is_stream: ClassVar[bool] = False

    def __init__(self, status_code: int, headers: Mapping[str, str] | None, content_type: str | None) -> None:
        if not 100 <= status_code <= 599:
            raise ValueError(f"status_code must be within 100..599, not {status_code}")
        self.status_code = status_code
        self.headers: dict[str, str] = {} if headers is None else dict(headers)
        self.content_type = content_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer.

        Raises:
            ValueError: If the name of a header is no token; nothing was sent then.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it is sent")


def as_bytes(content: object) -> bytes:
    """Give content as the bytes that are sent; text is UTF-8.

    Raises:
        TypeError: If it is neither text nor bytes.
    """
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, (bytearray, memoryview)):
        return bytes(cast("bytearray", content))
    raise TypeError(f"content must be str or bytes, not {type(content).__name__}; for JSON return the value itself")

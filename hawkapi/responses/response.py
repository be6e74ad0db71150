"""The response whose body is known."""

from collections.abc import Mapping

from hawkapi._types import Receive, Scope, Send
from hawkapi.responses.base import BaseResponse, as_bytes
from hawkapi.responses.head import allows_body, response_head


class Response(BaseResponse):
    """A response with a body that is known: two messages, and nothing is received.

    Args:
        content: The body; text is sent as UTF-8.
        status_code: 100 to 599; 1xx, 204 and 304 go out without the body.
        headers: Further headers. Control characters but tabs are removed from values when they are sent.
        content_type: The media type, unless `headers` names one; `None` for none.

    Raises:
        ValueError: If the status is out of range.
        TypeError: If the content is neither text nor bytes.
    """

    def __init__(
        self,
        content: str | bytes = b"",
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = "text/plain; charset=utf-8",
    ) -> None:
        super().__init__(status_code, headers, content_type)
        self.body: bytes = as_bytes(content)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - an ASGI app
        """Send head and body; for HEAD the head of GET and an empty body."""
        status, body = self.status_code, self.body
        to_head = scope.get("method") == "HEAD"
        headers = response_head(status, self.headers, content_type=self.content_type, length=len(body), to_head=to_head)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if to_head or not allows_body(status) else body})

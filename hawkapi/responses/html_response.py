"""HTML."""

from collections.abc import Mapping

from hawkapi.responses.response import Response


class HTMLResponse(Response):
    """A page of HTML, sent as it is: escape what comes from outside.

    Args:
        content: The page; text is sent as UTF-8.
        status_code: 100 to 599.
        headers: Further headers.

    Raises:
        ValueError: If the status is out of range.
    """

    def __init__(
        self, content: str | bytes = "", *, status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(content, status_code=status_code, headers=headers, content_type="text/html; charset=utf-8")

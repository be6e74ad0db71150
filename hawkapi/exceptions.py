"""The exception that a handler answers with."""

from collections.abc import Mapping

from hawkapi._errors import HawkAPIError
from hawkapi.responses.problem import phrase, problem_response
from hawkapi.responses.response import Response


class HTTPException(HawkAPIError):  # noqa: N818 - the field's name for it
    """End the request with a problem document (RFC 9457).

    Args:
        status_code: 100 to 599.
        detail: What happened, for the client; left out of the document when empty.
        headers: Headers of the answer.

    Raises:
        ValueError: If the status is out of range.
    """

    def __init__(self, status_code: int, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        if not 100 <= status_code <= 599:
            raise ValueError(f"status_code must be within 100..599, not {status_code}")
        super().__init__(status_code, detail)
        self.status_code = status_code
        self.detail = detail
        self.headers = headers

    def __str__(self) -> str:
        return f"{self.status_code}: {self.detail or phrase(self.status_code)}"

    def to_response(self) -> Response:
        """Make the answer: the problem document with these headers."""
        status = self.status_code
        return problem_response("http", phrase(status), status, detail=self.detail or None, headers=self.headers)

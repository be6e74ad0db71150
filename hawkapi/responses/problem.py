"""Problem documents (RFC 9457): how the framework says that something went wrong."""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec.json import encode

from hawkapi.responses.response import Response

if TYPE_CHECKING:
    from hawkapi.requests.errors import RequestError

PROBLEM_TYPE = "application/problem+json"
_TYPE_BASE = "https://hawkapi.ashimov.com/errors/"


def phrase(status: int) -> str:
    """Give the reason phrase of a status code (RFC 9110), or `Error` where there is none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


@lru_cache(maxsize=512)
def problem_prefix(suffix: str, title: str, status: int) -> bytes:
    """Encode the members that a kind of problem always has, without the closing brace."""
    return encode({"type": _TYPE_BASE + suffix, "title": title, "status": status})[:-1]


def problem_body(
    suffix: str, title: str, status: int, *, detail: str | None = None, errors: bytes | None = None
) -> bytes:
    """Encode a problem document; `None` leaves a member out.

    Args:
        suffix: The end of `type` (`"not-found"`).
        title: The kind of problem, the same at every occurrence.
        status: The HTTP status.
        detail: This occurrence, in words.
        errors: The member `errors`, already encoded as JSON.
    """
    body = problem_prefix(suffix, title, status)
    if detail is not None:
        body += b',"detail":' + _encoded(detail)
    if errors is not None:
        body += b',"errors":' + errors
    return body + b"}"


def _encoded(text: str) -> bytes:
    try:
        return encode(text)
    except UnicodeEncodeError:  # a lone surrogate, as a path may bring: it must not turn a 404 into a 500
        return encode(text.encode("utf-8", "replace").decode())


def problem_response(
    suffix: str, title: str, status: int, *, detail: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Make the response that sends a problem document.

    Args:
        suffix: The end of `type`.
        title: The kind of problem.
        status: The HTTP status, of the answer too.
        detail: This occurrence, in words.
        headers: Further headers.
    """
    body = problem_body(suffix, title, status, detail=detail)
    return Response(body, status_code=status, headers=headers, content_type=PROBLEM_TYPE)


def refused_request(error: "RequestError") -> Response:
    """Make the response that tells a client what is wrong with its request."""
    return problem_response(error.suffix, error.title, error.status, detail=error.detail, headers=error.headers)

"""Requests whose end is a matter of opinion, and which the parser of a server lets through."""

from hawkapi._types import Scope
from hawkapi.requests.body import check_framing
from hawkapi.requests.errors import BadRequest
from hawkapi.responses.problem import refused_request
from hawkapi.responses.response import Response

_CHUNKED = (b"transfer-encoding", b"chunked")  # as h11 gives it, which knows no other


def misframed(scope: Scope) -> Response | None:
    """Give the answer to a request with both `content-length` and `transfer-encoding`, `None` for any other.

    h11 takes it as chunked; a proxy that goes by the length has another opinion on where the next request begins, so
    the connection is closed (RFC 9112 6.3). An app refuses it itself where it reads the body.

    Args:
        scope: An `http` or `websocket` scope of an h11-based server.
    """
    if scope["type"] != "http" or _CHUNKED not in scope["headers"]:
        return None
    try:
        check_framing(scope["headers"], limit=0)  # no length is asked for
    except BadRequest as error:
        return refused_request(error)
    return None

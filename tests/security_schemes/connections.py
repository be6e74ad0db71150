"""Requests and WebSockets made by hand; whoever reads or answers fails."""

from hawkapi.requests.request import Request
from hawkapi.websocket.connection import WebSocket


async def _untouched(*message):
    raise AssertionError("the connection was touched")


def request(*headers, query=b""):
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": query, "headers": list(headers)}
    return Request(scope, _untouched)


def websocket(*headers, query=b""):
    scope = {"type": "websocket", "path": "/", "query_string": query, "headers": list(headers)}
    return WebSocket(scope, _untouched, _untouched)


KINDS = [request, websocket]


def authorization(*values):
    """Make the headers, from text as latin-1."""
    return [(b"authorization", value.encode("latin-1")) for value in values]

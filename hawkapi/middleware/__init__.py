"""Middleware: what is wrapped round an app, a router or a route."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.middleware.base import Middleware as Middleware
    from hawkapi.middleware.entry import MiddlewareEntry as MiddlewareEntry
    from hawkapi.middleware.response_head import ResponseHead as ResponseHead
    from hawkapi.middleware.response_head import ResponseHeaders as ResponseHeaders

__all__ = ["Middleware", "MiddlewareEntry", "ResponseHead", "ResponseHeaders"]

_TABLE = {
    "Middleware": "hawkapi.middleware.base",
    "MiddlewareEntry": "hawkapi.middleware.entry",
    "ResponseHead": "hawkapi.middleware.response_head",
    "ResponseHeaders": "hawkapi.middleware.response_head",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

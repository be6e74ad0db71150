"""Middleware: what is wrapped round an app, a router or a route."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.middleware.base import Middleware as Middleware
    from hawkapi.middleware.compression import CompressionMiddleware as CompressionMiddleware
    from hawkapi.middleware.cors import CORSMiddleware as CORSMiddleware
    from hawkapi.middleware.csrf import CSRFMiddleware as CSRFMiddleware
    from hawkapi.middleware.csrf import csrf_token as csrf_token
    from hawkapi.middleware.debug import DebugMiddleware as DebugMiddleware
    from hawkapi.middleware.entry import MiddlewareEntry as MiddlewareEntry
    from hawkapi.middleware.error_handler import ErrorHandlerMiddleware as ErrorHandlerMiddleware
    from hawkapi.middleware.gzip import GZipMiddleware as GZipMiddleware
    from hawkapi.middleware.https_redirect import HTTPSRedirectMiddleware as HTTPSRedirectMiddleware
    from hawkapi.middleware.request_id import RequestIDMiddleware as RequestIDMiddleware
    from hawkapi.middleware.request_limits import RequestLimitsMiddleware as RequestLimitsMiddleware
    from hawkapi.middleware.response_head import ResponseHead as ResponseHead
    from hawkapi.middleware.response_head import ResponseHeaders as ResponseHeaders
    from hawkapi.middleware.security_headers import SecurityHeadersMiddleware as SecurityHeadersMiddleware
    from hawkapi.middleware.session import SessionMiddleware as SessionMiddleware
    from hawkapi.middleware.session_data import Session as Session
    from hawkapi.middleware.session_store import MemorySessionStore as MemorySessionStore
    from hawkapi.middleware.session_store import SessionStore as SessionStore
    from hawkapi.middleware.timing import TimingMiddleware as TimingMiddleware
    from hawkapi.middleware.trusted_host import TrustedHostMiddleware as TrustedHostMiddleware
    from hawkapi.middleware.trusted_proxy import TrustedProxyMiddleware as TrustedProxyMiddleware

__all__ = [
    "CORSMiddleware",
    "CSRFMiddleware",
    "CompressionMiddleware",
    "DebugMiddleware",
    "ErrorHandlerMiddleware",
    "GZipMiddleware",
    "HTTPSRedirectMiddleware",
    "MemorySessionStore",
    "Middleware",
    "MiddlewareEntry",
    "RequestIDMiddleware",
    "RequestLimitsMiddleware",
    "ResponseHead",
    "ResponseHeaders",
    "SecurityHeadersMiddleware",
    "Session",
    "SessionMiddleware",
    "SessionStore",
    "TimingMiddleware",
    "TrustedHostMiddleware",
    "TrustedProxyMiddleware",
    "csrf_token",
]

_TABLE = {
    "CORSMiddleware": "hawkapi.middleware.cors",
    "CSRFMiddleware": "hawkapi.middleware.csrf",
    "CompressionMiddleware": "hawkapi.middleware.compression",
    "DebugMiddleware": "hawkapi.middleware.debug",
    "ErrorHandlerMiddleware": "hawkapi.middleware.error_handler",
    "GZipMiddleware": "hawkapi.middleware.gzip",
    "HTTPSRedirectMiddleware": "hawkapi.middleware.https_redirect",
    "MemorySessionStore": "hawkapi.middleware.session_store",
    "Middleware": "hawkapi.middleware.base",
    "MiddlewareEntry": "hawkapi.middleware.entry",
    "RequestIDMiddleware": "hawkapi.middleware.request_id",
    "RequestLimitsMiddleware": "hawkapi.middleware.request_limits",
    "ResponseHead": "hawkapi.middleware.response_head",
    "ResponseHeaders": "hawkapi.middleware.response_head",
    "SecurityHeadersMiddleware": "hawkapi.middleware.security_headers",
    "Session": "hawkapi.middleware.session_data",
    "SessionMiddleware": "hawkapi.middleware.session",
    "SessionStore": "hawkapi.middleware.session_store",
    "TimingMiddleware": "hawkapi.middleware.timing",
    "TrustedHostMiddleware": "hawkapi.middleware.trusted_host",
    "TrustedProxyMiddleware": "hawkapi.middleware.trusted_proxy",
    "csrf_token": "hawkapi.middleware.csrf",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

"""The arguments of the built-ins, as the table of the contract has them."""

import pytest

from tests.middleware.built_ins import each, parameters, required

REQUIRED = object()
TABLE = {
    "CORSMiddleware": {
        "allow_origins": None,
        "allow_methods": None,
        "allow_headers": None,
        "allow_credentials": False,
        "expose_headers": None,
        "max_age": 600,
    },
    "CSRFMiddleware": {
        "secret": REQUIRED,
        "cookie_name": "csrftoken",
        "header_name": "x-csrf-token",
        "safe_methods": {"GET", "HEAD", "OPTIONS", "TRACE"},
        "cookie_path": "/",
        "cookie_httponly": False,
        "cookie_secure": True,
        "cookie_samesite": "lax",
    },
    "CompressionMiddleware": {"minimum_size": 500, "encodings": None},
    "DebugMiddleware": {"prefix": "/_debug", "enabled": True},
    "ErrorHandlerMiddleware": {"debug": False},
    "GZipMiddleware": {"minimum_size": 500, "compresslevel": 6},
    "HTTPSRedirectMiddleware": {"redirect_status_code": 307},
    "RequestIDMiddleware": {"header_name": "x-request-id"},
    "RequestLimitsMiddleware": {"max_query_length": 2048, "max_headers_count": 100, "max_header_size": 8192},
    "SecurityHeadersMiddleware": {
        "content_type_options": "nosniff",
        "frame_options": "DENY",
        "xss_protection": "1; mode=block",
        "hsts": None,
        "referrer_policy": "strict-origin-when-cross-origin",
        "permissions_policy": None,
        "content_security_policy": None,
    },
    "SessionMiddleware": {
        "secret_key": REQUIRED,
        "session_cookie": "session",
        "max_age": 1209600,
        "path": "/",
        "httponly": True,
        "secure": True,
        "samesite": "lax",
    },
    "TimingMiddleware": {"header_name": "x-process-time"},
    "TrustedHostMiddleware": {"allowed_hosts": None},
    "TrustedProxyMiddleware": {"trusted_proxies": None},
}
BESIDE = {"clock", "store"}
"""Arguments of ours, which the table has not."""


async def bare(scope, receive, send): ...


@each
def test_arguments_and_defaults_are_those_of_the_table(cls):
    found = {
        name: REQUIRED if parameter.default is parameter.empty else parameter.default
        for name, parameter in parameters(cls).items()
        if name not in BESIDE
    }
    assert found == TABLE[cls.__name__]


@each
def test_all_arguments_besides_the_app_are_keyword_only(cls):
    with pytest.raises(TypeError, match="takes 2 positional arguments but 3 "):
        cls(bare, None, **required(cls))


@each
def test_the_app_may_be_given_by_position_and_by_name(cls):
    assert cls(bare, **required(cls)).app is cls(app=bare, **required(cls)).app is bare

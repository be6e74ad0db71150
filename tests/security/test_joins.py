"""Rows of security.md about headers that come on many lines: each test bears the row's name.

What is quadratic in these takes minutes.
"""

import pytest

from hawkapi.middleware.compression import CompressionMiddleware
from hawkapi.middleware.cors import CORSMiddleware
from hawkapi.middleware.csrf import CSRFMiddleware
from hawkapi.middleware.https_redirect import HTTPSRedirectMiddleware
from hawkapi.middleware.request_id import RequestIDMiddleware
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.trusted_host import TrustedHostMiddleware
from hawkapi.middleware.vary import with_vary
from hawkapi.requests.errors import HeaderFieldsTooLarge
from hawkapi.requests.request import Request
from tests.middleware.edges import alone, get
from tests.middleware.signed import KEY

PREFLIGHT = [("origin", "https://app.example.com"), ("access-control-request-method", "GET")]
READERS = [
    (CompressionMiddleware, {"minimum_size": 0}, "accept-encoding"),
    (CORSMiddleware, {}, "access-control-request-headers"),
    (CSRFMiddleware, {"secret": KEY}, "cookie"),
    (SessionMiddleware, {"secret_key": KEY}, "cookie"),
    (HTTPSRedirectMiddleware, {}, "host"),
    (TrustedHostMiddleware, {}, "host"),
    (RequestIDMiddleware, {}, "x-request-id"),
]


@pytest.mark.parametrize("filler", [",", ";", "a,", " ,", "a;", '"', "\\", "csrftoken", "session;", "=", "\t", " "])
@pytest.mark.parametrize(("cls", "options", "name"), READERS)
async def test_cve_2025_67725_cve_2025_67726_headers_of_any_length_are_read_at_once(cls, options, name, filler):
    wire = await get(alone(cls, **options), *PREFLIGHT, (name, filler * 200_000), method="OPTIONS")
    assert wire.status < 500


@pytest.mark.parametrize("line", ["@" * 100, "," * 10, "", "a=b"], ids=len)
@pytest.mark.parametrize(("cls", "options", "name"), READERS)
async def test_cve_2025_14550_cve_2025_67725_headers_of_any_number_are_read_at_once(cls, options, name, line):
    headers = [*PREFLIGHT, *[(name, line)] * 300_000]
    wire = await get(alone(cls, **options), *headers, method="OPTIONS")
    assert wire.status < 500


@pytest.mark.parametrize("line", [b"@" * 100, b"a=b", b""], ids=len)
def test_cve_2025_14550_cve_2025_67725_cookies_of_any_number_are_too_large_at_once(line):
    request = Request({"type": "http", "path": "/", "headers": [(b"cookie", line)] * 300_000}, None)
    with pytest.raises(HeaderFieldsTooLarge):
        _ = request.cookies


@pytest.mark.parametrize("line", [b"@" * 100, b"a," * 10, b""], ids=len)
def test_cve_2025_67725_a_vary_of_any_number_of_lines_is_appended_to_at_once(line):
    headers = [*[(b"vary", line)] * 300_000, (b"vary", b"b")]
    assert with_vary(headers, b"Origin") == [*headers[:-1], (b"vary", b"b, Origin")]


def test_cve_2025_67725_a_vary_of_any_length_is_appended_to_at_once():
    assert with_vary([(b"vary", b"a," * 500_000)], b"Origin") == [(b"vary", b"a," * 500_000 + b", Origin")]

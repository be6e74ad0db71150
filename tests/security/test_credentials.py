"""Rows of security.md about credentials and permissions: each test bears the row's name."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.requests.request import Request
from hawkapi.security.api_key import APIKeyCookie, APIKeyHeader, APIKeyQuery
from hawkapi.security.base import MissingCredentialError
from hawkapi.security.compare import constant_time_equal
from hawkapi.security.http_basic import HTTPBasic, HTTPBasicCredentials
from hawkapi.security.http_bearer import HTTPBearer, HTTPBearerCredentials
from hawkapi.security.oauth2 import OAuth2PasswordBearer
from hawkapi.security.permissions import PermissionPolicy
from hawkapi.testing.client import TestClient
from hawkapi.testing.websocket import WebSocketDenied
from hawkapi.websocket.connection import WebSocket
from tests.asgi import http_scope

SCHEMES = [
    HTTPBearer(),
    HTTPBasic(),
    OAuth2PasswordBearer("/token"),
    APIKeyHeader("X-Key"),
    APIKeyQuery("key"),
    APIKeyCookie("key"),
]


async def _receive():
    raise AssertionError("the body was touched")


def made(*headers, query=b""):
    return Request({"type": "http", "path": "/", "headers": list(headers), "query_string": query}, _receive)


def outcome(scheme, connection):
    """Give the credentials, or the text of the 401."""
    try:
        return scheme.credentials_of(connection)
    except MissingCredentialError as error:
        return error.detail


def test_cve_2021_33880_basic_credentials_are_compared_in_constant_time(monkeypatch):
    compared = []

    def spy(given, expected):
        compared.append((given, expected))
        return given == expected

    monkeypatch.setattr("hawkapi.security.compare.compare_digest", spy)
    assert HTTPBasicCredentials("ada", "secret").matches("eve", "secret") is False
    assert compared == [(b"ada", b"eve"), (b"secret", b"secret")]


@given(st.text(), st.text())
def test_compare_digest_never_raises_for_what_a_client_sent(given, expected):
    assert constant_time_equal(given, expected) is (given == expected)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: type(scheme).__name__)
@given(
    value=st.one_of(
        st.binary(),
        st.tuples(st.sampled_from([b"Bearer ", b"Basic ", b"key="]), st.binary()).map(b"".join),
        st.tuples(st.just(b"Basic "), st.from_regex(rb"[A-Za-z0-9+/=]*", fullmatch=True)).map(b"".join),
    )
)
def test_whatever_a_client_sends_is_credentials_or_a_401(scheme, value):
    connection = made((b"authorization", value), (b"x-key", value), (b"cookie", value), query=value)
    assert outcome(scheme, connection)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: type(scheme).__name__)
@pytest.mark.parametrize("filler", [b" ", b"\t", b"=", b":", b"a", b"\xff", b"YTpi", b"a b "])
def test_linear_time_long_headers_are_read_at_once(scheme, filler):
    """What is quadratic in these takes minutes."""
    long = filler * (1 << 20)
    for prefix in [b"Bearer ", b"Basic "]:
        assert outcome(scheme, made((b"authorization", prefix + long), (b"x-key", long)))


async def test_headers_are_taken_before_the_body_is_read_trailers_are_no_credentials():
    app, bearer = HawkAPI(), HTTPBearer()

    async def reads_the_body(request: Request):
        await request.body()

    @app.post("/body")
    async def with_body(body: dict[str, int], shown: Annotated[HTTPBearerCredentials, Depends(bearer)]):
        raise AssertionError("let in")

    @app.post("/dependency", dependencies=[Depends(reads_the_body)])
    def with_dependency(shown: Annotated[HTTPBearerCredentials, Depends(bearer)]):
        raise AssertionError("let in")

    for path in ["/body", "/dependency"]:
        scope = http_scope("POST", path)
        sent = []

        async def receive(scope=scope):  # as uvicorn with httptools does
            scope["headers"].append((b"authorization", b"Bearer trailer"))
            return {"type": "http.request", "body": b'{"a":1}'}

        async def send(message, sent=sent):
            sent.append(message)

        await app(scope, receive, send)
        assert sent[0]["status"] == 401


async def test_headers_a_trailer_cannot_take_the_place_of_credentials():
    request = made((b"authorization", b"Bearer head"))
    request.scope["headers"].append((b"authorization", b"Bearer trailer"))
    with pytest.raises(MissingCredentialError):
        await HTTPBearer()(request)


@pytest.mark.parametrize("mode", ["all", "any"])
async def test_fail_closed_a_permission_resolver_that_fails_lets_nobody_through(mode, caplog):
    def fails(request):
        raise ConnectionError("the database is gone")

    for resolver in [fails, lambda request: None, lambda request: "admin"]:
        with pytest.raises(HTTPException) as caught:
            await PermissionPolicy(resolver, mode=mode).check(made(), ["admin"])
        assert caught.value.status_code == 403
        assert "database" not in caught.value.detail
    assert len(caplog.records) == 3


@pytest.mark.parametrize("policy", [None, PermissionPolicy(lambda request: None), PermissionPolicy(len, mode="any")])
def test_fail_closed_without_a_policy_that_works_every_way_in_is_closed(policy, hawk_backend, caplog):
    app, ran = HawkAPI(), []
    app.permission_policy = policy

    async def dependency(n: int):
        ran.append(n)

    @app.get("/x", permissions=["a"], dependencies=[Depends(dependency)])
    def handler(n: int):
        ran.append(n)

    @app.websocket("/ws", permissions=["a"])
    async def feed(ws: WebSocket, n: Annotated[None, Depends(dependency)]):
        ran.append(ws)

    backend, options = hawk_backend
    client = TestClient(app, backend=backend, backend_options=options)
    assert [client.get("/x").status_code, client.head("/x").status_code] == [403, 403]
    assert client.get("/x").json()["detail"].startswith("Insufficient permissions")
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/ws"):
        pass
    assert denied.value.response.status_code == 403
    assert ran == []
    assert "ERROR" in {record.levelname for record in caplog.records}


def test_fail_closed_an_empty_secret_is_refused():
    assert HTTPBasicCredentials("admin", "").matches("admin", "") is False


@pytest.mark.parametrize("scheme", [APIKeyHeader("X-Key"), APIKeyQuery("key"), APIKeyCookie("key"), HTTPBearer()])
@pytest.mark.parametrize("key", [b"", b" ", b"\t"])
async def test_fail_closed_an_empty_key_never_reaches_the_comparison(scheme, key):
    connection = made(
        (b"x-key", key), (b"cookie", b"key=" + key), (b"authorization", b"Bearer " + key), query=b"key=" + key
    )
    with pytest.raises(MissingCredentialError):
        await scheme(connection)

"""Contract 8: the six security schemes."""

from base64 import b64encode
from typing import Annotated

import pytest

from hawkapi import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    Depends,
    HawkAPI,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    HTTPBearerCredentials,
    OAuth2PasswordBearer,
    Request,
    SecurityScheme,
)
from hawkapi.security.api_key import MissingCredentialError
from tests.asgi import call, http_scope


def basic(text):
    return f"Basic {b64encode(text.encode()).decode()}"


async def test_the_example():
    app = HawkAPI()
    auth = HTTPBearer()

    @app.get("/protected")
    async def protected(credentials=Depends(auth)):
        return {"token": credentials.credentials}

    assert (await call(app, "GET", "/protected", headers=[("authorization", "Bearer t")])).json() == {"token": "t"}
    answer = await call(app, "GET", "/protected")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json() == {
        "type": "https://hawkapi.ashimov.com/errors/http",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Missing Authorization header",
    }


SCHEMES = {
    "bearer": HTTPBearer,
    "basic": HTTPBasic,
    "header": lambda **options: APIKeyHeader("X-Key", **options),
    "query": lambda **options: APIKeyQuery("key", **options),
    "cookie": lambda **options: APIKeyCookie("key", **options),
    "oauth2": lambda **options: OAuth2PasswordBearer("/token", **options),
}


async def asked(scheme, headers=(), query=b"", **options):
    scope = http_scope("GET", "/", headers=headers, query=query)
    return await SCHEMES[scheme](**options)(Request(scope, None))


def authorization(value):
    return [("authorization", value)]


GOOD = [
    ("bearer", authorization("Bearer t"), b"", HTTPBearerCredentials("Bearer", "t")),
    ("bearer", authorization("bEaReR t"), b"", HTTPBearerCredentials("bEaReR", "t")),
    ("basic", authorization(basic("ada:secret")), b"", HTTPBasicCredentials("ada", "secret")),
    ("basic", authorization(basic("ada:se:cr:et")), b"", HTTPBasicCredentials("ada", "se:cr:et")),
    ("basic", authorization(basic("ada:s").replace("Basic", "BASIC")), b"", HTTPBasicCredentials("ada", "s")),
    ("header", [("x-key", "k")], b"", "k"),
    ("query", [], b"key=k", "k"),
    ("cookie", [("cookie", "key=k")], b"", "k"),
    ("oauth2", authorization("Bearer t"), b"", "t"),
    ("oauth2", authorization("bearer t"), b"", "t"),
]


@pytest.mark.parametrize(("scheme", "headers", "query", "found"), GOOD)
async def test_what_it_returns(scheme, headers, query, found):
    assert await asked(scheme, headers, query) == found


BAD = [
    ("bearer", [], b"", "Missing Authorization header", "Bearer"),
    ("bearer", authorization(""), b"", "Missing Authorization header", "Bearer"),
    ("bearer", authorization("Basic t"), b"", "Invalid Authorization header format", "Bearer"),
    ("bearer", authorization("Bearer"), b"", "Invalid Authorization header format", "Bearer"),
    ("bearer", authorization("Bearer  "), b"", "Invalid Authorization header format", "Bearer"),
    ("bearer", authorization("Bearer a b"), b"", "Invalid Authorization header format", "Bearer"),
    ("basic", [], b"", "Missing Authorization header", "Basic"),
    ("basic", authorization("Bearer t"), b"", "Invalid Authorization header format", "Basic"),
    ("basic", authorization("Basic %%%"), b"", "Invalid base64 encoding", "Basic"),
    ("basic", authorization(basic("ada")), b"", "Invalid credentials format", "Basic"),
    ("header", [], b"", "Missing header: X-Key", None),
    ("header", [("x-key", " ")], b"", "Missing header: X-Key", None),
    ("query", [], b"", "Missing query parameter: key", None),
    ("query", [], b"key=", "Missing query parameter: key", None),
    ("query", [], b"key=%20", "Missing query parameter: key", None),
    ("cookie", [], b"", "Missing cookie: key", None),
    ("cookie", [("cookie", "key=")], b"", "Missing cookie: key", None),
    ("oauth2", [], b"", "Not authenticated", "Bearer"),
    ("oauth2", authorization("Basic t"), b"", "Invalid authentication credentials", "Bearer"),
    ("oauth2", authorization("Bearer "), b"", "Invalid authentication credentials", "Bearer"),
]


@pytest.mark.parametrize(("scheme", "headers", "query", "detail", "challenge"), BAD)
async def test_what_is_missing_is_an_error(scheme, headers, query, detail, challenge):
    with pytest.raises(MissingCredentialError) as found:
        await asked(scheme, headers, query)
    assert (found.value.status_code, found.value.detail) == (401, detail)
    sent = {name.lower(): value for name, value in (found.value.headers or {}).items()}
    assert sent == ({} if challenge is None else {"www-authenticate": challenge})


@pytest.mark.parametrize(("scheme", "headers", "query", "detail", "challenge"), BAD)
async def test_it_answers_as_a_dependency(scheme, headers, query, detail, challenge):
    app = HawkAPI()

    @app.get("/")
    async def handler(found: Annotated[object, Depends(SCHEMES[scheme]())]):
        """Is not called."""

    answer = await call(app, "GET", "/", headers=headers, query=query)
    assert (answer.status, answer.json()["detail"]) == (401, detail)
    assert answer.headers.get("www-authenticate") == challenge


@pytest.mark.parametrize(("scheme", "headers", "query", "detail", "challenge"), BAD)
async def test_without_auto_error_it_is_none(scheme, headers, query, detail, challenge):
    assert await asked(scheme, headers, query, auto_error=False) is None


@pytest.mark.parametrize(
    ("scheme", "openapi"),
    [
        ("bearer", {"type": "http", "scheme": "bearer"}),
        ("basic", {"type": "http", "scheme": "basic"}),
        ("header", {"type": "apiKey", "in": "header", "name": "X-Key"}),
        ("query", {"type": "apiKey", "in": "query", "name": "key"}),
        ("cookie", {"type": "apiKey", "in": "cookie", "name": "key"}),
        ("oauth2", {"type": "oauth2", "flows": {"password": {"tokenUrl": "/token", "scopes": {}}}}),
    ],
)
def test_what_it_is_in_openapi(scheme, openapi):
    assert SCHEMES[scheme]().openapi_scheme == openapi


def test_the_base_is_abstract():
    with pytest.raises(TypeError):
        SecurityScheme()
    assert all(isinstance(make(), SecurityScheme) for make in SCHEMES.values())


async def test_a_scheme_of_ones_own_is_asked_first_as_well():
    class Signed(SecurityScheme):
        @property
        def openapi_scheme(self):
            return {"type": "apiKey", "in": "header", "name": "x-signature"}

        async def __call__(self, request):
            if request.headers.get("x-signature") != "good":
                raise MissingCredentialError("Not signed")
            return "signed"

    app = HawkAPI()

    @app.get("/")
    async def handler(q: int, found: Annotated[str, Depends(Signed())]):
        return found

    answer = await call(app, "GET", "/", query=b"q=x")
    assert (answer.status, answer.json()["detail"]) == (401, "Not signed")
    assert (await call(app, "GET", "/", query=b"q=1", headers=[("x-signature", "good")])).json() == "signed"

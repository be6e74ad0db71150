import pytest

from hawkapi.exceptions import HTTPException
from hawkapi.security.api_key import APIKeyCookie, APIKeyHeader, APIKeyQuery
from hawkapi.security.base import Credentials, MissingCredentialError, SecurityScheme
from hawkapi.security.http_basic import HTTPBasic
from hawkapi.security.http_bearer import HTTPBearer
from hawkapi.security.oauth2 import OAuth2PasswordBearer
from tests.security_schemes.connections import request

MADE = {
    "bearer": (HTTPBearer, {"type": "http", "scheme": "bearer"}),
    "basic": (HTTPBasic, {"type": "http", "scheme": "basic"}),
    "header": (lambda: APIKeyHeader("X-Key"), {"type": "apiKey", "in": "header", "name": "X-Key"}),
    "query": (lambda: APIKeyQuery("key"), {"type": "apiKey", "in": "query", "name": "key"}),
    "cookie": (lambda: APIKeyCookie("session"), {"type": "apiKey", "in": "cookie", "name": "session"}),
    "oauth2": (
        lambda: OAuth2PasswordBearer("/token"),
        {"type": "oauth2", "flows": {"password": {"tokenUrl": "/token", "scopes": {}}}},
    ),
}


@pytest.mark.parametrize(("make", "expected"), MADE.values(), ids=MADE)
def test_a_scheme_describes_itself_for_openapi_in_a_new_dict(make, expected):
    scheme = make()
    assert isinstance(scheme, SecurityScheme)
    assert scheme.openapi_scheme == expected
    assert scheme.openapi_scheme is not scheme.openapi_scheme


@pytest.mark.parametrize("make", [make for make, _ in MADE.values()], ids=MADE)
def test_two_schemes_are_the_same_only_if_they_are_one_object(make):
    one, other = make(), make()
    assert one == one
    assert one != other
    assert {one: 1}.get(other) is None


def test_a_scheme_needs_both_of_its_methods():
    class Half(SecurityScheme):
        async def __call__(self, request):
            return None

    with pytest.raises(TypeError, match="openapi_scheme"):
        Half()


async def test_a_scheme_of_the_users_own_needs_nothing_else():
    class Signature(SecurityScheme):
        @property
        def openapi_scheme(self):
            return {"type": "apiKey", "in": "header", "name": "X-Signature"}

        async def __call__(self, request):
            return request.headers["x-signature"]

    assert await Signature()(request((b"x-signature", b"abc"))) == "abc"


def test_a_missing_credential_is_an_http_exception():
    error = MissingCredentialError("Missing header: X", headers={"WWW-Authenticate": "Bearer"})
    assert isinstance(error, HTTPException)
    assert (error.status_code, error.detail) == (401, "Missing header: X")
    assert error.headers == {"WWW-Authenticate": "Bearer"}
    assert MissingCredentialError("x").headers is None


def test_no_repr_shows_the_secret():
    class Card(Credentials, frozen=True):
        owner: str
        number: str

    card = Card("ada", "4711")
    assert repr(card) == "Card(owner='ada', number='***')"
    assert card.__rich_repr__() == [("owner", "ada"), ("number", "***")]

from hawkapi.security.http_bearer import HTTPBearer, HTTPBearerCredentials
from tests.security_schemes.connections import authorization, request


async def test_it_gives_the_scheme_as_the_client_wrote_it_and_the_token():
    found = await HTTPBearer()(request(*authorization("bearer abc")))
    assert (found.scheme, found.credentials) == ("bearer", "abc")


def test_no_repr_shows_the_token():
    assert repr(HTTPBearerCredentials("Bearer", "abc")) == "HTTPBearerCredentials(scheme='Bearer', credentials='***')"

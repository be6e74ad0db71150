from hawkapi.security.oauth2 import OAuth2PasswordBearer
from tests.security_schemes.connections import authorization, request


async def test_it_gives_the_token_alone():
    scheme = OAuth2PasswordBearer("/token")
    assert scheme.token_url == "/token"
    assert await scheme(request(*authorization("Bearer abc"))) == "abc"

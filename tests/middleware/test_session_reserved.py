"""The key by which a signed session keeps its id is closed to handlers, wherever sessions are kept."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.middleware.csrf import CSRFMiddleware, csrf_token
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_store import MemorySessionStore
from hawkapi.requests.request import Request
from hawkapi.testing.client import TestClient
from tests.middleware.signed import KEY


@pytest.fixture(params=["signed", "stored"])
def client(request):
    app = HawkAPI()
    store = None if request.param == "signed" else MemorySessionStore()
    app.add_middleware(SessionMiddleware, secret_key=KEY, store=store)
    app.add_middleware(CSRFMiddleware, secret=KEY)

    @app.get("/")
    async def page(request: Request):
        request.scope["session"]["user"] = "ada"
        return csrf_token(request)

    @app.post("/")
    async def put(request: Request):
        with pytest.raises(ValueError, match=r"hawkapi\.id"):
            request.scope["session"]["hawkapi.id"] = "x"
        request.scope["session"]["more"] = 1
        return dict(request.scope["session"])

    return TestClient(app)


def test_a_handler_that_puts_something_there_gets_an_error_and_the_session_keeps_its_id(client):
    token = client.get("/").json()
    for _ in range(2):  # the second time with what the first has kept
        assert client.post("/", headers={"x-csrf-token": token}).json() == {"user": "ada", "more": 1}
    assert client.get("/").json() == token

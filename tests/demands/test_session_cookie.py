"""starlette#2019, #828, #3166, #3474: a session cookie on every response, nested changes that are lost."""

import pytest

from hawkapi import HawkAPI, Request
from hawkapi.middleware.session import SessionMiddleware
from hawkapi.middleware.session_store import MemorySessionStore
from hawkapi.testing import TestClient


@pytest.fixture(params=["signed", "stored"])
def client(request):
    app = HawkAPI()
    store = MemorySessionStore() if request.param == "stored" else None
    app.add_middleware(SessionMiddleware, secret_key="k" * 32, store=store)

    @app.get("/set")
    async def write(request: Request):
        request.scope["session"]["cart"] = {"items": []}

    @app.get("/add/{item}")
    async def add(request: Request, item: str):
        request.scope["session"]["cart"]["items"].append(item)

    @app.get("/cart")
    async def read(request: Request):
        return request.scope["session"]["cart"]["items"]

    @app.get("/plain")
    async def plain():
        return 1

    return TestClient(app)


def test_starlette_2019_828_the_cookie_is_set_when_the_data_has_changed_and_not_else(client):
    assert "set-cookie" in client.get("/set").headers
    assert "set-cookie" not in client.get("/cart").headers
    assert "set-cookie" not in client.get("/plain").headers


def test_starlette_3166_an_answer_varies_by_cookie_when_the_session_was_looked_into_and_not_else(client):
    assert "Cookie" in client.get("/set").headers["vary"]
    assert "Cookie" in client.get("/cart").headers["vary"]
    assert "Cookie" not in client.get("/plain").headers.get("vary", "")


def test_starlette_3474_nested_changes_are_kept(client):
    client.get("/set")
    client.get("/add/a")
    client.get("/add/b")
    assert client.get("/cart").json() == ["a", "b"]

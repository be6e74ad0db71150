"""Contract 2.12: URLs by name."""

import pytest

from hawkapi import HawkAPI, Request, Router
from tests.app.wire import Wire
from tests.asgi import call, http_scope


@pytest.fixture
def app():
    app = HawkAPI(prefix="/api")
    items = Router(prefix="/items")

    @items.get("/{item_id:int}/{name}", name="item")
    async def get_item(item_id: int, name: str, request: Request):
        return request.url_for("item", item_id=item_id + 1, name=name)

    @app.get("/one", name="twice")
    @app.get("/two", name="twice")
    async def both():
        """Has a name that two routes share."""

    app.include_router(items)
    return app


def test_the_path_of_a_route(app):
    assert app.url_for("item", item_id=5, name="a") == "/api/items/5/a"


def test_it_is_percent_encoded(app):
    assert app.url_for("item", item_id=5, name="a b?ü") == "/api/items/5/a%20b%3F%C3%BC"


def test_converters_are_checked(app):
    with pytest.raises(ValueError, match="item_id"):
        app.url_for("item", item_id="x", name="a")


@pytest.mark.parametrize(
    ("name", "params"),
    [("nothing", {}), ("item", {"item_id": 5}), ("item", {"item_id": 5, "name": "a", "more": 1}), ("twice", {})],
)
def test_what_is_wrong_is_a_lookup_error_that_names_the_candidates(app, name, params):
    with pytest.raises(LookupError) as found:
        app.url_for(name, **params)
    text = str(found.value)
    assert "/one" in text and "/two" in text if name == "twice" else "item" in text


async def test_the_url_of_a_request_is_absolute(app):
    scope = http_scope("GET", "/base/api/items/5/a", headers=[("host", "api.example.com")])
    wire = Wire()
    await app(scope | {"scheme": "https", "root_path": "/base"}, wire.receive, wire.send)
    assert wire.body == b'"https://api.example.com/base/api/items/6/a"'


async def test_the_url_of_a_request_without_a_host(app):
    assert (await call(app, "GET", "/api/items/5/a")).json() == "http://localhost/api/items/6/a"


async def test_a_handlers_name_is_the_routes(app):
    @app.get("/users/{user_id}")
    async def get_user(user_id: int):
        """Has no other name."""

    assert app.url_for("get_user", user_id=1) == "/api/users/1"

"""Contract 9: controllers."""

from threading import get_ident
from typing import Annotated

import msgspec
import pytest

from hawkapi import Container, Controller, Depends, HawkAPI, PermissionPolicy, Router, delete, get, patch, post, put
from tests.asgi import call


class CreateUser(msgspec.Struct):
    name: str


async def test_the_example():
    class UserController(Controller):
        prefix = "/users"
        tags = ["users"]  # noqa: RUF012 - the contract's text

        @get("/")
        async def list_users(self):
            return []

        @post("/")
        async def create_user(self, body: CreateUser):
            return {"id": 1}

    app = HawkAPI()
    app.include_controller(UserController)
    assert (await call(app, "GET", "/users")).json() == []
    answer = await call(app, "POST", "/users", body=b'{"name":"Ada"}')
    assert (answer.status, answer.json()) == (201, {"id": 1})
    assert (await call(app, "POST", "/users", body=b"{}")).status == 400
    assert [route.tags for route in app.routes if route.path == "/users"] == [["users"], ["users"]]


def test_a_controller_has_no_prefix_and_no_tags_by_default():
    assert (Controller.prefix, Controller.tags) == ("", [])


async def test_the_default_statuses():
    class Things(Controller):
        @get("/")
        async def get_it(self):
            return 1

        @post("/")
        async def post_it(self):
            return 1

        @put("/")
        async def put_it(self):
            return 1

        @patch("/")
        async def patch_it(self):
            return 1

        @delete("/")
        async def delete_it(self):
            return 1

    app = HawkAPI()
    app.include_controller(Things)
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    assert [(await call(app, method, "/")).status for method in methods] == [200, 200, 201, 200, 200, 204]


async def test_each_request_has_a_new_instance():
    seen = []

    class Things(Controller):
        @get("/")
        async def things(self):
            seen.append(self)

    app = HawkAPI()
    app.include_controller(Things)
    for _ in range(2):
        await call(app, "GET", "/")
    assert len({id(one) for one in seen}) == 2
    assert all(type(one) is Things for one in seen)


async def test_sync_methods_run_in_a_worker_thread():
    class Things(Controller):
        @get("/")
        def things(self):
            return get_ident()

    app = HawkAPI()
    app.include_controller(Things)
    assert (await call(app, "GET", "/")).json() != get_ident()


async def test_the_constructor_is_injected():
    class Database:
        name = "db"

    def user(x_user: str = "nobody"):
        return x_user

    class Things(Controller):
        def __init__(self, database: Database, user: Annotated[str, Depends(user)]):
            self.found = [database.name, user]

        @get("/{item_id:int}")
        async def things(self, item_id: int):
            return [*self.found, item_id]

    app = HawkAPI(container=Container())
    app.container.singleton(Database, factory=Database)
    app.include_controller(Things)
    assert (await call(app, "GET", "/5", query=b"x_user=ada")).json() == ["db", "ada", 5]


async def test_methods_have_every_option_of_a_route():
    class Out(msgspec.Struct):
        id: int

    log = []

    def check():
        log.append("checked")

    class Things(Controller):
        @get(
            "/old",
            status_code=202,
            response_model=Out,
            version="v1",
            deprecated=True,
            permissions=["read"],
            dependencies=[Depends(check)],
            name="old_things",
            tags=["old"],
        )
        async def things(self):
            """Say it is old."""
            return {"id": 1, "secret": 2}

    app = HawkAPI()
    app.permission_policy = PermissionPolicy(lambda request: ["read"])
    app.include_controller(Things)
    answer = await call(app, "GET", "/v1/old")
    assert (answer.status, answer.json(), answer.headers["deprecation"]) == (202, {"id": 1}, "true")
    assert log == ["checked"]
    (route,) = [route for route in app.routes if route.path == "/v1/old"]
    assert (route.name, route.tags, route.summary) == ("old_things", ["old"], "Say it is old.")
    assert app.url_for("old_things") == "/v1/old"


async def test_a_router_takes_controllers():
    class Things(Controller):
        prefix = "/things"
        tags = ["inner"]  # noqa: RUF012 - as the contract writes it

        @get("/")
        async def things(self):
            return 1

    app, router = HawkAPI(), Router(prefix="/api", tags=["outer"])
    router.include_controller(Things)
    app.include_router(router)
    assert (await call(app, "GET", "/api/things")).json() == 1
    assert app.routes[0].tags == ["outer", "inner"]


@pytest.mark.parametrize("what", [object, Controller(), 1, Router()])
def test_anything_else_is_refused(what):
    with pytest.raises(TypeError, match="is not a Controller subclass"):
        HawkAPI().include_controller(what)

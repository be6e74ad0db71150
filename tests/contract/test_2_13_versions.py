"""Contract 2.13: versions."""

from hawkapi import HawkAPI, Router, WebSocket
from hawkapi.routing import VersionRouter
from tests.asgi import call
from tests.websocket.wire import CONNECT, Peer


async def test_the_example():
    app = HawkAPI()

    @app.get("/users", version="v1")  # GET /v1/users
    async def list_users_v1():
        return 1

    @app.get("/users", version="v2")  # GET /v2/users
    async def list_users_v2():
        return 2

    v2 = VersionRouter("v2", prefix="/api")

    @v2.get("/users")  # GET /v2/api/users
    async def list_users():
        return 3

    app.include_router(v2)
    paths = ["/v1/users", "/v2/users", "/v2/api/users"]
    assert [(await call(app, "GET", path)).json() for path in paths] == [1, 2, 3]
    assert (await call(app, "GET", "/users")).status == 404


async def test_a_version_stands_in_front_of_the_whole_path():
    app, outer, inner = HawkAPI(prefix="/app"), Router(prefix="/outer"), Router(prefix="/inner")

    @inner.get("/users", version="v1")
    async def users():
        return 1

    outer.include_router(inner)
    app.include_router(outer)
    assert (await call(app, "GET", "/v1/app/outer/inner/users")).json() == 1


def test_a_version_router_tells_its_version():
    assert VersionRouter("v2").version == "v2"


def test_the_routes_of_a_version_router_already_read_their_whole_path():
    router = VersionRouter("v2", prefix="/api", tags=["users"])

    @router.get("/users")
    async def users():
        """Is not called."""

    (route,) = router.routes
    assert (route.path, route.version, route.tags) == ("/v2/api/users", "v2", ["users"])


async def test_a_routes_own_version_overrides_that_of_the_router():
    app, router = HawkAPI(), VersionRouter("v2", prefix="/api")

    @router.get("/users", version="v3")
    async def users():
        return 1

    app.include_router(router)
    assert (await call(app, "GET", "/v3/api/users")).json() == 1
    assert (await call(app, "GET", "/v2/api/users")).status == 404


async def test_websockets_have_versions_too():
    app, router = HawkAPI(), VersionRouter("v2")

    @router.websocket("/ws")
    async def handler(ws: WebSocket):
        await ws.accept()

    app.include_router(router)
    assert (await Peer(CONNECT).serve(app, "/v2/ws")).log == ["accept", "close 1000"]
    assert (await Peer(CONNECT).serve(app, "/ws")).log == ["close 4004"]

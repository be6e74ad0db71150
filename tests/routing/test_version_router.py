import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.routing.router import Router
from hawkapi.routing.version_router import VersionRouter


def handler(): ...


async def chat(ws): ...


async def sub_app(scope, receive, send): ...


def paths(router):
    return [route.path for route in Router.routes.fget(router)]


def test_its_routes_read_as_they_are_served():
    v2 = VersionRouter("v2", prefix="/api")
    v2.get("/users")(handler)
    [route] = v2.routes
    assert (v2.version, route.path, route.version) == ("v2", "/v2/api/users", "v2")


def test_a_version_of_the_route_overrides():
    v2 = VersionRouter("v2", prefix="/api")
    v2.get("/users", version="v3")(handler)
    assert [(route.path, route.version) for route in v2.routes] == [("/v3/api/users", "v3")]


def test_the_version_stays_in_front_through_includes():
    v2 = VersionRouter("v2", prefix="/api")
    v2.get("/")(handler)
    middle = Router(prefix="/middle")
    middle.include_router(v2)
    app = HawkAPI(prefix="/app", health_url=None, readyz_url=None, livez_url=None, startupz_url=None)
    app.include_router(middle)
    assert paths(app) == ["/v2/app/middle/api"]


def test_what_it_includes_gets_the_version():
    inner = Router(prefix="/in")
    inner.get("/plain")(handler)
    inner.get("/own", version="v1")(handler)
    v2 = VersionRouter("v2", prefix="/api")
    v2.include_router(inner)
    assert paths(v2) == ["/v2/api/in/plain", "/v1/api/in/own"]


def test_a_version_router_in_another_keeps_its_version():
    v1, v2 = VersionRouter("v1"), VersionRouter("v2", prefix="/api")
    v1.get("/x")(handler)
    v2.include_router(v1)
    assert paths(v2) == ["/v1/api/x"]


def test_websockets_and_mounts_have_the_version_in_front_too():
    v2 = VersionRouter("v2", prefix="/api")
    v2.websocket("/ws")(chat)
    v2.mount("/static", sub_app)
    outer = Router(prefix="/app")
    outer.include_router(v2)
    assert [route.path for route in outer.websocket_routes] == ["/v2/app/api/ws"]
    assert [mount.path for mount in outer._registration.mounts] == ["/v2/app/api/static"]


def test_a_mount_at_its_root_is_under_the_version():
    v2 = VersionRouter("v2")
    v2.mount("/", sub_app)
    assert [mount.path for mount in v2._registration.mounts] == ["/v2"]


def test_it_takes_the_options_of_a_router():
    shared = {"dependencies": [Depends(handler)], "permissions": ["p"], "middleware": [dict]}
    v2 = VersionRouter("v2", tags=["t"], timeout=3, **shared)
    v2.get("/x")(handler)
    [route] = v2.routes
    assert (route.tags, route.timeout, route.dependencies) == (["t"], 3, (Depends(handler),))
    assert (route.permissions, route.router_middleware) == (["p"], ((dict,),))


def test_the_same_path_in_two_versions_is_no_conflict():
    app = HawkAPI()
    app.get("/users", version="v1", name="users_v1")(handler)
    app.get("/users", version="v2", name="users_v2")(handler)
    assert app.url_for("users_v2") == "/v2/users"


@pytest.mark.parametrize("version", ["", "/v2", "v2/x", "{v}", "..", None])
def test_a_version_is_one_segment_of_a_path(version):
    with pytest.raises(ValueError, match=r"^version of a VersionRouter must be one segment of a path, as 'v1', not"):
        VersionRouter(version)

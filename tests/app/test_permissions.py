"""A route that wants permissions is closed while there is no policy (contract 8; security.md 1, "Fail closed")."""

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.plugins import Plugin
from hawkapi.routing.router import Router
from hawkapi.security.permissions import PermissionPolicy
from hawkapi.testing.client import TestClient
from hawkapi.testing.websocket import WebSocketDenied
from hawkapi.websocket.connection import WebSocket, WebSocketDisconnect
from tests.asgi import call


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_route_with_permissions_and_no_policy_refuses_everybody(method):
    app = HawkAPI()

    @app.get("/admin/{item:int}", permissions=["admin:read"])
    def admin(item: int):
        return {"secret": item}

    answer = await call(app, method, "/admin/1")
    assert answer.status == 403
    assert b"secret" not in answer.body


async def test_its_body_is_not_read():
    app = HawkAPI()

    @app.post("/admin", permissions=[])
    async def admin(body: dict[str, int]):
        return body

    assert (await call(app, "POST", "/admin", body=b"{")).json()["detail"] == "Insufficient permissions"


def test_the_start_says_so_and_names_the_handler(caplog):
    app = HawkAPI()

    @app.get("/admin", permissions=["admin:read"])
    async def admin():
        return {}

    app.seal()
    assert "/admin by admin (tests/app/test_permissions.py:" in caplog.text


def test_a_websocket_with_permissions_and_no_policy_refuses_everybody(hawk_backend):
    app = HawkAPI()

    @app.websocket("/ws", permissions=["chat"])
    async def chat(ws: WebSocket):
        await ws.accept()

    backend, options = hawk_backend
    client = TestClient(app, backend=backend, backend_options=options)
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/ws"):
        pass
    assert denied.value.code == 4003


def holds(*permissions, mode="all"):
    return PermissionPolicy(lambda connection: permissions, mode=mode)


def admin_app(policy):
    app, admin = HawkAPI(), Router(permissions=["admin"])
    app.permission_policy = policy

    @admin.get("/reports", permissions=["reports:read", "reports:all"])
    async def reports():
        return "secret"

    @admin.websocket("/live", permissions=["reports:read"])
    async def live(ws: WebSocket):
        await ws.accept()

    app.include_router(admin)
    return app


@pytest.mark.parametrize(
    ("held", "status"),
    [(["admin", "reports:all"], 200), (["admin"], 403), (["reports:read"], 403), ([], 403)],
)
async def test_a_policy_that_wants_one_of_several_wants_one_of_each_router_and_route(held, status):
    app = admin_app(holds(*held, mode="any"))
    assert (await call(app, "GET", "/reports")).status == status


async def test_a_policy_that_wants_all_wants_those_of_router_and_route():
    assert (await call(admin_app(holds("admin", "reports:read", "reports:all")), "GET", "/reports")).status == 200
    answer = await call(admin_app(holds("reports:read")), "GET", "/reports")
    assert answer.json()["detail"] == "Insufficient permissions. Missing: admin, reports:all"


async def test_the_policy_is_that_of_the_moment():
    app = admin_app(holds())
    assert (await call(app, "HEAD", "/reports")).status == 403
    app.permission_policy = holds("admin", "reports:read", "reports:all")
    assert (await call(app, "HEAD", "/reports")).status == 200


class Adds(Plugin):
    def on_route_registered(self, route):
        return msgspec.structs.replace(route, permissions=[*(route.permissions or []), "audited"])


async def test_a_permission_that_a_plugin_adds_is_wanted_besides():
    app, admin = HawkAPI(), Router(permissions=["admin"])
    app.permission_policy = holds("admin", mode="any")
    app.add_plugin(Adds())

    @admin.get("/")
    async def handler():
        return "secret"

    app.include_router(admin)
    assert (await call(app, "GET", "/")).status == 403


def test_a_websocket_wants_those_of_its_router_too(hawk_backend):
    backend, options = hawk_backend
    client = TestClient(admin_app(holds("reports:read")), backend=backend, backend_options=options)
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/live") as session:
        session.receive_text()
    client = TestClient(admin_app(holds("reports:read", "admin")), backend=backend, backend_options=options)
    with client.websocket_connect("/live") as session, pytest.raises(WebSocketDisconnect) as closed:
        session.receive_text()
    assert closed.value.code == 1000

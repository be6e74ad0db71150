"""A route that wants permissions is closed while there is no policy (contract 8; security.md 1, "Fail closed")."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.testing.client import TestClient
from hawkapi.testing.websocket import WebSocketDenied
from hawkapi.websocket.connection import WebSocket
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

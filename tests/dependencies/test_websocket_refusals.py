"""What refuses a WebSocket before it is accepted, and how: an HTTP answer where the server takes one, else a close."""

from typing import Annotated

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.security.api_key import APIKeyHeader
from hawkapi.security.http_bearer import HTTPBearer
from hawkapi.security.permissions import PermissionPolicy
from tests.dependencies.cleanup import KINDS, logged
from tests.websocket.wire import CONNECT, DENIAL, Peer


async def refusals(app, **scope):
    """Connect to a server that takes an answer, and to one that does not."""
    return [
        *(await Peer(CONNECT).serve(app, extensions=DENIAL, **scope)).log,
        *(await Peer(CONNECT).serve(app, **scope)).log,
    ]


def refusing(*dependencies, **options):
    """Make an app whose handler must not be called."""
    app = HawkAPI()

    @app.websocket("/ws", dependencies=[Depends(dependency) for dependency in dependencies], **options)
    async def handler(ws):
        raise AssertionError("it was called")

    return app


@pytest.mark.parametrize(
    ("status", "code"), [(401, 1008), (403, 4003), (404, 4004), (409, 1008), (500, 1011), (503, 1011)]
)
async def test_an_http_exception_of_a_dependency(status, code):
    async def refuse():
        raise HTTPException(status)

    assert await refusals(refusing(refuse)) == [f"answer {status}", f"close {code}"]


async def test_the_answer_is_the_exceptions_own():
    def refuse():
        raise HTTPException(403, "Not you", headers={"x-why": "so"})

    peer = await Peer(CONNECT).serve(refusing(refuse), extensions=DENIAL)
    assert (b"x-why", b"so") in peer.sent[0]["headers"]
    assert b'"detail":"Not you"' in peer.sent[1]["body"]


async def test_any_other_exception_of_a_dependency(caplog):
    def fail():
        raise LookupError("what now")

    assert await refusals(refusing(fail)) == ["answer 500", "close 1011"]
    assert "what now" in caplog.text


@pytest.mark.parametrize("scheme", [HTTPBearer(), APIKeyHeader("x-key")])
async def test_a_scheme(scheme):
    assert await refusals(refusing(scheme)) == ["answer 401", "close 1008"]


async def test_the_challenge_of_a_scheme_goes_out():
    peer = await Peer(CONNECT).serve(refusing(HTTPBearer()), extensions=DENIAL)
    assert (b"www-authenticate", b"Bearer") in peer.sent[0]["headers"]


async def test_a_scheme_lets_pass():
    app = HawkAPI()

    @app.websocket("/ws")
    async def handler(ws, credentials=Depends(HTTPBearer())):  # noqa: B008 - that style
        await ws.accept()
        await ws.send_text(credentials.credentials)

    peer = await Peer(CONNECT).serve(app, headers=[(b"authorization", b"Bearer t")])
    assert peer.sent[1]["text"] == "t"


async def test_missing_permissions():
    app = refusing(permissions=["chat"])
    app.permission_policy = PermissionPolicy(lambda ws: ["other"])
    assert await refusals(app) == ["answer 403", "close 4003"]


async def test_permissions_without_a_policy(caplog):
    assert await refusals(refusing(permissions=["chat"])) == ["answer 403", "close 4003"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_permissions_let_pass():
    app = HawkAPI()
    app.permission_policy = PermissionPolicy(lambda ws: [ws.query_params["role"]])

    @app.websocket("/ws", permissions=["chat"])
    async def handler(ws):
        await ws.accept()

    assert (await Peer(CONNECT).serve(app, query_string=b"role=chat")).log == ["accept", "close 1000"]


async def test_permissions_are_looked_at_before_schemes_and_parameters():
    app = HawkAPI()
    app.permission_policy = PermissionPolicy(lambda ws: [])

    @app.websocket("/ws", permissions=["chat"])
    async def handler(ws, n: int, credentials=Depends(HTTPBearer())):  # noqa: B008 - that style
        """Is not called."""

    assert await refusals(app, query_string=b"n=x") == ["answer 403", "close 4003"]


async def test_schemes_are_asked_before_parameters():
    app = HawkAPI()

    @app.websocket("/ws")
    async def handler(ws, n: int, credentials=Depends(HTTPBearer())):  # noqa: B008 - that style
        """Is not called."""

    assert await refusals(app, query_string=b"n=x") == ["answer 401", "close 1008"]


@pytest.mark.parametrize("query", [b"", b"n=x"])
async def test_a_bad_parameter_of_a_dependency(query):
    def dependency(n: int):
        raise AssertionError("it was called")

    assert await refusals(refusing(dependency), query_string=query) == ["answer 400", "close 1008"]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_open_is_closed(kind):
    log = []

    async def refuse():
        raise HTTPException(401)

    peer = await Peer(CONNECT).serve(refusing(logged(log, "a", kind), refuse))
    assert peer.log == ["close 1008"]
    assert log == ["a opened", "a HTTPException"]


async def test_no_generator_is_open_where_a_parameter_is_bad():
    log = []
    app = HawkAPI()

    @app.websocket("/ws", dependencies=[Depends(logged(log, "a"))])
    async def handler(ws, n: int):
        """Is not called."""

    assert (await Peer(CONNECT).serve(app)).log == ["close 1008"]
    assert log == []


async def test_a_failed_cleanup_without_an_accept(caplog):
    app = HawkAPI()

    @app.websocket("/ws")
    async def handler(ws, found: Annotated[str, Depends(logged([], "a", fails=OSError("disk full")))]):
        """Never accepts."""

    assert await refusals(app) == ["answer 500", "close 1011"]
    assert "disk full" in caplog.text

"""From a WebSocket scope to its endpoint: routes, routers, mounts, what finds nothing."""

import pytest

import hawkapi.websocket
from hawkapi import HawkAPI, Router, TestClient, WebSocket, WebSocketDisconnect
from hawkapi.app.config import Limits
from hawkapi.responses.plain_text import PlainTextResponse
from tests.websocket.wire import CONNECT, DENIAL, Peer, text


def saying(word):
    async def handler(ws):
        await ws.accept()
        await ws.send_text(f"{word} {ws.path_params}")

    return handler


async def said(app, path, **scope):
    peer = await Peer(CONNECT).serve(app, path, **scope)
    return peer.sent[1]["text"]


async def test_a_path_serves_requests_and_websockets():
    app = HawkAPI()
    app.websocket("/x")(saying("socket"))

    @app.get("/x")
    async def x():
        return "http"

    assert await said(app, "/x") == "socket {}"
    assert await said(app, "/x/") == "socket {}"
    async with TestClient(app) as client:
        assert (await client.async_get("/x")).json() == "http"


async def test_paths_match_as_those_of_requests_do():
    app = HawkAPI()
    app.websocket("/a/{name}")(saying("any"))
    app.websocket("/a/{n:int}")(saying("int"))
    app.websocket("/a/b")(saying("static"))
    assert await said(app, "/a/b") == "static {}"
    assert await said(app, "/a/5") == "int {'n': 5}"
    assert await said(app, "/a/x") == "any {'name': 'x'}"


async def test_routers_bring_their_websockets_and_prefixes():
    app, router = HawkAPI(prefix="/api"), Router(prefix="/chat")
    router.websocket("/{room}")(saying("room"))
    app.include_router(router)
    assert await said(app, "/api/chat/1") == "room {'room': '1'}"


async def test_a_root_path_is_stripped():
    app = HawkAPI()
    app.websocket("/ws")(saying("here"))
    assert await said(app, "/proxy/ws", root_path="/proxy") == "here {}"


async def test_a_mounted_app_serves_its_websockets():
    app, inner = HawkAPI(), HawkAPI()
    seen = []

    @inner.websocket("/ws")
    async def handler(ws: WebSocket):
        seen.append((ws.path, ws.url))
        await ws.accept()

    app.mount("/sub", inner)
    peer = await Peer(CONNECT).serve(app, "/sub/ws")
    assert (peer.log, seen) == (["accept", "close 1000"], [("/ws", "ws://localhost/sub/ws")])


async def test_own_routes_go_before_mounts():
    app = HawkAPI()
    app.websocket("/sub/ws")(saying("own"))
    app.mount("/sub", HawkAPI())
    assert await said(app, "/sub/ws") == "own {}"
    assert (await Peer(CONNECT).serve(app, "/sub/other")).log == ["close 4004"]


async def test_a_path_over_the_limit_is_refused_unseen():
    app = HawkAPI(limits=Limits(path=10))
    app.websocket("/{a}")(saying("a"))
    assert await said(app, "/" + "x" * 9) == "a {'a': 'xxxxxxxxx'}"
    assert (await Peer(CONNECT).serve(app, "/" + "x" * 10)).log == ["close 1008"]
    assert (await Peer(CONNECT).serve(app, "/" + "x" * 10, extensions=DENIAL)).log == ["answer 414"]


async def test_a_handler_of_404_answers_for_websockets_too():
    app = HawkAPI()

    @app.exception_handler(404)
    async def nothing(request, exc):
        return PlainTextResponse(exc.detail, status_code=410)

    peer = await Peer(CONNECT).serve(app, "/x", extensions=DENIAL)
    assert peer.log == ["answer 410"]
    assert peer.sent[1]["body"] == b"No route matches WebSocket /x"


async def test_no_route_takes_the_connect_event_and_no_more():
    peer = await Peer(CONNECT, text("a")).serve(HawkAPI(), "/x")
    assert (peer.receives, peer.log) == (1, ["close 4004"])


def test_the_test_client_talks_to_it_on_every_backend(hawk_backend):
    backend, options = hawk_backend
    app = HawkAPI()

    @app.websocket("/ws")
    async def echo(ws: WebSocket):
        await ws.accept("chat", {"x-a": "1"})
        async for message in ws:
            await ws.send_text(f"Echo: {message}")

    client = TestClient(app, backend=backend, backend_options=options)
    with client as c, c.websocket_connect("/ws", subprotocols=["chat"]) as session:
        assert (session.subprotocol, session.headers["x-a"]) == ("chat", "1")
        session.send_text("hi")
        assert session.receive_text() == "Echo: hi"
        session.send_bytes(b"hi")
        with pytest.raises(WebSocketDisconnect, match="1003"):
            session.receive_text()


def test_the_names_are_there():
    assert hawkapi.websocket.WebSocket is WebSocket
    assert hawkapi.websocket.WebSocketDisconnect is WebSocketDisconnect
    assert hawkapi.websocket.WebSocketState.CONNECTED == "connected"

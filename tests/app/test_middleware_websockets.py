"""Middleware and WebSockets: `__call__` sees them, hooks do not; what is raised refuses or closes."""

import pytest

from hawkapi import HawkAPI, HTTPException, Router, WebSocketDisconnect
from hawkapi.middleware.base import Middleware
from tests.websocket.wire import CONNECT, DENIAL, Peer, disconnect, text


class Counting(Middleware):
    """Counts the scopes that it sees, and says so in them."""

    def __init__(self, app):
        super().__init__(app)
        self.count = 0

    async def __call__(self, scope, receive, send):
        self.count += 1
        scope.setdefault("seen", []).append(self.count)
        await self.app(scope, receive, send)

    async def before_request(self, request):
        raise AssertionError


async def handler(ws):
    await ws.accept()
    await ws.send_json([ws.scope.get("seen"), ws.path_params])


async def said(app, path="/ws", **scope):
    peer = await Peer(CONNECT, disconnect()).serve(app, path, **scope)
    return peer.sent[1]["text"]


async def test_layers_of_app_router_and_route_see_a_websocket():
    app, router = HawkAPI(), Router(prefix="/r", middleware=[Counting])
    router.websocket("/{n:int}", middleware=[Counting])(handler)

    @router.get("/http")
    async def http():
        return 1

    app.add_middleware(Counting)
    app.include_router(router)
    assert await said(app, "/r/5") == '[[1,1,1],{"n":5}]'
    assert await said(app, "/r/5") == '[[2,2,2],{"n":5}]'


async def test_a_routers_instance_is_shared_by_requests_and_websockets():
    app, router = HawkAPI(), Router(middleware=[Counting])
    router.websocket("/ws")(handler)

    @router.websocket("/other")
    async def other(ws):
        await handler(ws)

    app.include_router(router)
    assert [await said(app), await said(app, "/other"), await said(app)] == ["[[1],{}]", "[[2],{}]", "[[3],{}]"]


async def test_middleware_of_a_route_sees_the_path_parameters_of_a_websocket():
    seen = []

    class Params(Middleware):
        async def __call__(self, scope, receive, send):
            seen.append(scope["path_params"])
            await self.app(scope, receive, send)

    app = HawkAPI()
    app.websocket("/{n:int}", middleware=[Params])(handler)
    await said(app, "/5")
    assert seen == [{"n": 5}]


async def test_hooks_do_not_see_a_websocket():
    class Never(Middleware):
        async def before_request(self, request):
            raise AssertionError

        async def after_response(self, request, response):
            raise AssertionError

    app = HawkAPI()
    app.add_middleware(Never)
    app.websocket("/ws", middleware=[Never])(handler)
    assert await said(app) == "[null,{}]"


async def test_a_root_path_is_stripped_before_the_middleware():
    app = HawkAPI()
    app.add_middleware(Counting)
    app.websocket("/ws")(handler)
    assert await said(app, "/proxy/ws", root_path="/proxy") == "[[1],{}]"


WHERE = pytest.mark.parametrize("where", ["app", "route"])


def served(cls, where):
    """Make an app with a middleware of its own, or of its route."""
    app = HawkAPI()
    if where == "app":
        app.add_middleware(cls)
    app.websocket("/{n:int}", middleware=[cls] if where == "route" else None)(handler)
    return app


@WHERE
async def test_what_is_raised_before_the_handshake_is_taken_refuses_it(where):
    class Raising(Middleware):
        async def __call__(self, scope, receive, send):
            raise HTTPException(403)

    app = served(Raising, where)
    assert (await Peer(CONNECT).serve(app, "/5")).log == ["close 4003"]
    peer = await Peer(CONNECT).serve(app, "/5", extensions=DENIAL)
    assert peer.log == ["answer 403"]
    assert peer.receives == 1


class Refusing(Middleware):
    """Takes the connect event, and then refuses by an exception."""

    async def __call__(self, scope, receive, send):
        await receive()
        raise HTTPException(401, f"no {scope.get('path_params')}")


@WHERE
async def test_what_is_raised_after_the_connect_event_refuses_the_handshake(where):
    peer = await Peer(CONNECT).serve(served(Refusing, where), "/5", extensions=DENIAL)
    assert peer.log == ["answer 401"]
    assert (b"'n': 5" in peer.sent[1]["body"]) is (where == "route")


@WHERE
@pytest.mark.parametrize("at", ["websocket.accept", "websocket.send"])
async def test_what_is_raised_after_the_accept_closes_and_is_logged(where, at, caplog):
    class Talking(Middleware):
        async def __call__(self, scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            if at == "websocket.send":
                await send({"type": "websocket.send", "text": "x"})
            raise ValueError(at)

    peer = await Peer(CONNECT).serve(served(Talking, where), "/5")
    assert peer.log[-1] == "close 1011"
    assert [record.getMessage() for record in caplog.records] == ["Unhandled exception in WebSocket /5"]


@WHERE
async def test_what_is_raised_when_all_is_over_goes_on_to_the_server(where):
    class Late(Middleware):
        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)
            raise ValueError("late")

    peer = Peer(CONNECT)
    with pytest.raises(ValueError, match="late"):
        await peer.serve(served(Late, where), "/5")
    assert peer.log == ["accept", "text", "close 1000"]


@WHERE
async def test_what_is_raised_when_the_client_has_left_goes_on_to_the_server(where):
    class Listening(Middleware):
        async def __call__(self, scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            while (await receive())["type"] != "websocket.disconnect":
                pass
            raise ValueError("left")

    peer = Peer(CONNECT, text("x"), disconnect())
    with pytest.raises(ValueError, match="left"):
        await peer.serve(served(Listening, where), "/5")
    assert peer.log == ["accept"]


@WHERE
async def test_that_a_client_left_is_no_error_of_middleware(where, caplog):
    class Left(Middleware):
        async def __call__(self, scope, receive, send):
            raise WebSocketDisconnect(1001)

    assert (await Peer(CONNECT).serve(served(Left, where), "/5")).sent == []
    assert caplog.records == []


@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_what_the_server_raises_is_not_answered(nth):
    class Direct(Middleware):
        async def __call__(self, scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": "x"})
            await send({"type": "websocket.close", "code": 1000})

    app = HawkAPI()
    app.add_middleware(Direct)
    peer = Peer(CONNECT, break_send=nth)
    with pytest.raises(OSError, match="send"):
        await peer.serve(app)
    assert peer.sends == nth
    peer = Peer(OSError("receive"))
    with pytest.raises(OSError, match="receive"):
        await peer.serve(app)
    assert peer.sends == 0


async def test_a_mounted_app_has_its_middleware_too():
    app, inner = HawkAPI(), HawkAPI()
    app.add_middleware(Counting)
    inner.add_middleware(Counting)
    inner.websocket("/ws")(handler)
    app.mount("/in", inner)
    assert await said(app, "/in/ws") == "[[1,1],{}]"


async def test_middleware_sees_a_websocket_that_no_route_takes():
    app = HawkAPI()
    app.add_middleware(Counting)
    assert (await Peer(CONNECT).serve(app, "/missing")).log == ["close 4004"]

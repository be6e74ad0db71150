"""Contract 6.1: the base of middleware, and middleware of routes."""

import msgspec
import pytest
from anyio import sleep_forever

from hawkapi import HawkAPI, HTTPException, Middleware, MiddlewareEntry, Request, Response, Router, StreamingResponse
from tests.app.wire import Wire, exchange
from tests.asgi import call
from tests.websocket.wire import CONNECT, Peer


class Logging(Middleware):
    def __init__(self, app, *, log, name="m"):
        super().__init__(app)
        self.log, self.name = log, name

    async def before_request(self, request):
        self.log.append(f"{self.name} before")
        return request

    async def after_response(self, request, response):
        self.log.append(f"{self.name} after {response.status_code}")
        return response


def verify_token(token):
    return token.partition(" ")[2]


async def test_the_example():
    class AuthMiddleware(Middleware):
        async def before_request(self, request: Request) -> Request | Response:
            token = request.headers.get("authorization")
            if not token:
                return Response(status_code=401)
            request.state.user = verify_token(token)
            return request

    app = HawkAPI()
    app.add_middleware(AuthMiddleware)

    @app.get("/")
    async def handler(request: Request):
        return request.state.user

    assert (await call(app, "GET", "/")).status == 401
    assert (await call(app, "GET", "/", headers=[("authorization", "Bearer ada")])).json() == "ada"


class RateLimitMiddleware(Middleware):
    """Lets so many requests pass, for as long as it lives."""

    def __init__(self, app, *, requests_per_second=1.0):
        super().__init__(app)
        self.left = requests_per_second

    async def before_request(self, request):
        self.left -= 1
        return Response(status_code=429) if self.left < 0 else request


async def test_the_example_of_routes():
    class UploadBody(msgspec.Struct):
        name: str

    app = HawkAPI()

    @app.get("/public", middleware=[RateLimitMiddleware])
    async def public():
        return {"data": "rate-limited route"}

    @app.post("/upload", middleware=[(RateLimitMiddleware, {"requests_per_second": 2.0})])
    async def upload(body: UploadBody):
        return {"status": "ok"}

    assert [(await call(app, "GET", "/public")).status for _ in range(2)] == [200, 429]
    answers = [await call(app, "POST", "/upload", body=b'{"name":"a"}') for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 429]


@pytest.mark.parametrize("goes_on", ["request", "none"])
async def test_a_request_or_none_goes_on(goes_on):
    class Passing(Middleware):
        async def before_request(self, request):
            return request if goes_on == "request" else None

        async def after_response(self, request, response):
            return response if goes_on == "request" else None

    app = HawkAPI()
    app.add_middleware(Passing)
    app.get("/")(returning(1))
    assert (await call(app, "GET", "/")).json() == 1


def returning(value):
    async def handler():
        return value

    return handler


async def test_a_head_that_is_changed_is_sent():
    class Changing(Middleware):
        async def after_response(self, request, response):
            response.status_code = 202
            response.headers["x-a"] = "1"

    app = HawkAPI()
    app.add_middleware(Changing)
    app.get("/")(returning(1))
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.headers["x-a"], answer.body) == (202, "1", b"1")


async def test_a_response_takes_the_place_of_the_answer():
    class Replacing(Middleware):
        async def after_response(self, request, response):
            return Response(b"other", status_code=418)

    app = HawkAPI()
    app.add_middleware(Replacing)
    app.get("/")(returning([1, 2, 3]))
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (418, b"other", "5")


async def test_an_overridden_call_sees_http_and_websocket_and_no_lifespan():
    seen = []

    class Seeing(Middleware):
        async def __call__(self, scope, receive, send):
            seen.append(scope["type"])
            await self.app(scope, receive, send)

    app = HawkAPI()
    app.add_middleware(Seeing)
    app.get("/")(returning(1))

    @app.websocket("/ws")
    async def socket(ws):
        await ws.accept()

    wire = Wire({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    await app({"type": "lifespan"}, wire.receive, wire.send)
    await call(app, "GET", "/")
    await Peer(CONNECT).serve(app)
    assert seen == ["http", "websocket"]


async def test_the_hooks_are_for_http():
    app, log = HawkAPI(), []
    app.add_middleware(Logging, log=log)

    @app.websocket("/ws")
    async def socket(ws):
        await ws.accept()

    assert (await Peer(CONNECT).serve(app)).log == ["accept", "close 1000"]
    assert log == []


async def test_the_first_one_added_is_the_outermost():
    app, log = HawkAPI(), []
    app.add_middleware(Logging, log=log, name="first")
    app.add_middleware(Logging, log=log, name="second")
    app.get("/", middleware=[(Logging, {"log": log, "name": "third"}), (Logging, {"log": log, "name": "fourth"})])(
        returning(1)
    )
    await call(app, "GET", "/")
    names = ["first", "second", "third", "fourth"]
    assert log == [*(f"{name} before" for name in names), *(f"{name} after 200" for name in reversed(names))]


async def test_the_chain_is_built_once():
    made = []

    class Counted(Middleware):
        def __init__(self, app):
            super().__init__(app)
            made.append(1)

    app = HawkAPI()
    app.add_middleware(Counted)
    app.get("/", middleware=[Counted])(returning(1))
    for _ in range(3):
        await call(app, "GET", "/")
    assert made == [1, 1]


async def test_the_wrapped_app_is_looked_up_at_each_call():
    async def first(scope, receive, send):
        await Response(b"first")(scope, receive, send)

    async def second(scope, receive, send):
        await Response(b"second")(scope, receive, send)

    middleware = Middleware(first)
    bodies = [(await call(middleware, "GET", "/")).body]
    middleware.app = second
    assert [*bodies, (await call(middleware, "GET", "/")).body] == [b"first", b"second"]


async def test_used_alone_it_works_as_in_the_chain():
    log = []

    async def foreign(scope, receive, send):
        await Response(b"foreign")(scope, receive, send)

    assert (await call(Logging(foreign, log=log), "GET", "/")).body == b"foreign"
    assert log == ["m before", "m after 200"]


async def test_messages_that_pass_are_not_changed_in_place():
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}

    class Changing(Middleware):
        async def after_response(self, request, response):
            response.headers["x-a"] = "1"

    async def foreign(scope, receive, send):
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    assert (await call(Changing(foreign), "GET", "/")).headers["x-a"] == "1"
    assert start == {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}


def test_an_entry_is_a_frozen_pair():
    entry = MiddlewareEntry(Logging)
    assert (entry.cls, entry.kwargs) == (Logging, {})
    with pytest.raises(AttributeError):
        entry.cls = Middleware


async def test_bare_scopes_pass():
    class Passing(Middleware):
        async def after_response(self, request, response):
            return response

    async def foreign(scope, receive, send):
        seen.append(scope)
        if scope["type"] == "http":
            await Response()(scope, receive, send)

    seen, wire = [], Wire()
    await Passing(foreign)({"type": "websocket", "path": "/ws"}, wire.receive, wire.send)
    await Passing(foreign)({"type": "http", "headers": []}, wire.receive, wire.send)
    assert [scope["type"] for scope in seen] == ["websocket", "http"]
    assert wire.status == 200


class Watching(Middleware):
    async def after_response(self, request, response):
        response.headers["x-seen"] = "1"


async def test_several_cookies_stay_separate():
    async def foreign(scope, receive, send):
        headers = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    answer = await call(Watching(foreign), "GET", "/")
    assert [value for name, value in answer.raw if name == b"set-cookie"] == [b"a=1", b"b=2"]


async def test_streams_are_not_buffered():
    app, wire = HawkAPI(), Wire({"type": "http.request"})
    app.add_middleware(Watching)

    @app.get("/")
    async def handler():
        async def chunks():
            yield "1"
            assert wire.sent[-1]["body"] == b"1"
            yield "2"

        return StreamingResponse(chunks())

    receive = wire.receive

    async def staying():
        if not wire.messages:
            await sleep_forever()
        return await receive()

    wire.receive = staying
    await exchange(app, "GET", "/", wire=wire)
    assert (wire.headers["x-seen"], wire.body) == ("1", b"12")


async def test_the_content_length_of_a_head_is_kept():
    app = HawkAPI()
    app.add_middleware(Watching)
    app.get("/")(returning("abc"))
    answer = await call(app, "HEAD", "/")
    assert (answer.headers["content-length"], answer.headers["x-seen"], answer.body) == ("5", "1", b"")


async def test_errors_pass_through_the_hooks_too():
    app, log = HawkAPI(), []
    app.add_middleware(Logging, log=log)

    @app.get("/")
    async def handler():
        raise HTTPException(409)

    for path in ("/", "/nowhere"):
        await call(app, "GET", path)
    assert log == ["m before", "m after 409", "m before", "m after 404"]


async def test_middleware_of_a_route_is_kept_through_routers():
    app, outer, inner, log = HawkAPI(), Router(), Router(), []
    inner.get("/", middleware=[(Logging, {"log": log})])(returning(1))
    outer.include_router(inner)
    app.include_router(outer)
    assert (await call(app, "GET", "/")).json() == 1
    assert log == ["m before", "m after 200"]


def test_middleware_of_a_route_is_a_tuple_or_none():
    router = Router()
    router.get("/a", middleware=[Logging, (Logging, {"log": []})])(returning(1))
    router.get("/b")(returning(1))
    first, second = router.routes
    assert first.middleware == (Logging, (Logging, {"log": []}))
    assert second.middleware is None


async def test_what_is_set_before_the_request_is_seen_in_the_handler_and_a_read_body_too():
    class Reading(Middleware):
        async def before_request(self, request):
            request.state.size = len(await request.body())

    app = HawkAPI()
    app.add_middleware(Reading)

    @app.post("/", status_code=200)
    async def handler(body: dict[str, int], request: Request):
        return [request.state.size, body]

    assert (await call(app, "POST", "/", body=b'{"a":1}')).json() == [7, {"a": 1}]


async def test_it_applies_to_websockets_of_routes_too():
    class Refusing(Middleware):
        async def __call__(self, scope, receive, send):
            await receive()
            await send({"type": "websocket.close", "code": 4000})

    app = HawkAPI()

    @app.websocket("/ws", middleware=[Refusing])
    async def socket(ws):
        await ws.accept()

    assert (await Peer(CONNECT).serve(app)).log == ["close 4000"]

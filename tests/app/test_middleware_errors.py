"""What middleware raises is answered by the app's error table, once; what comes after the head is the server's."""

import logging

import anyio
import pytest
from anyio.lowlevel import checkpoint

from hawkapi import HawkAPI, HTTPException, JSONResponse, Request, Response, Router
from hawkapi.middleware.base import Middleware
from hawkapi.responses.file_response import FileResponse
from hawkapi.responses.streaming import StreamingResponse
from tests.app.test_faults import CancelledWire
from tests.app.wire import Broken, Wire, chunks, exchange
from tests.asgi import call, http_scope


class Before(Middleware):
    async def before_request(self, request):
        raise HTTPException(403, "before")


class After(Middleware):
    async def after_response(self, request, response):
        raise HTTPException(403, f"after {response.status_code}")


class Around(Middleware):
    async def __call__(self, scope, receive, send):
        raise HTTPException(403, "around")


class Seen(Middleware):
    """Notes the status of each answer that passes."""

    def __init__(self, app, seen):
        super().__init__(app)
        self.seen = seen

    async def after_response(self, request, response):
        self.seen.append(response.status_code)


def handlers(add):
    """Declare a route of each kind of answer."""

    @add("/plain")
    async def plain():
        return 1

    @add("/sync")
    def sync():
        return 1

    @add("/response")
    async def response():
        return Response("x")

    @add("/stream")
    async def stream():
        async def content():
            yield b"x"

        return StreamingResponse(content())

    @add("/invalid")
    async def invalid(q: int):
        """Is never called."""

    @add("/error")
    async def error():
        raise HTTPException(418)


STATUS = {"/plain": 200, "/sync": 200, "/response": 200, "/stream": 200, "/invalid": 400, "/error": 418}


@pytest.mark.parametrize("cls", [Before, Around])
async def test_what_is_raised_on_the_way_in_is_answered(cls):
    app = HawkAPI()
    app.add_middleware(cls)
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.headers["content-type"]) == (403, "application/problem+json")
    assert answer.json()["detail"] == ("before" if cls is Before else "around")


@pytest.mark.parametrize("path", [*STATUS, "/missing", "/mount"])
async def test_what_is_raised_on_the_way_out_is_answered_whatever_the_answer_was(path):
    app = HawkAPI()
    app.add_middleware(After)
    handlers(app.get)
    app.mount("/mount", Response("mounted"))
    answer = await call(app, "GET", path)
    status = STATUS.get(path, 404 if path == "/missing" else 200)
    assert (answer.status, answer.json()["detail"]) == (403, f"after {status}")


@pytest.mark.parametrize("cls", [Before, After, Around])
@pytest.mark.parametrize("of", ["route", "router"])
async def test_middleware_of_the_app_sees_what_that_of_a_route_raises_as_an_answer(cls, of):
    app, seen = HawkAPI(), []
    app.add_middleware(Seen, seen=seen)
    if of == "route":
        app.get("/", middleware=[cls])(checkpoint)
    else:
        router = Router(middleware=[cls])
        router.get("/")(checkpoint)
        app.include_router(router)
    assert (await call(app, "GET", "/")).status == 403
    assert seen == [403]


@pytest.mark.parametrize("cls", [Before, After, Around])
async def test_layers_outside_of_the_one_that_raised_are_passed_by(cls):
    app, seen = HawkAPI(), []
    app.add_middleware(Seen, seen=seen)
    app.add_middleware(cls)
    app.get("/")(checkpoint)
    assert (await call(app, "GET", "/")).status == 403
    assert seen == []


async def test_what_nobody_expected_is_a_500_and_logged(caplog):
    class Failing(Middleware):
        async def before_request(self, request):
            raise ValueError("no")

    app = HawkAPI()
    app.add_middleware(Failing)
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()["detail"]) == (500, "Internal Server Error")
    assert [record.getMessage() for record in caplog.records] == ["Unhandled exception in GET /"]


async def test_a_hook_of_the_app_that_fails_behind_a_routes_own_middleware_is_called_and_logged_once(caplog):
    calls = []

    class Failing(Middleware):
        async def after_response(self, request, response):
            calls.append(response.status_code)
            raise ValueError("no")

    inner, app = HawkAPI(), HawkAPI()
    app.add_middleware(Failing)
    app.get("/", middleware=[(Seen, {"seen": []})])(checkpoint)
    inner.add_middleware(Seen, seen=[])
    inner.get("/")(checkpoint)
    app.mount("/mount", inner)
    for path in ("/", "/mount"):
        calls.clear()
        caplog.clear()
        assert (await call(app, "GET", path)).status == 500
        assert calls == [204]
        assert len(caplog.records) == 1


async def test_a_users_handler_answers_what_middleware_raises():
    class Failing(Middleware):
        async def before_request(self, request):
            raise KeyError(request.path)

    app = HawkAPI()
    app.add_middleware(Failing)

    @app.exception_handler(KeyError)
    async def conflict(request, exc):
        return JSONResponse([request.path_params, str(exc)], status_code=409)

    app.get("/{n:int}", middleware=[Failing])(checkpoint)
    answer = await call(app, "GET", "/5")
    assert (answer.status, answer.json()) == (409, [{}, "'/5'"])
    app = HawkAPI()
    app.exception_handler(KeyError)(answer_with_params)
    app.get("/{n:int}", middleware=[Failing])(checkpoint)
    assert (await call(app, "GET", "/5")).json() == {"n": 5}


async def answer_with_params(request, exc):
    return JSONResponse(request.path_params, status_code=409)


async def test_the_answer_to_an_exception_may_use_the_body_that_middleware_has_read():
    class Failing(Middleware):
        async def before_request(self, request):
            await request.body()
            raise KeyError

    app = HawkAPI()
    app.add_middleware(Failing)

    @app.exception_handler(KeyError)
    async def stream(request, exc):
        async def content():
            yield await request.body()

        return StreamingResponse(content(), status_code=409)

    wire = await exchange(app, "POST", "/", wire=Wire(*chunks(b"a", b"b")))
    assert (wire.status, wire.body) == (409, b"ab")


async def test_a_deprecated_route_says_so_where_its_middleware_raises():
    app = HawkAPI()
    app.get("/", deprecated=True, middleware=[Before])(checkpoint)
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.headers["deprecation"]) == (403, "true")


async def test_a_hook_that_returns_what_it_may_not_is_a_500_that_is_explained_in_the_log(caplog):
    class Wrong(Middleware):
        async def before_request(self, request):
            return {"status": 401}

    app = HawkAPI()
    app.add_middleware(Wrong)
    assert (await call(app, "GET", "/")).status == 500
    assert "before_request (tests/app/test_middleware_errors.py:" in str(caplog.records[0].exc_info[1])


async def test_a_response_out_of_middleware_that_cannot_be_sent_is_answered(tmp_path, caplog):
    class Missing(Middleware):
        async def before_request(self, request):
            return FileResponse(tmp_path / "missing") if request.path == "/before" else None

        async def after_response(self, request, response):
            return FileResponse(tmp_path / "missing")

    app = HawkAPI()
    app.add_middleware(Missing)
    for path in ("/before", "/after"):
        assert (await call(app, "GET", path)).status == 500


async def test_what_is_raised_after_the_head_goes_on_to_the_server(caplog):
    class Late(Middleware):
        async def before_request(self, request):
            async def content():
                yield b"x"
                raise ValueError(request.path)

            return StreamingResponse(content()) if request.path == "/before" else None

        async def after_response(self, request, response):
            async def content():
                yield b"x"
                raise ValueError(request.path)

            return StreamingResponse(content())

    app = HawkAPI()
    app.add_middleware(Late)
    for path in ("/before", "/after"):
        wire = Wire({"type": "http.request"})
        with pytest.raises(ValueError, match=path):
            await exchange(app, "GET", path, wire=wire)
        assert wire.types == ["http.response.start", "http.response.body"]


async def test_an_error_of_a_handler_that_broke_off_is_not_answered_again(caplog):
    app = HawkAPI()
    app.add_middleware(Seen, seen=[])

    @app.get("/", middleware=[(Seen, {"seen": []})])
    async def handler():
        async def content():
            yield b"x"
            raise ValueError("broke off")

        return StreamingResponse(content())

    wire = Wire({"type": "http.request"})
    with pytest.raises(ValueError, match="broke off"):
        await exchange(app, "GET", "/", wire=wire)
    assert wire.types == ["http.response.start", "http.response.body"]


async def test_an_inner_app_that_goes_on_after_a_failed_hook_does_not_answer_twice():
    """A mounted app may catch what `send` raises, and answer by itself."""

    async def stubborn(scope, receive, send):
        for status in (200, 503):
            try:
                await Response("x", status_code=status)(scope, receive, send)
            except HTTPException:
                continue
            return

    class FailsOnce(Middleware):
        async def after_response(self, request, response):
            if response.status_code == 200:
                raise HTTPException(403)

    app = HawkAPI()
    app.add_middleware(FailsOnce)
    app.mount("/", stubborn)
    assert (await call(app, "GET", "/")).status == 503
    wire = Wire(break_send=2)
    with pytest.raises(Broken):
        await exchange(app, "GET", "/", wire=wire)
    assert wire.types == ["http.response.start"]


class Answering(Middleware):
    async def before_request(self, request):
        await request.body()
        return Response("x")


class Replacing(Middleware):
    async def after_response(self, request, response):
        return Response("x")


class Emptying(Middleware):
    async def after_response(self, request, response):
        response.status_code = 204


class Instead(Middleware):
    async def before_request(self, request):
        await request.is_disconnected()
        body = await request.body()

        async def receive():
            return {"type": "http.request", "body": body}

        return Request(request.scope, receive)


class Reading(Middleware):
    async def before_request(self, request):
        await request.body()

    async def after_response(self, request, response):
        response.headers["x-a"] = "b"


FAULTY = [Before, After, Answering, Replacing, Emptying, Instead, Reading]


def faulty(cls, where):
    """Make an app with a middleware somewhere, and one that reads round its handler; give the path, too."""
    app = outer = HawkAPI()
    outer.add_middleware(Seen, seen=[])
    if where == "mounted":
        app = HawkAPI()
        outer.mount("/in", app)
    if where != "route":
        app.add_middleware(cls)

    @app.post("/", middleware=[cls] if where == "route" else [Reading])
    async def handler(body: list[int]):
        return StreamingResponse([b"1", b"2"])

    return outer, "/in/" if where == "mounted" else "/"


WHERE = pytest.mark.parametrize("where", ["app", "route", "mounted"])


@pytest.mark.parametrize("cls", FAULTY)
@WHERE
@pytest.mark.parametrize("what", ["break_receive", "break_send"])
async def test_whichever_receive_or_send_fails_there_is_one_answer_and_nothing_leaks(cls, where, what, caplog):
    app, path = faulty(cls, where)
    for nth in range(1, 50):
        wire = Wire(*chunks(b"[1,", b"2]"), **{what: nth})
        scope = http_scope("POST", path)
        try:
            await app(scope, wire.receive, wire.send)
        except Broken:
            assert wire.broke
        assert "http.response.start" not in wire.types[1:]
        assert "hawkapi" not in scope
        assert app._in_flight.count == 0
        if not wire.broke:
            break
    else:
        raise AssertionError("the request never passed")


@pytest.mark.parametrize("cls", FAULTY)
@WHERE
async def test_whichever_await_is_cancelled_there_is_one_answer_and_nothing_leaks(cls, where, caplog):
    app, path = faulty(cls, where)
    for nth in range(1, 50):
        with anyio.CancelScope() as scope:
            wire = CancelledWire(scope, nth, chunks(b"[1,", b"2]"))
            await exchange(app, "POST", path, wire=wire)
        assert "http.response.start" not in wire.types[1:]
        assert app._in_flight.count == 0
        if not scope.cancelled_caught:
            break
    else:
        raise AssertionError("the request never passed")


async def test_an_error_is_logged_once_however_many_layers_it_passes(caplog):
    class Failing(Middleware):
        async def before_request(self, request):
            raise ValueError

    app = HawkAPI()
    for _ in range(3):
        app.add_middleware(Seen, seen=[])
    app.get("/", middleware=[(Seen, {"seen": []}), Failing])(checkpoint)
    with caplog.at_level(logging.INFO, "hawkapi"):
        await call(app, "GET", "/")
    assert len(caplog.records) == 1


async def test_an_app_with_middleware_inside_of_another_middleware_answers_for_its_own():
    inner = HawkAPI()

    class Fails(Middleware):
        async def before_request(self, request):
            raise HTTPException(418)

    class Passes(Middleware):
        async def before_request(self, request):
            return request

    inner.add_middleware(Fails)
    assert (await call(Passes(inner), "GET", "/")).status == 418

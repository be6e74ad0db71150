"""Middleware with a `__call__` of its own that has begun an answer and then raises: no other answer follows."""

from contextlib import nullcontext

import pytest

from hawkapi import HawkAPI, HTTPException, Response, Router
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.error_handler import ErrorHandlerMiddleware
from hawkapi.middleware.gzip import GZipMiddleware
from tests.app.wire import Broken, Wire, exchange

START = {"type": "http.response.start", "status": 202, "headers": []}


async def nothing():
    return {}


class Lost(Exception):
    """What the middleware raises."""


class Late(Middleware):
    async def __call__(self, scope, receive, send):
        await send(START)
        raise Lost


class PlainLate:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await send(START)
        raise Lost


def closed_late(app):
    async def late(scope, receive, send):
        await send(START)
        raise Lost

    return late


class Asks(Middleware):
    async def before_request(self, request):
        return request


class Shows(Middleware):
    async def after_response(self, request, response):
        response.headers["x-shown"] = "yes"


class Passes:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


def built_in_round_late(app):
    return GZipMiddleware(Late(app))


class AsksRoundLate(Asks):
    def __init__(self, app):
        super().__init__(Late(app))


STACKS = {
    "subclass": [Late],
    "plain class": [PlainLate],
    "function": [closed_late],
    "behind a hook for requests": [Asks, Late],
    "behind a hook for answers": [Shows, Late],
    "behind the error handler": [ErrorHandlerMiddleware, Late],
    "behind a built-in": [GZipMiddleware, Late],
    "behind its like": [Passes, Passes, Late],
    "within a built-in": [built_in_round_late],
    "within a hook": [AsksRoundLate],
}


async def lost(app, path="/", **scope):
    wire = Wire({"type": "http.request"})
    with pytest.raises(Lost):
        await exchange(app, "GET", path, wire=wire, **scope)
    return wire


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
@pytest.mark.parametrize("of", ["app", "router", "route"])
async def test_what_comes_after_the_head_is_raised_on_to_the_server(stack, of):
    app, router = HawkAPI(), Router(middleware=stack if of == "router" else None)
    for cls in stack if of == "app" else ():
        app.add_middleware(cls)
    router.get("/", middleware=stack if of == "route" else None)(nothing)
    app.include_router(router)
    wire = await lost(app)
    assert wire.types == ["http.response.start"]
    assert wire.status == 202


async def test_it_is_raised_on_below_a_root_path_too():
    app = HawkAPI()
    app.add_middleware(Late)
    wire = await lost(app, "/api/", root_path="/api")
    assert wire.types == ["http.response.start"]


async def test_it_is_raised_on_out_of_a_mounted_app_whose_host_has_such_middleware_too():
    app, inner = HawkAPI(), HawkAPI()
    inner.add_middleware(Late)
    app.add_middleware(Passes)
    app.mount("/inner", inner)
    wire = await lost(app, "/inner/")
    assert wire.types == ["http.response.start"]


async def test_an_app_within_an_app_answers_through_the_middleware_of_both():
    app, inner = HawkAPI(), HawkAPI()
    inner.add_middleware(Passes)
    inner.get("/")(nothing)
    app.add_middleware(Passes)
    app.mount("/inner", inner)
    wire = await exchange(app, "GET", "/inner/")
    assert (wire.status, wire.body) == (200, b"{}")


async def test_a_send_that_fails_at_the_head_of_its_answer_is_not_called_again():
    class Answers(Middleware):
        async def __call__(self, scope, receive, send):
            await Response("no")(scope, receive, send)

    app = HawkAPI()
    app.add_middleware(Answers)
    wire = Wire({"type": "http.request"}, break_send=1)
    with pytest.raises(Broken):
        await exchange(app, "GET", "/", wire=wire)
    assert wire.sends == 1


@pytest.mark.parametrize("of", ["app", "route"])
async def test_what_it_raises_before_the_head_is_answered(of):
    class Early(Middleware):
        async def __call__(self, scope, receive, send):
            raise Lost

    app = HawkAPI()
    if of == "app":
        app.add_middleware(Early)
    app.get("/", middleware=[Early] if of == "route" else None)(nothing)
    assert (await exchange(app, "GET", "/")).status == 500


class Refuses(Middleware):
    async def before_request(self, request):
        raise HTTPException(401)


class Hints(Middleware):
    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.early_hint", "links": []})
        await self.app(scope, receive, send)


@pytest.mark.parametrize("stack", [[Hints, Refuses], [Hints, ErrorHandlerMiddleware, Refuses]], ids=["app", "handler"])
@pytest.mark.parametrize("of", ["app", "route"])
async def test_an_early_hint_is_no_answer_yet(stack, of):
    app = HawkAPI()
    for cls in stack if of == "app" else ():
        app.add_middleware(cls)
    app.get("/", middleware=stack if of == "route" else None)(nothing)
    wire = await exchange(app, "GET", "/")
    assert wire.types == ["http.response.early_hint", "http.response.start", "http.response.body"]
    assert wire.sent[1]["status"] == 401


@pytest.mark.parametrize(("inside", "types"), [(Late, 1), (Passes, 2)])
async def test_an_app_that_middleware_of_another_calls_notes_its_own_answers(inside, types):
    app, other = HawkAPI(), HawkAPI()
    other.add_middleware(inside)
    other.get("/")(nothing)
    app.add_middleware(lambda _: other)
    wire = Wire({"type": "http.request"})
    with nullcontext() if inside is Passes else pytest.raises(Lost):
        await exchange(app, "GET", "/", wire=wire)
    assert wire.types == ["http.response.start", "http.response.body"][:types]

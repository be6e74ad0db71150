"""`dependencies=[...]` on app, router and route: outer ones first, their results unused."""

from typing import Annotated

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.routing.controllers import Controller, get
from hawkapi.routing.router import Router
from hawkapi.validation.constraints import Header
from tests.asgi import call
from tests.websocket.wire import CONNECT, Peer


def logging(log, name):
    async def dependency():
        log.append(name)
        return name

    return Depends(dependency)


@pytest.mark.parametrize("style", ["async", "sync"])
async def test_outer_ones_run_first(style):
    log = []
    app = HawkAPI(dependencies=[logging(log, "app")])
    outer = Router(prefix="/outer", dependencies=[logging(log, "outer")])
    inner = Router(prefix="/inner", dependencies=[logging(log, "inner 1"), logging(log, "inner 2")])

    async def handler(found: Annotated[str, logging(log, "parameter")]):
        log.append("handler")

    def sync_handler(found: Annotated[str, logging(log, "parameter")]):
        log.append("handler")

    inner.get("/", dependencies=[logging(log, "route")])(handler if style == "async" else sync_handler)
    outer.include_router(inner)
    app.include_router(outer)
    assert (await call(app, "GET", "/outer/inner")).status == 204
    assert log == ["app", "outer", "inner 1", "inner 2", "route", "parameter", "handler"]


async def test_those_of_a_websocket_run_in_the_same_order():
    log = []
    app = HawkAPI(dependencies=[logging(log, "app")])
    router = Router(dependencies=[logging(log, "router")])

    @router.websocket("/ws", dependencies=[logging(log, "route")])
    async def handler(ws):
        log.append("handler")
        await ws.accept()

    app.include_router(router)
    assert (await Peer(CONNECT).serve(app)).log == ["accept", "close 1000"]
    assert log == ["app", "router", "route", "handler"]


async def test_a_route_of_a_controller_has_them():
    app, log = HawkAPI(dependencies=[logging(log := [], "app")]), log

    class Things(Controller):
        @get("/", dependencies=[logging(log, "route")])
        async def things(self):
            log.append("handler")

    app.include_controller(Things)
    await call(app, "GET", "/")
    assert log == ["app", "route", "handler"]


async def test_those_of_a_router_are_for_its_routes_alone():
    app, log = HawkAPI(), []
    router = Router(dependencies=[logging(log, "router")])

    @router.get("/inside")
    @app.get("/outside")
    async def handler():
        """Does nothing."""

    app.include_router(router)
    assert (await call(app, "GET", "/outside")).status == 204
    assert log == []


async def test_the_probes_have_none():
    app = HawkAPI(dependencies=[logging(log := [], "app")])
    assert (await call(app, "GET", "/livez")).status == 200
    assert log == []


async def test_they_may_refuse():
    async def refuse():
        raise HTTPException(403, "Not you")

    app = HawkAPI(dependencies=[Depends(refuse)])

    @app.get("/")
    async def handler():
        """Is not called."""

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()["detail"]) == (403, "Not you")


async def test_their_parameters_are_bound_and_validated():
    app, found = HawkAPI(), []

    def dependency(x_n: Annotated[int, Header()]):
        found.append(x_n)

    @app.get("/", dependencies=[Depends(dependency)])
    async def handler():
        """Does nothing."""

    assert (await call(app, "GET", "/", headers=[("x-n", "a")])).json()["errors"][0]["field"] == "x-n"
    assert (await call(app, "GET", "/", headers=[("x-n", "1")])).status == 204
    assert found == [1]


@pytest.mark.parametrize("style", ["async", "sync"])
async def test_their_generators_are_closed_after_the_handler(style):
    app, log = HawkAPI(), []

    def in_thread():
        log.append("open 1")
        yield
        log.append("close 1")

    async def in_loop():
        log.append("open 2")
        yield
        log.append("close 2")

    async def handler():
        log.append("handler")

    def sync_handler():
        log.append("handler")

    declare = app.get("/", dependencies=[Depends(in_thread), Depends(in_loop)])
    declare(handler if style == "async" else sync_handler)
    assert (await call(app, "GET", "/")).status == 204
    assert log == ["open 1", "open 2", "handler", "close 2", "close 1"]


async def test_one_that_is_named_twice_runs_once_in_the_outer_place():
    log = []
    shared = logging(log, "shared")
    app = HawkAPI(dependencies=[shared])

    @app.get("/", dependencies=[logging(log, "route"), shared])
    async def handler():
        """Does nothing."""

    await call(app, "GET", "/")
    assert log == ["shared", "route"]

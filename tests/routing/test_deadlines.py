import pytest
from msgspec import UNSET

from hawkapi.app.application import HawkAPI
from hawkapi.routing.router import Router


async def handler():
    """Does nothing."""


def timeout_of(router):
    return router.routes[0].timeout


def test_a_route_says_nothing_of_its_time_unless_it_is_told():
    router = Router()
    router.get("/")(handler)
    assert timeout_of(router) is UNSET


@pytest.mark.parametrize("timeout", [0.5, None])
def test_a_route_has_the_timeout_that_it_was_given(timeout):
    router = Router(timeout=9)
    router.get("/", timeout=timeout)(handler)
    assert timeout_of(router) == timeout


@pytest.mark.parametrize("timeout", [9, None])
def test_a_route_without_one_takes_the_routers(timeout):
    router = Router(timeout=timeout)
    router.get("/")(handler)
    assert timeout_of(router) == timeout


def test_of_nested_routers_the_inner_one_wins():
    outer, inner, plain = Router(timeout=9), Router(timeout=None), Router()
    inner.get("/a")(handler)
    plain.get("/b")(handler)
    outer.include_router(inner)
    outer.include_router(plain)
    assert [route.timeout for route in outer.routes] == [None, 9]


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_none_is_refused_at_once(timeout):
    with pytest.raises(ValueError, match="timeout of a router must be a number of seconds above 0, or None"):
        Router(timeout=timeout)
    with pytest.raises(ValueError, match=r"timeout of .*handler.* must be a number of seconds above 0"):
        Router().get("/", timeout=timeout)(handler)
    with pytest.raises(ValueError, match="request_timeout must be a number of seconds above 0"):
        HawkAPI(request_timeout=timeout)


def test_a_way_to_run_that_does_not_exist_is_refused_at_once():
    with pytest.raises(ValueError, match=r"sync of .*handler.* must be 'thread' or 'inline', not 'loop'"):
        Router().get("/", sync="loop")(handler)

"""A generator yields once: one that does not is a 500, and the log names it."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from tests.asgi import call
from tests.dependencies.cleanup import STYLES, declare, logged


def never():
    if False:
        yield


async def async_never():
    if False:
        yield


async def waiting_never():
    await async_nothing()
    if False:
        yield


def twice():
    yield 1
    yield 2


async def async_twice():
    yield 1
    yield 2


async def waiting_twice():
    yield await async_nothing()
    yield 2


async def async_nothing():
    """Is awaited."""


def once_more_after_an_error():
    try:
        yield
    except HTTPException:
        yield


async def async_once_more_after_an_error():
    try:
        yield
    except HTTPException:
        yield


async def waiting_once_more_after_an_error():
    try:
        yield await async_nothing()
    except HTTPException:
        yield


NEVER, TWICE = [never, async_never, waiting_never], [twice, async_twice, waiting_twice]
ONCE_MORE = [once_more_after_an_error, async_once_more_after_an_error, waiting_once_more_after_an_error]

each_style = pytest.mark.parametrize("style", STYLES)


@pytest.mark.parametrize("dependency", [*NEVER, *TWICE])
@each_style
async def test_it_is_a_500_and_the_log_names_the_dependency(style, dependency, caplog):
    app, log = HawkAPI(), []
    declare(app, style, lambda: 1, dependencies=[Depends(logged(log, "a")), Depends(dependency)])
    assert (await call(app, "GET", "/")).status == 500
    assert f"{dependency.__name__} (" in caplog.text
    assert "test_yields.py:" in caplog.text
    assert log[0] == "a opened"
    assert len(log) == 2


@pytest.mark.parametrize("dependency", NEVER)
@each_style
async def test_the_handler_is_not_called_without_a_value(style, dependency):
    app, called = HawkAPI(), []
    declare(app, style, lambda: called.append(1), dependencies=[Depends(dependency)])
    assert (await call(app, "GET", "/")).status == 500
    assert called == []


@pytest.mark.parametrize("dependency", ONCE_MORE)
@each_style
async def test_yielding_once_more_after_an_error_is_logged_and_the_error_stands(style, dependency, caplog):
    app, log = HawkAPI(), []

    def act():
        raise HTTPException(404)

    declare(app, style, act, dependencies=[Depends(logged(log, "a")), Depends(dependency)])
    assert (await call(app, "GET", "/")).status == 404
    assert f"{dependency.__name__} (" in caplog.text
    assert log == ["a opened", "a HTTPException"]


@pytest.mark.parametrize("dependency", TWICE)
async def test_one_that_yields_twice_is_closed(dependency):
    app, closed = HawkAPI(), []

    def opened():
        try:
            yield from twice()
        finally:
            closed.append(1)

    async def async_opened():
        try:
            yield 1
            yield 2
        finally:
            closed.append(1)

    declare(app, "async", lambda: 1, dependencies=[Depends(opened if dependency is twice else async_opened)])
    assert (await call(app, "GET", "/")).status == 500
    assert closed == [1]

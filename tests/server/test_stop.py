import os
import signal
import threading

import pytest
from anyio import create_task_group, wait_all_tasks_blocked

from hawkapi import Drain, HawkAPI
from hawkapi.ops.lifecycle import LifecycleState
from hawkapi.server.base import ServerOptions
from hawkapi.server.stop import MARGIN, Interrupted, Stop, end_after
from tests.server.apps import hello


def hawk():
    return HawkAPI(drain=Drain(delay=60.0, request_grace=3.0, background_grace=2.0, hook_grace=1.0))


@pytest.fixture
def app():
    return hawk()


def stop_of(app, **options):
    """Make the stop of an app that is loaded."""
    stop = Stop(ServerOptions(**options))
    assert stop.load(lambda: app) is app
    return stop


def term(number=signal.SIGTERM):
    signal.raise_signal(number)


class Wrapping:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_begins_the_drain_in_the_handler_itself(number, app):
    with stop_of(app).handling():
        term(number)
        assert app.lifecycle.state is LifecycleState.DRAINING
        assert app.lifecycle.delay == 60.0


def test_afterwards_the_former_handlers_are_back(app):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_of(app).handling():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_a_parent_held_back_is_handled(app):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    term()
    stop = stop_of(app)
    with stop.handling():
        assert stop.signals == 1


def test_a_ctrl_c_at_a_terminal_has_no_delay(app):
    with stop_of(app, interactive=True).handling():
        term(signal.SIGINT)
    assert app.lifecycle.delay == 0.0


def test_another_signal_at_a_terminal_has(app):
    with stop_of(app, interactive=True).handling():
        term()
    assert app.lifecycle.delay == 60.0


def test_what_the_options_say_of_the_drain_counts_more_than_what_the_app_says(app):
    with stop_of(app, drain=Drain(delay=0.0)).handling():
        term()
    assert app.lifecycle.delay == 0.0


def test_the_process_gets_the_sum_of_all_phases_and_a_margin(app, limits):
    with stop_of(app).handling():
        term()
    assert limits == [66.0 + MARGIN]


def test_an_app_that_says_nothing_of_it_gets_the_defaults():
    stop = stop_of(hello())
    with stop.handling():
        term()
    assert stop.drain == Drain()


def test_an_app_behind_middleware_is_found(app):
    with stop_of(Wrapping(Wrapping(app))).handling():
        term()
    assert app.lifecycle.draining


def test_middleware_that_wraps_itself_is_not_searched_for_ever():
    wrapped = Wrapping(None)
    wrapped.app = wrapped
    assert not stop_of(wrapped).has_lifecycle


def test_a_signal_breaks_off_the_loading():
    stop = Stop(ServerOptions())

    def load():
        term()
        raise AssertionError("went on")

    with stop.handling():
        assert stop.load(load) is None


def test_code_that_catches_everything_does_not_hide_a_signal(app):
    stop = Stop(ServerOptions())

    def load():
        try:
            term()
        except Interrupted:
            return app

    with stop.handling():
        assert stop.load(load) is None


def test_nothing_is_loaded_after_a_signal():
    stop = Stop(ServerOptions())
    with stop.handling():
        term()
        assert stop.load(lambda: pytest.fail("loaded")) is None


def test_a_third_signal_ends_the_process_with_128_and_its_number(app, exits):
    with stop_of(app).handling():
        term()
        term()
        assert exits == []
        term(signal.SIGINT)
    assert exits == [128 + signal.SIGINT]


async def test_a_signal_that_came_before_the_event_loop_counts_in_it(app):
    stop = stop_of(app)
    with stop.handling():
        term()
    await stop.begun()


async def test_a_signal_that_comes_while_it_is_waited_for_is_seen(app):
    stop = stop_of(app)

    async def term_later():
        await wait_all_tasks_blocked()
        term()

    async with create_task_group() as group:
        with stop.handling():
            group.start_soon(term_later)
            await stop.begun()


async def test_a_second_signal_ends_the_delay(app):
    stop = stop_of(app)
    with stop.handling():
        term()
        term()
    await stop.accepts_no_more()
    assert app.lifecycle.state is LifecycleState.STOPPING


async def test_those_who_wait_for_the_drain_are_told_before_the_delay(app):
    stop = stop_of(app)
    async with create_task_group() as group:
        group.start_soon(stop.accepts_no_more)
        with stop.handling():
            term()
        await app.lifecycle.draining
        assert app.lifecycle.state is LifecycleState.DRAINING
        group.cancel_scope.cancel()


async def test_an_app_of_another_framework_has_the_delay_too():
    stop = stop_of(hello(), drain=Drain(delay=0.01))
    with stop.handling():
        term()
    await stop.accepts_no_more()


def test_a_process_that_goes_on_is_ended_with_code_1(monkeypatch, capsys):
    ended = threading.Event()
    codes = []
    monkeypatch.setattr(os, "_exit", lambda code: (codes.append(code), ended.set()))
    end_after(0.0)
    assert ended.wait(5)
    assert codes == [1]
    assert "told to stop: ended" in capsys.readouterr().err

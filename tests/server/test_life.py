"""The servers themselves, in the test's own process: a client thread asks, then stops them by a signal."""

import os
import signal
import threading
from contextlib import closing
from http.client import HTTPConnection

import anyio
import pytest

from hawkapi import Drain, HawkAPI
from hawkapi.runtime import signals
from hawkapi.server.base import SERVERS, STARTUP_FAILURE, ServerOptions
from hawkapi.server.life import serve
from hawkapi.server.listener import bind
from hawkapi.server.stop import MARGIN
from tests.server.apps import hello, unable_to_start

QUICK = Drain(delay=0.0, request_grace=0.0, background_grace=0.0, hook_grace=0.0)
PAIRS = [(server, backend) for server, able in SERVERS.items() for backend in able.backends]


@pytest.fixture(params=PAIRS, ids="-".join)
def options(request):
    server, backend = request.param
    return ServerOptions(server=server, backend=backend, drain=QUICK)


class Client(threading.Thread):
    """Asks on one connection, which waits in the queue until the server runs, then presses Ctrl-C."""

    def __init__(self, listener):
        super().__init__()
        self.connection = HTTPConnection(*listener.getsockname()[:2], timeout=20)
        self.answer = None

    def run(self):
        try:
            self.connection.request("GET", "/")
            response = self.connection.getresponse()
            self.answer = response.status, response.read()
        finally:
            self.connection.close()
            os.kill(os.getpid(), signal.SIGINT)


def ask_and_stop(app, options):
    """Serve an app for one request; return the exit code and the answer."""
    with bind("127.0.0.1", 0) as listener:
        client = Client(listener)
        client.start()
        code = serve(lambda: app, options, listener)
        client.join()
    return code, client.answer


def run(load, options, loaded=None):
    """Serve what does not wait for a request; return the exit code."""
    with bind("127.0.0.1", 0) as listener:
        return serve(load, options, listener, loaded)


def test_an_app_is_served_until_a_signal_comes(options):
    assert ask_and_stop(hello(), options) == (0, (200, b"hello"))


def test_an_app_that_has_no_lifespan_is_served(options):
    app = hello()

    async def bare(scope, receive, send):
        assert scope["type"] == "http"
        await app(scope, receive, send)

    assert ask_and_stop(bare, options) == (0, (200, b"hello"))


def test_requests_see_the_state_that_the_start_left(options):
    app = HawkAPI()

    @app.on_startup
    async def start():
        app.state.name = "hawk"

    @app.get("/")
    async def name(request):
        return request.scope["state"]["name"]

    assert ask_and_stop(app, options) == (0, (200, b'"hawk"'))


def test_an_app_that_does_not_start_gives_the_exit_code_for_it_and_says_why(options, capfd):
    assert run(lambda: unable_to_start, options) == STARTUP_FAILURE
    assert "The app did not start: the database is away" in capfd.readouterr().err


def test_middleware_that_keeps_the_lifespan_from_the_app_is_a_failed_start(options, capfd):
    class HttpOnly:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            assert scope["type"] == "http"

    assert run(lambda: HttpOnly(HawkAPI()), options) == STARTUP_FAILURE
    assert "does not pass its lifespan on" in capfd.readouterr().err


def test_a_signal_breaks_off_a_start_and_what_was_opened_is_closed(options):
    app = HawkAPI()
    steps = []

    @app.on_startup
    async def start():
        signal.raise_signal(signal.SIGTERM)
        try:
            await anyio.sleep_forever()
        finally:
            steps.append("broken off")

    assert run(lambda: app, options) == 0
    assert steps == ["broken off"]


def test_a_signal_between_the_loading_and_the_event_loop_is_not_lost(options):
    def loaded(_limit):
        signal.raise_signal(signal.SIGTERM)

    assert run(hello, options, loaded) == 0


def test_a_request_that_outlives_the_grace_is_cut_off_without_a_traceback(options, capfd):
    app = hello()

    async def stopping(scope, receive, send):
        if scope["type"] == "http":
            signal.raise_signal(signal.SIGINT)
            await anyio.sleep_forever()
        await app(scope, receive, send)

    with bind("127.0.0.1", 0) as listener, closing(HTTPConnection(*listener.getsockname()[:2])) as connection:
        connection.connect()
        client = threading.Thread(target=connection.request, args=("GET", "/"))
        client.start()
        assert serve(lambda: stopping, options, listener) == 0
        client.join()
    assert options.server == "granian" or "Traceback" not in capfd.readouterr().err


def test_a_signal_during_the_loading_ends_it():
    def load():
        signal.raise_signal(signal.SIGTERM)

    assert run(load, ServerOptions()) == 0


def test_who_asks_is_told_how_long_the_stop_may_take():
    app = HawkAPI(drain=Drain(delay=1.0, request_grace=2.0, background_grace=3.0, hook_grace=4.0))
    told = []

    def loaded(limit):
        told.append(limit)
        signal.raise_signal(signal.SIGTERM)

    assert run(lambda: app, ServerOptions(), loaded) == 0
    assert told == [10.0 + MARGIN]


def test_apps_are_told_that_the_signals_of_the_process_are_not_theirs():
    def load():
        assert signals.claimed()
        signal.raise_signal(signal.SIGTERM)

    run(load, ServerOptions())

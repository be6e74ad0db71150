"""The servers themselves, in the test's own process: a client thread asks, then stops them by a signal."""

import os
import signal
import threading
from http.client import HTTPConnection
from importlib import import_module

import anyio
import msgspec
import pytest

from hawkapi.server.base import BACKENDS, STARTUP_FAILURE, ServerOptions, serve
from hawkapi.server.process import bind
from tests.server.apps import hello, unable_to_start


def stop_me():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(params=BACKENDS)
def options(request):
    return ServerOptions(backend=request.param, kill_after=None)


def test_an_app_is_served_until_a_signal_comes(options):
    listener = bind("127.0.0.1", 0)
    connection = HTTPConnection(*listener.getsockname()[:2], timeout=10)
    answers = []

    def ask_and_stop():
        try:
            connection.request("GET", "/")  # waits in the queue until the server runs
            answers.append(connection.getresponse().read())
        finally:
            connection.close()
            stop_me()

    client = threading.Thread(target=ask_and_stop)
    client.start()
    code = serve(hello(), options, listener)
    client.join()
    assert (code, answers) == (0, [b"hello"])


def test_an_app_that_does_not_start_gives_the_exit_code_for_it_and_says_why(options, capfd):
    assert serve(unable_to_start, options, bind("127.0.0.1", 0)) == STARTUP_FAILURE
    assert "the database is away" in capfd.readouterr().err


def test_a_second_signal_neither_hurries_nor_lengthens_the_stop(options, monkeypatch):
    begun = []
    module = import_module(BACKENDS[options.backend].module)
    monkeypatch.setattr(module, "end_after", begun.append)
    app = hello()

    async def stopping(scope, receive, send):
        if scope["type"] == "http":
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
        await app(scope, receive, send)

    listener = bind("127.0.0.1", 0)
    connection = HTTPConnection(*listener.getsockname()[:2], timeout=10)
    connection.connect()
    client = threading.Thread(target=connection.request, args=("GET", "/"))
    client.start()
    code = serve(stopping, options, listener)
    client.join()
    body = connection.getresponse().read()
    connection.close()
    assert (code, body, begun) == (0, b"hello", [None])


def test_a_request_that_outlives_the_grace_is_cut_off_without_a_traceback(options, capfd):
    app = hello()

    async def stopping(scope, receive, send):
        if scope["type"] == "http":
            signal.raise_signal(signal.SIGINT)
            await anyio.sleep_forever()
        await app(scope, receive, send)

    listener = bind("127.0.0.1", 0)
    connection = HTTPConnection(*listener.getsockname()[:2], timeout=10)
    connection.connect()
    client = threading.Thread(target=connection.request, args=("GET", "/"))
    client.start()
    code = serve(stopping, msgspec.structs.replace(options, grace=0.0), listener)
    client.join()
    connection.close()
    assert code == 0
    assert "Traceback" not in capfd.readouterr().err

"""The reloading parent in the test's own process, with real children; a thread does what a person would."""

import os
import signal
import sys
import threading
from functools import partial
from http.client import HTTPConnection
from queue import Queue

import pytest

from hawkapi._errors import MissingExtraError
from hawkapi.server import reload
from hawkapi.server.base import ServerOptions
from hawkapi.server.process import bind, stop_signals
from hawkapi.server.reload import LoadError, supervise
from tests.server.apps import load_and_die, load_file


class Person(threading.Thread):
    """Edits the app and asks it; a bell rings whenever a child loads it. Ctrl-C comes at the end of `script`."""

    def __init__(self, folder, script):
        super().__init__()
        self.source = folder / "app.py"
        self.listener = bind("127.0.0.1", 0)
        self._address = self.listener.getsockname()[:2]
        self._bell = bind("127.0.0.1", 0)
        self._bell.settimeout(30)
        self._script = script
        self.error = None

    def run(self):
        try:
            self._script(self)
        except Exception as error:  # noqa: BLE001 - raised again in the test's own thread
            self.error = error
        os.kill(os.getpid(), signal.SIGINT)
        self._bell.close()

    def load(self):
        return partial(load_file, self.source, self._bell.getsockname()[:2])

    def write(self, text):
        self.source.write_text(text)

    def wait_for_load(self):
        self._bell.accept()[0].close()

    def ask(self):
        connection = HTTPConnection(*self._address, timeout=30)
        connection.request("GET", "/")  # waits in the queue until a child serves
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        connection.close()
        return answer


def drive(folder, first, script, options=None):
    """Run the parent while `script(person)` runs; return its exit code."""
    person = Person(folder, script)
    person.write(first)
    options = options or ServerOptions(backend="asyncio")
    with stop_signals(lambda: None):  # a Ctrl-C that comes too late is not pytest's
        person.start()
        try:
            code = supervise(person.load(), options, person.listener, folder)
        finally:
            person.join()
    if person.error is not None:
        raise person.error
    return code


def test_a_change_brings_a_fresh_app_on_the_same_port(tmp_path):
    answers = []

    def script(person):
        person.wait_for_load()
        answers.append(person.ask())
        person.write("two")
        person.wait_for_load()
        answers.append(person.ask())

    assert drive(tmp_path, "one", script) == 0
    assert answers == [(200, "one"), (200, "two")]


@pytest.fixture
def said(monkeypatch):
    """Return what the parent says, line by line, as a queue that a script can wait on."""
    lines = Queue()
    monkeypatch.setattr(reload, "_say", lines.put)
    return lines


def test_an_app_that_fails_to_load_after_a_change_is_shown_until_the_next_change(tmp_path, said):
    answers = []

    def script(person):
        person.wait_for_load()
        person.ask()
        person.write("error: line 3 is wrong")
        person.wait_for_load()
        answers.append(person.ask())
        assert said.get(timeout=30) == "Changed: app.py. Reloading."
        assert said.get(timeout=30) == "Error: error: line 3 is wrong\nWaiting for a change."
        person.write("two")
        person.wait_for_load()
        answers.append(person.ask())

    assert drive(tmp_path, "one", script) == 0
    (status, page), after = answers
    assert status == 500
    assert "line 3 is wrong" in page
    assert after == (200, "two")


def test_an_app_that_does_not_start_is_waited_for(tmp_path, said):
    answers = []

    def script(person):
        person.wait_for_load()
        assert said.get(timeout=30) == "Error: the process ended with code 3\nWaiting for a change."
        person.write("two")
        person.wait_for_load()
        answers.append(person.ask())

    assert drive(tmp_path, "unable to start", script) == 0
    assert answers == [(200, "two")]


def test_a_child_that_is_deaf_to_the_signal_is_killed(tmp_path, monkeypatch):
    def script(person):
        person.wait_for_load()
        person.write("deaf")
        person.wait_for_load()

    monkeypatch.setattr(reload, "_MARGIN", 0.0)
    assert drive(tmp_path, "one", script, ServerOptions(backend="asyncio", kill_after=0.0)) == 0


def test_without_a_limit_a_child_may_take_its_time(tmp_path):
    options = ServerOptions(backend="asyncio", kill_after=None)
    assert drive(tmp_path, "one", Person.wait_for_load, options) == 0


def test_an_app_that_cannot_be_loaded_at_the_first_start_is_an_error_and_frees_the_port(tmp_path):
    source = tmp_path / "app.py"
    source.write_text("error: no such app")
    listener = bind("127.0.0.1", 0)
    host, port = listener.getsockname()
    with pytest.raises(LoadError, match=r"^error: no such app$"):
        supervise(partial(load_file, source), ServerOptions(), listener, tmp_path)
    bind(host, port).close()


def test_a_process_that_dies_while_it_loads_the_app_at_the_first_start_is_an_error(tmp_path):
    with pytest.raises(LoadError, match="the process ended with code 7"):
        supervise(load_and_die, ServerOptions(), bind("127.0.0.1", 0), tmp_path)


def test_reloading_without_watchfiles_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with bind("127.0.0.1", 0) as listener, pytest.raises(MissingExtraError, match="'standard' extra"):
        supervise(load_and_die, ServerOptions(), listener, tmp_path)

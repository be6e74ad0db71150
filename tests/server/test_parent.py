"""The parent in the test's own process, with real workers; a thread does what a person would."""

import os
import signal
import sys
import threading
from functools import partial
from http.client import HTTPConnection
from queue import Queue

import pytest

from hawkapi._errors import MissingExtraError
from hawkapi.app.config import Drain
from hawkapi.runtime.workers import Backoff
from hawkapi.server import parent
from hawkapi.server.base import STARTUP_FAILURE, ServerOptions
from hawkapi.server.listener import bind
from hawkapi.server.parent import LoadError, supervise
from tests.server.apps import load_and_die, load_file

QUICK = ServerOptions(drain=Drain(delay=0.0, request_grace=0.5, background_grace=0.0, hook_grace=0.0))


class Person(threading.Thread):
    """Edits the app, asks it and kills it, and presses Ctrl-C at the end of `script`; a bell rings for each load."""

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
        self.press()
        self._bell.close()

    def press(self, number=signal.SIGINT):
        os.kill(os.getpid(), number)

    def load(self):
        return partial(load_file, self.source, self._bell.getsockname()[:2])

    def write(self, text):
        self.source.write_text(text)

    def wait_for_load(self):
        """Wait until a worker loads the app; return its process id."""
        worker, _ = self._bell.accept()
        with worker, worker.makefile() as line:
            return int(line.read())

    def ask(self):
        connection = HTTPConnection(*self._address, timeout=30)
        connection.request("GET", "/")  # waits in the queue until a worker serves
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        connection.close()
        return answer


@pytest.fixture
def drive(tmp_path):
    """Return what runs the parent while `script(person)` runs; it gives the exit code."""

    def run(first, script, **arguments):
        person = Person(tmp_path, script)
        person.write(first)
        before = signal.signal(signal.SIGINT, lambda *_: None)  # a Ctrl-C that comes too late is not pytest's
        person.start()
        try:
            return supervise(person.load(), QUICK, person.listener, **arguments)
        finally:
            person.join()
            signal.signal(signal.SIGINT, before)
            person.listener.close()
            if person.error is not None:
                raise person.error

    return run


@pytest.fixture
def said(monkeypatch):
    """Return what the parent says, line by line, as a queue that a script can wait on."""
    lines = Queue()
    monkeypatch.setattr(parent, "_say", lines.put)
    return lines


class TestReload:
    @pytest.fixture(autouse=True)
    def reloading(self, drive, tmp_path):
        self.drive = partial(drive, directory=tmp_path)

    def test_a_change_brings_a_fresh_app_on_the_same_port(self):
        answers = []

        def script(person):
            person.wait_for_load()
            answers.append(person.ask())
            person.write("two")
            person.wait_for_load()
            answers.append(person.ask())

        assert self.drive("one", script) == 0
        assert answers == [(200, "one"), (200, "two")]

    def test_an_app_that_fails_to_load_after_a_change_is_shown_until_the_next_change(self, said):
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

        assert self.drive("one", script) == 0
        (status, page), after = answers
        assert status == 500
        assert "line 3 is wrong" in page
        assert after == (200, "two")

    def test_an_app_that_does_not_start_is_waited_for(self, said):
        answers = []

        def script(person):
            person.wait_for_load()
            assert said.get(timeout=30) == "Error: the process ended with code 3\nWaiting for a change."
            person.write("two")
            person.wait_for_load()
            answers.append(person.ask())

        assert self.drive("unable to start", script) == 0
        assert answers == [(200, "two")]

    def test_what_changes_during_a_reload_is_part_of_it(self, said, monkeypatch):
        monkeypatch.setattr(parent, "_PATIENCE", -5.0)
        answers = []

        def script(person):
            person.wait_for_load()
            person.write("two")
            assert said.get(timeout=30) == "Changed: app.py. Reloading."  # which takes a while: the worker is deaf
            person.write("three")
            person.wait_for_load()
            monkeypatch.setattr(parent, "_PATIENCE", 60.0)
            answers.append(person.ask())

        assert self.drive("deaf", script) == 0
        assert answers == [(200, "three")]

    def test_an_app_that_cannot_be_loaded_at_the_first_start_is_an_error_and_frees_the_port(self, tmp_path):
        source = tmp_path / "app.py"
        source.write_text("error: no such app")
        listener = bind("127.0.0.1", 0)
        host, port = listener.getsockname()
        with pytest.raises(LoadError, match=r"^error: no such app$"):
            supervise(partial(load_file, source), QUICK, listener, directory=tmp_path)
        bind(host, port).close()

    def test_without_watchfiles_it_names_the_extra(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "watchfiles", None)
        with bind("127.0.0.1", 0) as listener, pytest.raises(MissingExtraError, match="'standard' extra"):
            supervise(load_and_die, QUICK, listener, directory=tmp_path)


def test_several_workers_serve_one_port(drive):
    workers = set()

    def script(person):
        workers.update(person.wait_for_load() for _ in range(2))
        assert person.ask() == (200, "one")

    assert drive("one", script, workers=2) == 0
    assert len(workers) == 2


def test_a_worker_that_dies_is_replaced(drive, said):
    def script(person):
        first = person.wait_for_load()
        assert person.ask() == (200, "one")
        os.kill(first, signal.SIGKILL)
        assert said.get(timeout=30) == f"Worker {first} was killed by SIGKILL. Another one starts in 0.25 s."
        assert person.wait_for_load() != first
        assert person.ask() == (200, "one")

    assert drive("one", script) == 0


def test_one_that_dies_again_and_again_is_replaced_more_and_more_slowly(drive, said, monkeypatch):
    monkeypatch.setattr(parent, "BACKOFF", Backoff(first=0.001, factor=2.0, most=1.0, healthy=600.0))
    pauses = []

    def script(person):
        for _ in range(3):
            worker = person.wait_for_load()
            person.ask()
            os.kill(worker, signal.SIGKILL)
            pauses.append(said.get(timeout=30).rpartition(" in ")[2])

    drive("one", script)
    assert pauses == ["0.001 s.", "0.002 s.", "0.004 s."]


def test_one_that_was_healthy_for_long_is_replaced_at_once_again(drive, said, monkeypatch):
    monkeypatch.setattr(parent, "BACKOFF", Backoff(first=0.001, factor=2.0, most=1.0, healthy=0.0))
    pauses = []

    def script(person):
        for _ in range(2):
            worker = person.wait_for_load()
            person.ask()
            os.kill(worker, signal.SIGKILL)
            pauses.append(said.get(timeout=30).rpartition(" in ")[2])

    drive("one", script)
    assert pauses == ["0.001 s.", "0.001 s."]


def test_a_start_that_fails_ends_all_workers_with_its_code(tmp_path):
    source = tmp_path / "app.py"
    source.write_text("unable to start")
    assert supervise(partial(load_file, source), QUICK, bind("127.0.0.1", 0), workers=2) == STARTUP_FAILURE


def test_an_app_that_cannot_be_loaded_is_an_error(tmp_path):
    source = tmp_path / "app.py"
    source.write_text("error: no such app")
    with pytest.raises(LoadError, match=r"^error: no such app$"):
        supervise(partial(load_file, source), QUICK, bind("127.0.0.1", 0), workers=2)


def test_a_process_that_dies_while_it_loads_the_app_at_the_first_start_is_an_error():
    with pytest.raises(LoadError, match="the process ended with code 7"):
        supervise(load_and_die, QUICK, bind("127.0.0.1", 0))


def test_a_worker_that_is_deaf_to_the_signal_is_killed(drive, monkeypatch):
    monkeypatch.setattr(parent, "_PATIENCE", -5.0)
    assert drive("deaf", Person.wait_for_load) == 1


def test_a_signal_while_workers_load_the_app_ends_them_in_order(drive):
    def script(person):
        person.wait_for_load()
        person.wait_for_load()

    assert drive("slow", script, workers=2) == 0


def test_signals_that_are_somebody_elses_stop_nothing(drive):
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append("usr1"))

    def script(person):
        person.wait_for_load()
        person.press(signal.SIGUSR1)
        assert person.ask() == (200, "one")

    assert drive("one", script) == 0
    signal.signal(signal.SIGUSR1, before)
    assert heard == ["usr1"]


def test_a_third_signal_kills_the_workers_at_once(drive, monkeypatch):
    def script(person):
        person.wait_for_load()
        for number in (signal.SIGINT, signal.SIGTERM):
            person.press(number)
            assert heard.get(timeout=30) == number  # two signals of a kind may come as one

    heard = Queue()
    tell = parent._Parent._tell
    monkeypatch.setattr(parent._Parent, "_tell", lambda self, number: (heard.put(number), tell(self, number)))
    assert drive("deaf", script) == 128 + signal.SIGINT

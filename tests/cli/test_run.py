import sys
from io import StringIO

import pytest

from hawkapi.cli import main, run
from hawkapi.server.base import ServerOptions
from hawkapi.server.listener import bind
from tests.cli.project import APP


@pytest.fixture
def served(project, monkeypatch):
    """Return what was handed to the server, which is not run."""
    calls = []

    def serve(load, options, listener):
        calls.append((load(), options, listener.getsockname()))
        return 0

    def supervise(load, options, listener, *, workers):
        calls.append((load(), options, workers))
        return 0

    (project / "main.py").write_text(APP)
    monkeypatch.setattr(run, "serve", serve)
    monkeypatch.setattr(run, "supervise", supervise)
    return calls


def failure(*argv):
    with pytest.raises(SystemExit) as exit_:
        main(["run", *argv])
    return exit_.value.code


def test_an_app_is_served_in_this_process_without_access_log_and_as_its_drain_says(served):
    assert main(["run", "main:app", "--port", "0"]) is None
    ((app, options, _),) = served
    assert app is sys.modules["main"].app
    assert options == ServerOptions(server="uvicorn", backend="uvloop", access_log=False)


def test_several_workers_have_processes_of_their_own(served):
    main(["run", "main:app", "--port", "0", "--workers", "3", "--backend", "trio"])
    ((_, options, workers),) = served
    assert (options.server, options.backend, workers) == ("anycorn", "trio", 3)


def test_the_server_is_chosen(served):
    main(["run", "main:app", "--port", "0", "--server", "granian", "--backend", "asyncio"])
    ((_, options, _),) = served
    assert (options.server, options.backend) == ("granian", "asyncio")


def test_it_says_what_it_serves_where_and_how(served, capsys):
    main(["run", "main:app", "--port", "0"])
    ((_, _, (_, port)),) = served
    assert capsys.readouterr().out == f"Serving main:app on http://127.0.0.1:{port} (uvloop, uvicorn, 1 worker)\n"


def test_a_unix_socket_is_listened_on_instead_of_a_port(served, project, capsys):
    main(["run", "main:app", "--uds", "app.sock", "--workers", "2"])
    assert capsys.readouterr().out == "Serving main:app on unix:app.sock (uvloop, uvicorn, 2 workers)\n"
    assert not (project / "app.sock").exists()


@pytest.mark.parametrize("terminal", [True, False])
def test_who_sits_at_a_terminal_is_not_made_to_wait(terminal, served, monkeypatch):
    stdin = StringIO()
    stdin.isatty = lambda: terminal
    monkeypatch.setattr(sys, "stdin", stdin)
    main(["run", "main:app", "--port", "0"])
    ((_, options, _),) = served
    assert options.interactive is terminal


def test_a_process_without_standard_input_serves_too(served, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    main(["run", "main:app", "--port", "0"])
    ((_, options, _),) = served
    assert options.interactive is False


def test_the_exit_code_is_the_servers(served, monkeypatch):
    monkeypatch.setattr(run, "serve", lambda *_: 3)
    assert failure("main:app", "--port", "0") == 3


def test_a_server_that_does_not_run_the_backend_is_a_bad_argument(capsys):
    assert failure("main:app", "--server", "granian", "--backend", "trio") == 2
    err = capsys.readouterr().err
    assert err == "Error: the server 'granian' does not run the backend 'trio', but uvloop, asyncio\n"


@pytest.mark.parametrize("workers", ["0", "-1", "many", "٣"])
def test_what_is_no_number_of_workers_is_a_bad_argument(workers, capsys):
    assert failure("main:app", f"--workers={workers}") == 2
    assert "is no number of workers" in capsys.readouterr().err


def test_an_app_that_is_not_there_is_an_error(project, capsys):
    assert failure("nope:app", "--port", "0") == 1
    assert capsys.readouterr().err == "Error: could not import module 'nope': No module named 'nope'\n"


def test_a_port_in_use_is_an_error(served, capsys):
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert failure("main:app", "--port", str(port)) == 1
    assert capsys.readouterr().err == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_missing_server_names_the_extra(served, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "granian", None)
    assert failure("main:app", "--server", "granian") == 1
    assert "pip install 'hawkapi[granian]'" in capsys.readouterr().err

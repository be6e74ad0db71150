import sys

import pytest

from hawkapi.cli import dev, main
from hawkapi.cli.routes import route_table
from hawkapi.server.base import ServerOptions
from hawkapi.server.listener import bind
from tests.cli.project import APP

OPTIONS = ServerOptions(server="uvicorn", backend="uvloop", drain=dev.QUICK)


@pytest.fixture
def served(project, monkeypatch):
    """Return what was handed to the server, which is not run."""
    calls = []

    def serve(load, options, listener):
        calls.append((load(), options, listener.getsockname()[1]))
        return 0

    def supervise(load, options, listener, *, directory):
        calls.append((load(), options, directory))
        return 0

    (project / "main.py").write_text(APP)
    monkeypatch.setattr(dev, "serve", serve)
    monkeypatch.setattr(dev, "supervise", supervise)
    return calls


def failure(*argv):
    with pytest.raises(SystemExit) as exit_:
        main(["dev", *argv])
    return exit_.value.code


def test_an_app_is_served_where_it_was_asked_for(served):
    assert main(["dev", "main:app", "--port", "0", "--no-reload", "--backend", "trio"]) is None
    ((app, options, port),) = served
    assert app is sys.modules["main"].app
    assert options == ServerOptions(server="anycorn", backend="trio", drain=dev.QUICK)
    assert port > 0


def test_reloading_is_the_default_and_watches_the_current_folder(served, project):
    main(["dev", "main:app", "--port", "0"])
    ((app, options, directory),) = served
    assert app is sys.modules["main"].app
    assert options == OPTIONS
    assert directory == project


def test_without_watchfiles_the_default_is_not_to_reload(served, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    main(["dev", "main:app", "--port", "0"])
    assert "Reload   off" in capsys.readouterr().out


def test_the_banner_says_what_where_and_how_then_lists_the_routes(served, capsys):
    main(["dev", "main:app", "--port", "0", "--no-reload", "--backend", "uvloop"])
    ((_, _, port),) = served
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "Starting HawkAPI dev server: main:app",
        f"  URL      http://127.0.0.1:{port}",
        "  Backend  uvloop (uvicorn)",
        "  Reload   off",
        "",
    ]
    assert lines[5:] == [*route_table(sys.modules["main"].app.routes), ""]


def test_the_banner_leads_to_the_docs_page_where_there_is_one(served, project, capsys):
    documented = APP.replace("HawkAPI()", "HawkAPI(docs_url='/manual')") + "\napp.get('/manual')(hello)\n"
    (project / "documented.py").write_text(documented)
    main(["dev", "documented:app", "--port", "0", "--no-reload"])
    ((_, _, port),) = served
    assert f"  Docs     http://127.0.0.1:{port}/manual\n" in capsys.readouterr().out


def test_the_app_of_another_framework_is_served_without_a_table(served, capsys):
    main(["dev", "main:plain", "--port", "0", "--no-reload"])
    assert capsys.readouterr().out.endswith("Reload   off\n")


def test_an_ipv6_address_stands_in_brackets(served, capsys):
    main(["dev", "main:app", "--port", "0", "--no-reload", "--host", "::1"])
    assert "  URL      http://[::1]:" in capsys.readouterr().out


def test_the_exit_code_is_the_servers(served, monkeypatch):
    monkeypatch.setattr(dev, "serve", lambda *_: 3)
    assert failure("main:app", "--port", "0", "--no-reload") == 3


def test_an_app_that_is_not_there_is_an_error_and_frees_the_port(served, capsys):
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    assert failure("nope:app", "--port", str(port), "--no-reload") == 1
    assert capsys.readouterr().err == "Error: could not import module 'nope': No module named 'nope'\n"
    bind("127.0.0.1", port).close()


def test_an_app_that_is_not_there_is_the_same_error_with_reloading(project, capsys):
    assert failure("nope:app", "--port", "0") == 1
    assert capsys.readouterr().err == "Error: could not import module 'nope': No module named 'nope'\n"


def test_a_port_in_use_is_an_error(served, capsys):
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert failure("main:app", "--port", str(port)) == 1
    assert capsys.readouterr().err == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize("port", ["-1", "65536", "http", "٣"])
def test_what_is_no_port_is_a_bad_argument(port, capsys):
    assert failure("main:app", f"--port={port}") == 2
    assert "is no port" in capsys.readouterr().err


@pytest.mark.parametrize(("backend", "library", "extra"), [("auto", "uvicorn", "uvicorn"), ("trio", "trio", "trio")])
def test_a_missing_server_names_the_extra(backend, library, extra, served, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, library, None)
    assert failure("main:app", "--backend", backend) == 1
    assert f"pip install 'hawkapi[{extra}]'" in capsys.readouterr().err

import sys
from subprocess import run

import pytest

from hawkapi import __version__
from hawkapi.cli import main
from hawkapi.cli.parser import COMMANDS


def exit_code(*argv):
    with pytest.raises(SystemExit) as exit_:
        main(list(argv))
    return exit_.value.code


def test_no_command_prints_the_help_and_exits_with_1(capsys):
    assert exit_code() == 1
    assert "usage: hawkapi" in capsys.readouterr().out


def test_version_prints_the_version(capsys):
    assert exit_code("--version") == 0
    assert capsys.readouterr().out == f"hawkapi {__version__}\n"


@pytest.mark.parametrize("argv", [["nonsense"], ["--nonsense"], ["dev"], ["dev", "a:b", "--nonsense"], ["routes"]])
def test_bad_arguments_exit_with_2(argv, capsys):
    assert exit_code(*argv) == 2
    assert "usage: hawkapi" in capsys.readouterr().err


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_has_help(command, capsys):
    assert exit_code(command, "--help") == 0
    assert f"usage: hawkapi {command}" in capsys.readouterr().out


def test_the_arguments_of_the_process_are_the_default(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["hawkapi", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["--help"], ["--version"]])
def test_help_and_version_import_no_command(argv):
    script = f"""
import sys
from hawkapi.cli import main
try:
    main({argv})
except SystemExit:
    pass
print(sorted(name for name in sys.modules if name.startswith(("hawkapi.cli.", "hawkapi.server", "hawkapi.app"))))
"""
    out = run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "['hawkapi.cli.parser']"


def test_ctrl_c_ends_a_command_without_a_traceback(project):
    (project / "main.py").write_text("raise KeyboardInterrupt")
    assert exit_code("routes", "main:app") == 130


def test_the_current_folder_is_importable_and_listed_once(project, capsys):
    (project / "main.py").write_text("from hawkapi import HawkAPI\napp = HawkAPI()\n")
    main(["routes", "main:app"])
    main(["routes", "main:app"])
    assert sys.path.count(str(project)) == 1

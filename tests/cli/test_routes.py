import pytest

from hawkapi.cli import main
from hawkapi.cli.routes import route_table
from tests.cli.project import APP


def test_routes_prints_one_line_a_route_with_methods_path_name_and_handler(project, capsys):
    (project / "main.py").write_text(APP)
    assert main(["routes", "main:app"]) is None
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["GET,HEAD", "/", "hello", "main.hello"],
        ["POST", "/items/{item_id:int}", "put-item", "main.create"],
        ["GET", "/shout", "Shout", "main.Shout"],
    ]


def test_an_app_without_routes_prints_nothing():
    assert route_table([]) == []


def test_the_app_of_another_framework_is_refused(project, capsys):
    (project / "main.py").write_text(APP)
    with pytest.raises(SystemExit, match="1"):
        main(["routes", "main:plain"])
    assert capsys.readouterr().err == "Error: 'main:plain' is not a HawkAPI app but of type function\n"

import pytest

from hawkapi.cli import main
from hawkapi.cli.routes import route_table
from hawkapi.routing.route import Route
from tests.cli.project import APP


def test_routes_prints_one_line_a_route_with_methods_path_name_and_handler(project, capsys):
    (project / "main.py").write_text(APP)
    assert main(["routes", "main:app"]) is None
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line[-1].startswith("main.")] == [
        ["GET,HEAD", "/", "hello", "main.hello"],
        ["POST", "/items/{item_id:int}", "put-item", "main.create"],
        ["GET", "/shout", "Shout", "main.Shout"],
    ]
    assert {len(line) for line in lines} == {4}  # the app's own routes too


def test_the_columns_are_aligned():
    routes = [
        Route(path="/", handler=print, methods=frozenset({"GET", "HEAD"})),
        Route(path="/users/{id}", handler=print, methods=frozenset({"PUT"}), name="rename"),
    ]
    assert route_table(routes) == [
        "GET,HEAD  /            print   builtins.print",
        "PUT       /users/{id}  rename  builtins.print",
    ]


def test_websocket_routes_are_listed_behind_the_others(project, capsys):
    (project / "main.py").write_text(f"{APP}\n@app.websocket('/chat')\nasync def chat(ws):\n    await ws.accept()\n")
    main(["routes", "main:app"])
    assert capsys.readouterr().out.splitlines()[-1].split() == ["WebSocket", "/chat", "chat", "main.chat"]


def test_an_app_without_routes_prints_nothing():
    assert route_table([]) == []


def test_the_app_of_another_framework_is_refused(project, capsys):
    (project / "main.py").write_text(APP)
    with pytest.raises(SystemExit, match="1"):
        main(["routes", "main:plain"])
    assert capsys.readouterr().err == "Error: 'main:plain' is not a HawkAPI app but of type function\n"

"""`hawkapi dev` from start to Ctrl-C."""

import pytest

from tests.e2e.conftest import BACKENDS, hawkapi

APP = """
from hawkapi import HawkAPI

app = HawkAPI()


@app.get("/")
async def hello():
    return {text!r}
"""


@pytest.mark.parametrize("reload", ["--reload", "--no-reload"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_ctrl_c_ends_cleanly_with_a_stream_still_open(backend, reload):
    with hawkapi("dev", "examples.quickstart:app", "--backend", backend, reload) as server:
        connection = server.connect()
        connection.request("GET", "/events")
        assert connection.getresponse().readline() == b"event: open\n"
        assert server.interrupt() == 0
        connection.close()
        assert "Traceback" not in server.output


def test_the_banner_lists_the_routes():
    with hawkapi("dev", "examples.quickstart:app", "--no-reload") as server:
        assert server.wait_for("^.*examples.quickstart.get_user").group().split() == [
            "GET,HEAD", "/users/{user_id:int}", "get_user", "examples.quickstart.get_user",
        ]  # fmt: skip
        assert server.output.startswith("Starting HawkAPI dev server: examples.quickstart:app\n")


@pytest.mark.parametrize("backend", BACKENDS)
def test_changes_are_served_and_mistakes_are_shown_until_they_are_mended(backend, tmp_path):
    main = tmp_path / "main.py"
    main.write_text(APP.format(text="one"))
    with hawkapi("dev", "main:app", "--reload", "--backend", backend, folder=tmp_path) as server:
        server.wait_for("main.hello")
        assert server.ask("GET", "/")[2] == b'"one"'

        main.write_text(APP.format(text="number two"))
        server.wait_for("main.hello")  # the new child; the old one has ended before
        assert server.ask("GET", "/")[2] == b'"number two"'

        main.write_text(APP.format(text="three") + "def oops(:\n")
        server.wait_for(r"Error: could not import module 'main': invalid syntax \(main.py, line 10\)")
        status, _, page = server.ask("GET", "/")
        assert status == 500
        assert b"SyntaxError" in page

        main.write_text(APP.format(text="the fourth one"))
        server.wait_for("main.hello")
        assert server.ask("GET", "/")[2] == b'"the fourth one"'
        assert server.interrupt() == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_failed_start_exits_with_3_and_says_why(backend, tmp_path):
    (tmp_path / "main.py").write_text(APP.format(text="") + "\n@app.on_startup\ndef connect():\n    1 / 0\n")
    with hawkapi("dev", "main:app", "--no-reload", "--backend", backend, folder=tmp_path) as server:
        server.wait_for("division by zero")
        server.process.wait(20)
        assert server.process.returncode == 3

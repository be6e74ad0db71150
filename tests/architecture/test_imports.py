"""What an import loads, seen from a fresh interpreter."""

import sys
from subprocess import run

import pytest

OPTIONAL = {
    "anycorn",
    "granian",
    "opentelemetry",
    "prometheus_client",
    "pydantic",
    "redis",
    "structlog",
    "trio",
    "uvicorn",
    "uvloop",
    "watchfiles",
}

APP = """
import anyio
from hawkapi import HawkAPI

app = HawkAPI()


@app.get("/users/{user_id:int}")
async def get_user(user_id: int, q: str = ""):
    return {"id": user_id}


async def call():
    sent = []

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        sent.append(message)

    await app({"type": "http", "method": "GET", "path": "/users/42", "headers": []}, receive, send)
    assert sent[0]["status"] == 200, sent


anyio.run(call)
"""


def loaded(script):
    """Give the names of the modules that a script has loaded when it ends."""
    script += "\nimport sys\nprint(*sys.modules)"
    return set(run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split())


def test_the_package_alone_loads_itself_and_its_lazy_helper():
    command = [sys.executable, "-X", "importtime", "-c", "import hawkapi"]
    report = run(command, capture_output=True, text=True, check=True).stderr
    names = {line.rpartition("|")[2].strip() for line in report.splitlines()}
    assert {name for name in names if name.startswith("hawkapi")} == {"hawkapi", "hawkapi._lazy", "hawkapi._version"}
    assert not names & (OPTIONAL | {"anyio", "msgspec", "multipart", "dotenv"})


@pytest.mark.parametrize("script", ["from hawkapi import HawkAPI; HawkAPI()", APP], ids=["built", "called"])
def test_an_app_loads_no_optional_library_and_no_test_client(script):
    assert not loaded(script) & (OPTIONAL | {"hawkapi.testing", "hawkapi.server", "hawkapi.cli"})


def test_every_public_name_imports_where_no_optional_library_is_installed():
    absent = f"import sys\nsys.modules.update(dict.fromkeys({sorted(OPTIONAL)}))\n"
    loaded(f"{absent}import hawkapi\nfor name in hawkapi.__all__:\n    getattr(hawkapi, name)")

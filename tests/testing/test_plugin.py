import importlib.util
import runpy
import subprocess
import sys

import pytest

from hawkapi.testing import plugin
from hawkapi.testing.client import TestClient
from tests.testing.apps import describe, with_lifespan


@pytest.fixture
def events():
    return []


@pytest.fixture
def app(events):
    return with_lifespan(describe, state={"db": 1}, events=events)


def test_hawk_client_is_a_client_of_the_fixture_app(hawk_client, app, events):
    assert hawk_client.app is app
    assert hawk_client.get("/").json()["state"] == {"db": 1}
    assert events == ["started"]


async def test_hawk_client_serves_async_tests_too(hawk_client):
    assert (await hawk_client.async_get("/")).json()["state"] == {"db": 1}


def test_hawk_backend_goes_through_all_backends(hawk_backend, request):
    assert plugin.installed_backends()[request.node.callspec.id] == hawk_backend


@pytest.mark.parametrize("absent", ["uvloop", "trio"])
def test_backends_that_are_not_installed_are_left_out(absent, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == absent else find_spec(name))
    fresh = runpy.run_path(plugin.__file__)
    assert set(fresh["installed_backends"]()) == {"asyncio", "uvloop", "trio"} - {absent}


def test_a_backend_is_what_the_client_takes(hawk_backend):
    backend, options = hawk_backend
    assert TestClient(describe, backend=backend, backend_options=options).get("/").status_code == 200


def test_loading_the_plugin_loads_nothing_else():
    script = (
        "import sys, pytest; before = set(sys.modules); import hawkapi.testing.plugin;"
        "print(*(name for name in set(sys.modules) - before if name.startswith(('hawkapi.', 'anyio', 'msgspec'))))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert {name for name in loaded if not name.startswith("hawkapi._")} == {
        "hawkapi.testing",
        "hawkapi.testing.plugin",
    }

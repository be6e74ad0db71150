import os

import pytest

from hawkapi.runtime import signals
from hawkapi.server import stop


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    """Serve in the test's own process, which lives on: return the limits that its stops were given, not kept."""
    given = []
    monkeypatch.setattr(stop, "end_after", given.append)
    monkeypatch.setattr(signals, "_claims", [])
    return given


@pytest.fixture
def exits(monkeypatch):
    """Return the codes with which the process would have been ended at once."""
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    return codes

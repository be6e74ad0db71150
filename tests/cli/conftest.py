import sys

import pytest


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Stand in an empty folder; what is imported from it is forgotten afterwards."""
    modules = set(sys.modules)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # files change faster than the clock of their caches
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - modules:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]

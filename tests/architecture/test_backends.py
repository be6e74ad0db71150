"""All concurrency goes through AnyIO: no backend is imported where code must run on each."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "hawkapi"
BACKENDS = {"asyncio", "trio", "uvloop"}


def may_know_backends(path):
    place = path.relative_to(PACKAGE)
    return place.parts[0] == "server" or place == Path("runtime", "redis.py")  # the one named seam


def backends_in(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from {alias.name.partition(".")[0] for alias in node.names} & BACKENDS
        elif isinstance(node, ast.ImportFrom):
            yield from {(node.module or "").partition(".")[0]} & BACKENDS


def test_no_module_imports_a_backend():
    modules = [path for path in PACKAGE.rglob("*.py") if not may_know_backends(path)]
    assert modules
    assert [(path, backend) for path in modules for backend in backends_in(path.read_text())] == []


@pytest.mark.parametrize("line", ["import asyncio", "from trio import sleep", "import os, asyncio.events as e"])
def test_the_scan_sees_every_way_to_import_one(line):
    assert list(backends_in(f"def f():\n    {line}\n"))

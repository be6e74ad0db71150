"""Fixtures for pytest, which loads this module by itself (entry point `pytest11`).

`hawk_client` is a client of the user's fixture `app`. `hawk_backend` runs a test on every backend that is installed:

    def test_hello(hawk_backend):
        backend, options = hawk_backend
        with TestClient(app, backend=backend, backend_options=options) as client:
            ...
"""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from hawkapi._types import ASGIApp

if TYPE_CHECKING:
    from hawkapi.testing.client import TestClient


@pytest.fixture
def hawk_client(app: ASGIApp) -> "Iterator[TestClient]":
    """A `TestClient` of the fixture `app`, on asyncio; the app's lifespan runs round the test."""
    # pytest loads this module before anything is measured or asked for, so it loads nothing of the framework by itself
    from hawkapi.testing.client import TestClient  # noqa: PLC0415 - pytest loads this module in every run

    with TestClient(app) as client:
        yield client


def installed_backends() -> dict[str, tuple[str, dict[str, Any]]]:
    """Name the backends that are installed, each with what `TestClient` and `anyio.run` take for it."""
    known: dict[str, tuple[str, dict[str, Any]]] = {
        "asyncio": ("asyncio", {"use_uvloop": False}),
        "uvloop": ("asyncio", {"use_uvloop": True}),
        "trio": ("trio", {}),
    }
    return {name: backend for name, backend in known.items() if find_spec(name) is not None}


_BACKENDS = installed_backends()


@pytest.fixture(params=_BACKENDS.values(), ids=list(_BACKENDS))
def hawk_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """The pair `(backend, backend_options)` of one backend after the other: `asyncio`, `uvloop`, `trio`."""
    return request.param

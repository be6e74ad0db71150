"""Clients on each backend, for tests that are plain functions."""

import pytest

from hawkapi.testing.client import TestClient


@pytest.fixture
def client_of(hawk_backend):
    """Make a client of an app on the backend of the test."""
    backend, options = hawk_backend

    def make(app, **kwargs):
        return TestClient(app, backend=backend, backend_options=options, **kwargs)

    return make

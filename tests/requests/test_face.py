import importlib

import pytest

from hawkapi import requests


@pytest.mark.parametrize("name", requests.__all__)
def test_every_public_name_resolves(name):
    assert getattr(requests, name).__name__ == name


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("request", ["Request", "RequestEntityTooLarge"]),
        ("headers", ["Headers"]),
        ("query_params", ["QueryParams"]),
        ("state", ["State"]),
        ("form_data", ["FormData", "UploadFile"]),
    ],
)
def test_the_modules_of_the_contract_hold_their_names(module, names):
    assert all(hasattr(importlib.import_module(f"hawkapi.requests.{module}"), name) for name in names)

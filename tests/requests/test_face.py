import importlib
import subprocess
import sys

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


def test_a_request_without_a_form_does_not_load_the_parser_of_forms():
    code = "import sys, hawkapi.requests.request; sys.exit('multipart' in sys.modules or 'tempfile' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""What of the contract can be imported, and what loads with it."""

import importlib
import subprocess
import sys

import pytest

from hawkapi import security


@pytest.mark.parametrize("name", security.__all__)
def test_every_public_name_resolves(name):
    assert getattr(security, name, None) is not None


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("api_key", ["APIKeyHeader", "APIKeyQuery", "APIKeyCookie", "MissingCredentialError"]),
        ("http_basic", ["HTTPBasic", "HTTPBasicCredentials"]),
        ("http_bearer", ["HTTPBearer", "HTTPBearerCredentials"]),
        ("oauth2", ["OAuth2PasswordBearer"]),
        ("permissions", ["PermissionPolicy"]),
        ("base", ["SecurityScheme"]),
    ],
)
def test_the_modules_of_the_contract_hold_their_names(module, names):
    assert all(hasattr(importlib.import_module(f"hawkapi.security.{module}"), name) for name in names)


def test_an_app_without_schemes_loads_none_of_them():
    code = "import sys; from hawkapi import HawkAPI; HawkAPI(); sys.exit('hawkapi.security.base' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

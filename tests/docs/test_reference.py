"""The reference names everything that can be imported from a face."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import hawkapi

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference.md").read_text()
FACES = ["hawkapi", *(f"hawkapi.{module.name}" for module in iter_modules(hawkapi.__path__) if module.ispkg)]


@pytest.mark.parametrize("face", FACES)
def test_the_reference_names_every_public_name(face):
    named = set(re.findall(r"`(\w+)", REFERENCE))
    assert face in REFERENCE
    assert set(import_module(face).__all__) <= named


def test_the_reference_names_no_module_that_is_not_there():
    for name in re.findall(r"^\| `(hawkapi[\w.]+)` \|", REFERENCE, re.MULTILINE):
        import_module(name)

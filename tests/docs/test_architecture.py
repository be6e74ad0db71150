"""The page on architecture agrees with the tree."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def test_the_floors_are_those_that_are_enforced():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    enforced = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    drawn = PAGE.partition("## Floors")[2].split("```")[1]
    assert re.findall(r"^\w* +(\w+(?: \| \w+)*)", drawn, re.MULTILINE) == enforced


def test_every_package_has_its_room():
    packages = {face.parent.name for face in (ROOT / "hawkapi").glob("*/__init__.py")}
    assert set(re.findall(r"^- `(\w+)/`", PAGE, re.MULTILINE)) == packages

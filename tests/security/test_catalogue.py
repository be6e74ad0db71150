"""Every row of security.md, 2.1 to 2.6, has a test that bears its name."""

import re
from pathlib import Path

import pytest

# The rows in their order; those that no advisory was found for, and that say nothing for us, are left out.
ROWS = [
    # 2.1
    ("cve_2023_29159",),
    ("cve_2023_30798",),
    ("cve_2024_47874",),
    ("cve_2025_54121",),
    ("cve_2025_62727",),
    ("cve_2026_48710",),
    ("cve_2026_54282",),
    ("cve_2026_48817",),
    ("cve_2026_54283",),
    ("unc_paths",),
    ("cve_2021_32677",),
    ("cve_2024_24762",),
    ("cve_2025_68481", "cve_2025_14546"),
    ("cve_2025_46814", "cve_2025_54365"),
    # 2.2
    ("cve_2023_25578",),
    ("cve_2024_32982",),
    ("cve_2024_42370",),
    ("cve_2024_52581",),
    ("cve_2025_59152",),
    ("cve_2026_25479",),
    ("cve_2026_25478",),
    ("cve_2026_25480",),
    ("ghsa_allowed_hosts",),
    # 2.3
    ("cve_2017_16762",),
    ("cve_2022_35920",),
    ("sanic_pr_3164", "sanic_pr_3165"),
    ("cve_2026_22779",),
    ("cve_2026_42544",),
    ("cve_2024_49768", "cve_2024_49769", "cve_2022_24761", "cve_2019_16785"),
    ("cve_2024_49767",),
    # 2.4
    ("cve_2024_23334",),
    ("cve_2021_21330", "cve_2023_28370"),
    ("cve_2023_47627", "cve_2023_47641", "cve_2023_49081", "cve_2023_49082", "cve_2024_23829", "cve_2023_37276",
     "cve_2025_53643"),
    ("cve_2024_30251",),
    ("cve_2025_69223",),
    ("cve_2025_69228",),
    ("cve_2025_69229",),
    ("cve_2025_69230",),
    ("cve_2026_22815", "cve_2026_34516"),
    ("cve_2026_34519",),
    ("cve_2026_34525",),
    ("cve_2012_2374", "cve_2016_9964", "cve_2018_1000164"),
    ("cve_2014_9720",),
    ("cve_2025_47287",),
    ("cve_2025_67725", "cve_2025_67726"),
    ("cve_2020_28473",),
    # 2.5
    ("cve_2011_4139", "cve_2012_4520"),
    ("cve_2018_14574",),
    ("cve_2021_28658", "cve_2021_31542", "cve_2021_33203", "cve_2024_39330"),
    ("cve_2023_24580", "cve_2023_25577"),
    ("cve_2023_46136",),
    ("cve_2025_14550",),
    ("cve_2026_33033",),
    ("cve_2026_5766",),
    ("cve_2026_35192", "cve_2023_30861", "cve_2026_27205"),
    ("cve_2026_6873",),
    ("cve_2026_48587", "cve_2026_6907"),
    ("cve_2025_48432", "cve_2024_1681"),
    ("cve_2025_64460", "cve_2026_1285", "cve_2024_27454"),
    ("cve_2023_23934",),
    ("cve_2024_7592",),
    ("cve_2025_66221", "cve_2026_21860", "cve_2026_27199"),
    ("cve_2016_10516", "cve_2019_14806", "cve_2024_34069"),
    ("cve_2020_28724",),
    ("cve_2020_25032", "cve_2024_6221", "cve_2024_6839", "cve_2024_6844", "cve_2024_6866"),
    ("cve_2018_1000656", "cve_2019_1010083"),
    # 2.6
    ("cve_2020_7694",),
    ("cve_2020_7695",),
    ("cve_2025_43859",),
    ("cve_2024_53981", "cve_2026_40347"),
    ("cve_2026_24486",),
    ("cve_2026_42561",),
    ("cve_2026_28356",),
    ("cve_2023_28858", "cve_2023_28859"),
    ("cve_2018_1000518", "cve_2021_33880"),
    ("msgspec_issue_1033",),
    ("itsdangerous",),
]  # fmt: skip

EXCEPTIONS = {
    "cve_2024_42370": "of a workflow that runs what strangers send in; there is no workflow here",
    "cve_2023_28858": "of a connection to Redis, which nothing here has yet: it comes with the ops layer",
    "cve_2023_28859": "as before",
}

SOURCES = [path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py")]
NAMES = [name for source in SOURCES for name in re.findall(r"^ *(?:async )?def (test_\w+)", source, re.MULTILINE)]


def bears(name: str, row_id: str) -> bool:
    """Tell whether a test is named after a row; of several ids the first alone must begin with `cve`."""
    return re.search(rf"_{row_id.removeprefix('cve_')}(?![0-9])", name) is not None


@pytest.mark.parametrize("row_id", [row_id for row in ROWS for row_id in row])
def test_a_row_has_a_test_of_its_name_or_a_reason_why_not(row_id):
    assert any(bears(name, row_id) for name in NAMES) is (row_id not in EXCEPTIONS)

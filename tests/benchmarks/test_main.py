"""The command line of the comparison."""

import pytest

from benchmarks.__main__ import main


def test_smoke_checks_the_answers_on_the_backends_that_were_named(capsys):
    assert main(["--smoke", "--no-peers", "--only", "a,j", "--backend", "uvloop", "--backend", "trio"]) == 0
    assert capsys.readouterr().out == (
        "uvloop: floor, hawkapi answer a, j right\ntrio: floor, hawkapi answer a, j right\n"
    )


def test_a_comparison_prints_a_table_and_a_verdict(capsys):
    assert main(["--no-peers", "--only", "a", "--backend", "asyncio", "--rounds", "1"]) == 0
    table, _, verdict = capsys.readouterr().out.strip().rpartition("\n")
    assert "target" in table
    assert verdict.startswith("a ")
    assert "1.6" in verdict


def test_an_unknown_scenario_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--only", "a,zz"])
    assert "no scenario 'zz'" in capsys.readouterr().err

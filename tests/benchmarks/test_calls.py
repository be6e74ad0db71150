"""The cost that has no noise: function calls a request."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench_calls import LIMITS, calls
from benchmarks.contestants import OURS, load, started
from benchmarks.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("letter", LIMITS)
async def test_a_request_takes_no_more_function_calls_than_its_limit(letter):
    builds, _ = load([OURS])
    async with started(builds) as contestants:
        assert await calls(contestants[OURS][letter], SCENARIOS[letter].request) <= LIMITS[letter]


def test_a_script_runs_from_the_root_without_an_argument():
    done = subprocess.run([sys.executable, "benchmarks/bench_calls.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "hawkapi" in done.stdout

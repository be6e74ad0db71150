"""One comparison: contestants, scenarios and a backend in, a table of ratios and a verdict out."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from platform import python_implementation, python_version

import anyio

from benchmarks.asgi import batch
from benchmarks.contestants import FLOOR, OURS, Build, mistakes, started
from benchmarks.harness import Timings, measure, microseconds, ratio
from benchmarks.scenarios import SCENARIOS
from benchmarks.table import figure, text_table

BACKENDS = {
    "asyncio": ("asyncio", {"use_uvloop": False}),
    "uvloop": ("asyncio", {"use_uvloop": True}),
    "trio": ("trio", {}),
}
ROUNDS = 41


class WrongAnswerError(Exception):
    """A contestant does not do what it is to be measured at."""


def installed_backends() -> list[str]:
    """Give the backends that can run here."""
    return [name for name in BACKENDS if name == "asyncio" or find_spec(name) is not None]


def compare(
    builds: Mapping[str, Build], letters: Iterable[str], *, backend: str, rounds: int = ROUNDS
) -> dict[str, Timings]:
    """Check every answer, then time the contestants scenario by scenario.

    Args:
        builds: The contestants, by name.
        letters: The scenarios.
        backend: A key of `BACKENDS`.
        rounds: Turns that each contestant gets; 0 checks the answers only.

    Returns:
        The timings of each scenario that ran.

    Raises:
        WrongAnswerError: If an answer is not what its scenario asks; the text has a line for each.
    """
    letters = list(letters)

    async def run() -> tuple[list[str], dict[str, Timings]]:
        async with started(builds) as contestants:
            if wrong := await mistakes(contestants, letters):
                return wrong, {}
            results: dict[str, Timings] = {}
            for letter in letters if rounds else ():
                request = SCENARIOS[letter].request
                batches = {name: batch(apps[letter], request) for name, apps in contestants.items() if letter in apps}
                results[letter] = await measure(batches, rounds=rounds)
            return [], results

    library, options = BACKENDS[backend]
    wrong, results = anyio.run(run, backend=library, backend_options=options)
    if wrong:
        raise WrongAnswerError("\n".join(wrong))
    return results


def ratio_table(results: Mapping[str, Timings], names: Sequence[str]) -> str:
    """Show what everybody costs: ratio to the floor, and microseconds of CPU a request in brackets."""
    rows = [["", "target", *names]]
    for letter, timings in results.items():
        cells = (_cell(timings, name) if name in timings else "-" for name in names)
        rows.append([f"{letter} {SCENARIOS[letter].title}", f"{SCENARIOS[letter].target:.1f}", *cells])
    return text_table(rows)


def verdicts(results: Mapping[str, Timings]) -> tuple[list[str], bool]:
    """Hold ours against the targets: a line for each scenario, and whether all are met."""
    lines: list[str] = []
    met = True
    for letter, timings in results.items():
        target = SCENARIOS[letter].target
        found = round(ratio(timings, OURS, FLOOR), 2)
        met = met and found <= target
        verdict = f"≤ {target} ok" if found <= target else f"> {target} MISSED by {found / target - 1:.0%}"
        lines.append(f"{letter} {found:.2f} {verdict} ({SCENARIOS[letter].title})")
    return lines, met


def machine(backend: str) -> str:
    """Name what the figures were taken on."""
    return f"{python_implementation()} {python_version()} on {backend}"


def _cell(timings: Timings, name: str) -> str:
    cost = microseconds(timings, name)
    return f"{ratio(timings, name, FLOOR):.2f} ({figure(cost)})"

"""Python function calls a request: a figure without noise, so a test may hold it to its limit."""

if not __package__:
    import _root  # noqa: F401 - puts the root on the path

from cProfile import Profile

import anyio

from benchmarks.asgi import App, Request, batch
from benchmarks.contestants import FLOOR, OURS, load, started
from benchmarks.scenarios import SCENARIOS
from benchmarks.table import text_table

LIMITS = {"a": 20, "b": 24, "c": 30, "d": 30}
"""The most calls a request may take, the harness's own included."""

REQUESTS = 100


async def calls(app: App, request: Request) -> float:
    """Count the calls of one request, built-in functions and the harness's own (scope, `receive`, `send`) included."""
    run = batch(app, request)
    await run(REQUESTS)
    profile = Profile()
    profile.enable()
    await run(REQUESTS)
    profile.disable()
    return sum(entry.callcount for entry in profile.getstats()) / REQUESTS


def main() -> None:
    """Print the table."""
    anyio.run(_main)


async def _main() -> None:
    builds, _ = load([FLOOR, OURS])
    rows = [["request", OURS, FLOOR, "limit"]]
    async with started(builds) as contestants:
        for letter, scenario in SCENARIOS.items():
            if letter != "g":  # what threads do is not seen by the profile of one
                counts = [await calls(contestants[name][letter], scenario.request) for name in (OURS, FLOOR)]
                limit = str(LIMITS.get(letter, "-"))
                rows.append([f"{letter} {scenario.title}", *(f"{count:.0f}" for count in counts), limit])
    print("Function calls a request (cProfile, harness included)\n")
    print(text_table(rows))


if __name__ == "__main__":
    main()

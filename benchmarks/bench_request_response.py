"""Whole requests through HawkAPI, beside the hand-written floor: JSON out, a path parameter, a body in, a long list."""

if not __package__:
    import _root  # noqa: F401 - puts the root on the path

from benchmarks.comparison import compare, machine
from benchmarks.contestants import FLOOR, OURS, load
from benchmarks.harness import microseconds, ratio
from benchmarks.scenarios import SCENARIOS
from benchmarks.table import text_table

AIMS = {"a": 35, "b": 39, "d": 40, "e": 57}
"""Microseconds on one fast laptop core, by scenario."""


def main() -> None:
    """Print the table."""
    builds, _ = load([FLOOR, OURS])
    rows = [["request", f"{OURS} µs", f"{FLOOR} µs", f"{OURS} / {FLOOR}", "aim µs"]]
    for letter, timings in compare(builds, AIMS, backend="asyncio").items():
        request = SCENARIOS[letter].request
        rows.append(
            [
                f"{request.method} {request.target} ({SCENARIOS[letter].title})",
                f"{microseconds(timings, OURS):.2f}",
                f"{microseconds(timings, FLOOR):.2f}",
                f"{ratio(timings, OURS, FLOOR):.2f}",
                str(AIMS[letter]),
            ]
        )
    print(f"{machine('asyncio')}: CPU time of a request at ASGI level\n")
    print(text_table(rows))


if __name__ == "__main__":
    main()

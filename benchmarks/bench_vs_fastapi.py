"""The requests of bench_request_response.py, HawkAPI against FastAPI."""

if not __package__:
    import _root  # noqa: F401 - puts the root on the path

from benchmarks.bench_request_response import AIMS
from benchmarks.comparison import compare, machine
from benchmarks.contestants import OURS, load
from benchmarks.harness import microseconds, ratio
from benchmarks.scenarios import SCENARIOS
from benchmarks.table import text_table

THEIRS = "fastapi"


def main() -> None:
    """Print the table; without FastAPI, a line that says so and our own figures."""
    builds, absent = load([OURS, THEIRS])
    rows = [["request", *(f"{name} µs" for name in builds), *([] if absent else [f"{THEIRS} / {OURS}"])]]
    for letter, timings in compare(builds, AIMS, backend="asyncio").items():
        request = SCENARIOS[letter].request
        row = [f"{request.method} {request.target} ({SCENARIOS[letter].title})"]
        row += [f"{microseconds(timings, name):.2f}" for name in builds]
        rows.append(row if absent else [*row, f"{ratio(timings, THEIRS, OURS):.1f}"])
    print(f"{machine('asyncio')}: CPU time of a request at ASGI level")
    print(f"{THEIRS} is not installed: pip install {THEIRS}\n" if absent else "")
    print(text_table(rows))


if __name__ == "__main__":
    main()

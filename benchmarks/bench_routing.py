"""Lookups in the routing table with 48 routes, by the kind of path."""

if not __package__:
    import _root  # noqa: F401 - puts the root on the path

from collections.abc import Callable, Sequence
from itertools import cycle, islice

import anyio

from benchmarks.comparison import ROUNDS, machine
from benchmarks.harness import Batch, measure, microseconds
from benchmarks.table import text_table
from hawkapi.routing.converters import parse_path
from hawkapi.routing.radix import RouteTable

AIM = 0.5
"""Microseconds a lookup, on one fast laptop core."""

RESOURCES = ("users", "teams", "items", "orders", "invoices", "reports", "events", "files")

KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "static path": (("/api/v1/{}", "/api/v1/{}/search"), "/api/v1/{}/search"),
    "parameter last": (("/api/v1/{}/{{id:int}}", "/api/v2/{}/{{slug}}"), "/api/v1/{}/42"),
    "parameter inside": (("/api/v1/{}/{{id:int}}/history", "/api/v2/{}/{{slug}}/{{part}}"), "/api/v1/{}/42/history"),
    "no such path": ((), "/api/v1/{}/none/at/all"),
}
"""Kind of path to its patterns and to what is looked up; eight resources to six patterns are 48 routes."""


def routing_table() -> RouteTable[str]:
    """Give the table of 48 routes, with its own pattern under each."""
    table: RouteTable[str] = RouteTable()
    for patterns, _ in KINDS.values():
        for pattern in patterns:
            for resource in RESOURCES:
                path = pattern.format(resource)
                table.add(parse_path(path), path)
    return table


def main() -> None:
    """Print the table."""
    table = routing_table()
    paths = {kind: [target.format(resource) for resource in RESOURCES] for kind, (_, target) in KINDS.items()}
    for kind, (patterns, _) in KINDS.items():
        if any((table.find(path) is not None) != bool(patterns) for path in paths[kind]):
            raise ValueError(f"{kind}: wrong answers")
    batches = {kind: _in_turn(table.find, paths[kind]) for kind in KINDS}
    batches["all of these"] = _in_turn(table.find, [path for kind in KINDS for path in paths[kind]])
    timings = anyio.run(_measure, batches)
    rows = [["hawkapi, radix tree with 48 routes", "µs a lookup", "aim"]]
    rows += [[kind, f"{microseconds(timings, kind):.2f}", f"{AIM}"] for kind in timings]
    print(f"{machine('one core')}: CPU time of a lookup\n")
    print(text_table(rows))


async def _measure(batches: dict[str, Batch]):
    return await measure(batches, rounds=ROUNDS)


def _in_turn(find: Callable[[str], object], paths: Sequence[str]) -> Batch:
    async def batch(times: int) -> None:
        for path in islice(cycle(paths), times):
            find(path)

    return batch


if __name__ == "__main__":
    main()

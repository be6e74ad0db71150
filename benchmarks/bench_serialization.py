"""`encode_response` of HawkAPI against the `json` of the standard library, from the same values to equal bytes."""

if not __package__:
    import _root  # noqa: F401 - puts the root on the path

import json
from functools import partial

import anyio

from benchmarks.comparison import ROUNDS, machine
from benchmarks.harness import measure, microseconds, ratio, repeated
from benchmarks.table import text_table
from hawkapi.serialization.encoder import encode_response

OURS, THEIRS = "hawkapi", "json"

SMALL = {"id": 4200, "name": "Ada Lovelace", "active": True, "age": 36}
LIST_100 = [
    {"id": n, "name": f"Item number {n}", "price": n + 0.25, "tags": ["new", "garden and home"]} for n in range(100)
]
LIST_1000 = [{**item, "id": n, "text": "A long description. " * 6} for n, item in enumerate(LIST_100 * 10)]

AIMS = {"small dict": (SMALL, 12), "100-item list": (LIST_100, 6), "1000-item list": (LIST_1000, 6)}
"""Value, and how many times faster than the standard library it shall be encoded."""

# Made once, as ours is. `dumps` with these options would make one a call, and be slower.
_encode_text = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def encode_by_stdlib(value: object) -> bytes:
    return _encode_text(value).encode()


def main() -> None:
    """Print the table."""
    rows = [["value", "bytes", f"{OURS} µs", f"{THEIRS} µs", "times faster", "aim"]]
    for title, (value, aim) in AIMS.items():
        encoded = encode_response(value)
        if encoded != encode_by_stdlib(value):
            raise ValueError(f"{title}: {OURS} and {THEIRS} do not give the same bytes")
        timings = anyio.run(_measure, value)
        times = ratio(timings, THEIRS, OURS)
        costs = [f"{microseconds(timings, name):.2f}" for name in (OURS, THEIRS)]
        rows.append([title, str(len(encoded)), *costs, f"{times:.1f}", str(aim)])
    print(f"{machine('one core')}: CPU time to encode a value\n")
    print(text_table(rows))


async def _measure(value: object):
    contestants = {
        OURS: repeated(partial(encode_response, value)),
        THEIRS: repeated(partial(encode_by_stdlib, value)),
    }
    return await measure(contestants, rounds=ROUNDS)


if __name__ == "__main__":
    main()

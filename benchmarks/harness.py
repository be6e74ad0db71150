"""The harness: contestants take turns, and what is kept is CPU time and its ratio within one round.

A shared machine changes its speed by a factor of two while a benchmark runs. So no figure stands for itself: all
contestants run one after the other in every round, and a ratio is taken between two neighbours of the same round
before anything is averaged. The median over the rounds is what is reported.
"""

import gc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import repeat
from statistics import median
from time import process_time_ns
from typing import TypeAlias

Batch: TypeAlias = Callable[[int], Awaitable[None]]
"""Does its work that many times."""

Timings: TypeAlias = dict[str, list[float]]
"""Contestant to nanoseconds of CPU per call, one figure a round."""

TURN_NS = 4_000_000
"""CPU time of one turn: a thousand times the clock's own cost, short enough that neighbours see the same machine."""


async def measure(contestants: Mapping[str, Batch], *, rounds: int) -> Timings:
    """Let the contestants take turns (A B C A B C ...) and time each turn.

    The time is CPU time of the whole process, worker threads included. The number of calls in a turn is found while
    warming up, for each contestant by itself, so that a slow one gets as long a turn as a fast one.
    """
    sizes = {name: await _warm_up(batch) for name, batch in contestants.items()}
    timings: Timings = {name: [] for name in contestants}
    with _settled_heap():
        for _ in range(rounds):
            for name, batch in contestants.items():
                gc.collect()
                started = process_time_ns()
                await batch(sizes[name])
                timings[name].append((process_time_ns() - started) / sizes[name])
    return timings


def repeated(function: Callable[[], object]) -> Batch:
    """Make a contestant of a plain function."""

    async def batch(times: int) -> None:
        for _ in repeat(None, times):
            function()

    return batch


def microseconds(timings: Timings, name: str) -> float:
    """Give the median CPU time of one call."""
    return median(timings[name]) / 1000


def ratio(timings: Timings, name: str, floor: str) -> float:
    """Give the median of the ratios of two contestants, each taken within one round."""
    return median(mine / least for mine, least in zip(timings[name], timings[floor], strict=True))


def difference(timings: Timings, name: str, floor: str) -> float:
    """Give the nanoseconds that one contestant takes more than another: the median of those within one round."""
    return median(mine - least for mine, least in zip(timings[name], timings[floor], strict=True))


async def _warm_up(batch: Batch) -> int:
    """Run a contestant until a turn of it is long enough; give the calls that this takes."""
    await batch(1)  # what is made on first use is not the work
    size = 1
    while True:
        started = process_time_ns()
        await batch(size)
        spent = process_time_ns() - started
        if spent >= TURN_NS / 2:
            return max(1, round(size * TURN_NS / spent))
        size *= 2


@contextmanager
def _settled_heap() -> Iterator[None]:
    """Take all that exists so far out of the collector's sight, and leave the collector on.

    A framework that makes reference cycles pays for them in its own turn; nobody pays for the modules that the other
    contestants have loaded.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()

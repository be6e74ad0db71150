"""What ten thousand routes cost: to register and seal them, and at each request, against ten routes."""

if not __package__:
    import _root  # noqa: F401 - puts the root on the path

from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import cycle, islice
from time import process_time

import anyio

from benchmarks.asgi import App, Message, Request, ask, serving
from benchmarks.comparison import ROUNDS, machine
from benchmarks.harness import Batch, measure, microseconds, ratio
from benchmarks.table import text_table
from hawkapi import HawkAPI

FEW, MANY = 10, 10_000
BUILD_LIMIT = 2.0
"""Seconds of CPU to register and seal `MANY` routes."""

SHAPES = {
    "static path": ("/api/v{0}/resource{1}/detail", "/api/v{0}/resource{1}/detail"),
    "parameter last": ("/api/v{0}/resource{1}/{{id}}", "/api/v{0}/resource{1}/42"),
    "parameter inside": ("/api/v{0}/resource{1}/{{id}}/detail", "/api/v{0}/resource{1}/42/detail"),
}
"""Shape to pattern and path; both take a version and the number of the route."""


def declare(pattern: str, count: int) -> HawkAPI:
    """Make an app with so many routes of a shape, each with a handler of its own."""
    app = HawkAPI()
    for number in range(count):
        app.get(pattern.format(number % 7, number))(_parameterised() if "{{" in pattern else _plain())
    return app


async def main() -> None:
    """Print the tables."""
    build_rows = [[f"{MANY} routes", "register s", "seal s", "together", "limit"]]
    rows = [["request", f"{FEW} routes µs", f"{MANY} routes µs", f"{MANY} / {FEW}"]]
    for shape, (pattern, path) in SHAPES.items():
        async with AsyncExitStack() as stack:
            few = declare(pattern, FEW)
            await stack.enter_async_context(serving(few))
            started = process_time()
            many = declare(pattern, MANY)
            registered = process_time()
            await stack.enter_async_context(serving(many))
            sealed = process_time()
            build = (registered - started, sealed - registered, sealed - started)
            build_rows.append([shape, *(f"{seconds:.2f}" for seconds in build), f"{BUILD_LIMIT}"])
            batches = {str(count): await _batch(app, path, count) for app, count in ((few, FEW), (many, MANY))}
            timings = await measure(batches, rounds=ROUNDS)
        costs = [f"{microseconds(timings, name):.2f}" for name in timings]
        rows.append([shape, *costs, f"{ratio(timings, str(MANY), str(FEW)):.2f}"])
    print(f"{machine('asyncio')}: CPU time of hawkapi with many routes\n")
    print(text_table(build_rows), text_table(rows), sep="\n\n")


async def _batch(app: App, path: str, count: int) -> Batch:
    """Ask for six routes spread over the table in turn."""
    numbers = [count * sixth // 6 for sixth in range(6)]
    requests = [Request("GET", path.format(number % 7, number), [(b"accept", b"*/*")]) for number in numbers]
    for request in requests:
        if (await ask(app, request)).status != 200:
            raise ValueError(f"{request.target} is not served")
    return _in_turn(app, requests)


def _in_turn(app: App, requests: Sequence[Request]) -> Batch:
    scopes, receive = [request.scope() for request in requests], requests[0].receive()

    async def send(message: Message) -> None:
        pass

    async def batch(times: int) -> None:
        for scope in islice(cycle(scopes), times):
            await app(scope.copy(), receive, send)

    return batch


def _plain():
    async def handler():
        return {"ok": True}

    return handler


def _parameterised():
    async def handler(id: int):
        return {"id": id}

    return handler


if __name__ == "__main__":
    anyio.run(main)

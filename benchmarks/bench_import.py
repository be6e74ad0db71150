"""What it costs to have an app of ten routes: CPU time and modules, each time in a fresh interpreter."""

if not __package__:
    import _root  # noqa: F401 - puts the root on the path

import json
import sys
from importlib.util import find_spec
from statistics import median
from subprocess import run

from benchmarks.comparison import machine
from benchmarks.table import text_table

ROUNDS = 15
LIMITS = {"hawkapi": (70, 140)}
"""Milliseconds of CPU, modules."""

_HAWKAPI = """
from hawkapi import HawkAPI
app = HawkAPI()
async def handler(): return {}
for n in range(10): app.get(f"/route{n}")(handler)
"""
_STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
async def handler(request): return JSONResponse({})
app = Starlette(routes=[Route(f"/route{n}", handler) for n in range(10)])
"""
_FASTAPI = """
from fastapi import FastAPI
app = FastAPI()
async def handler(): return {}
for n in range(10): app.get(f"/route{n}")(handler)
"""
PROGRAMS = {
    "msgspec + anyio.to_thread": ("msgspec", "import msgspec, anyio.to_thread"),
    "hawkapi": ("hawkapi", _HAWKAPI),
    "hawkapi, sealed": ("hawkapi", _HAWKAPI + "app.seal()"),
    "starlette": ("starlette", _STARLETTE),
    "fastapi": ("fastapi", _FASTAPI),
}
"""What is run, behind the package it needs."""

_FRAME = """
import sys, time
before, started = set(sys.modules), time.process_time()
{program}
spent = time.process_time() - started
print([spent * 1000, len(set(sys.modules) - before)])
"""


def cost(program: str) -> tuple[float, int]:
    """Give the milliseconds of CPU that a program takes in a fresh interpreter, and the modules that it loads."""
    command = [sys.executable, "-c", _FRAME.format(program=program)]
    spent, modules = json.loads(run(command, capture_output=True, check=True, text=True).stdout)
    return spent, modules


def main() -> None:
    """Print the table."""
    programs = {name: program for name, (package, program) in PROGRAMS.items() if find_spec(package) is not None}
    runs: dict[str, list[tuple[float, int]]] = {name: [] for name in programs}
    for program in programs.values():
        cost(program)  # compiles what is not compiled yet
    for _ in range(ROUNDS):
        for name, program in programs.items():
            runs[name].append(cost(program))
    rows = [["program", "CPU ms", "modules", "limits"]]
    for name, costs in runs.items():
        spent = median(spent for spent, _ in costs)
        limits = "{} ms, {} modules".format(*LIMITS[name]) if name in LIMITS else "-"
        rows.append([name, f"{spent:.1f}", str(costs[0][1]), limits])
    print(f"{machine('one core')}: import, and an app with ten routes, in a fresh interpreter\n")
    print(text_table(rows))


if __name__ == "__main__":
    main()

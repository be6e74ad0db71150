"""Who takes part: the floor, ours, and those peers that are installed."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import TypeAlias

from benchmarks.asgi import App, ask, serving
from benchmarks.scenarios import SCENARIOS

FLOOR = "floor"
OURS = "hawkapi"
PEERS = ("blacksheep", "falcon", "starlette", "litestar", "fastapi")

Build: TypeAlias = Callable[[], Mapping[str, App]]
"""Makes a contestant's apps, by the letter of the scenario; a letter may be missing."""


def load(names: Iterable[str]) -> tuple[dict[str, Build], list[str]]:
    """Import contestants by name; also give the names of those that are not installed."""
    builds: dict[str, Build] = {}
    absent: list[str] = []
    for name in names:
        try:
            module = import_module("benchmarks.floor" if name == FLOOR else f"benchmarks.peers.{name}")
        except ModuleNotFoundError as error:
            if name not in PEERS or error.name != name:
                raise
            absent.append(name)
        else:
            builds[name] = module.build
    return builds, absent


@asynccontextmanager
async def started(builds: Mapping[str, Build]) -> AsyncIterator[dict[str, Mapping[str, App]]]:
    """Make the apps of all contestants and keep them started for the block."""
    async with AsyncExitStack() as stack:
        contestants: dict[str, Mapping[str, App]] = {}
        for name, build in builds.items():
            contestants[name] = build()
            for app in {id(app): app for app in contestants[name].values()}.values():
                await stack.enter_async_context(serving(app))
        yield contestants


async def mistakes(contestants: Mapping[str, Mapping[str, App]], letters: Iterable[str]) -> list[str]:
    """Ask everybody everything once; give a line for each wrong answer."""
    lines: list[str] = []
    for letter in letters:
        scenario = SCENARIOS[letter]
        for name, apps in contestants.items():
            if letter in apps:
                answer = await ask(apps[letter], scenario.request)
                mistake = scenario.mistake(answer, own_errors=name in PEERS)
                if mistake is not None:
                    lines.append(f"{name}, {letter} {scenario.title}: {mistake}")
    return lines

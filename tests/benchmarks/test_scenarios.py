"""Every contestant that is installed answers every scenario right, on every backend."""

import sys

import pytest

from benchmarks.asgi import ask
from benchmarks.comparison import BACKENDS, WrongAnswerError, compare
from benchmarks.contestants import FLOOR, OURS, PEERS, load, mistakes, started
from benchmarks.scenarios import SCENARIOS, Connection


@pytest.mark.parametrize("name", [FLOOR, OURS])
async def test_an_answer_of_a_contestant_is_what_the_scenario_asks(name):
    builds, _ = load([name])
    async with started(builds) as contestants:
        assert await mistakes(contestants, SCENARIOS) == []
        assert set(contestants[name]) == set(SCENARIOS)


@pytest.mark.parametrize("name", [FLOOR, OURS, *PEERS])
async def test_whoever_is_installed_closes_the_connection_of_a_request_once(name, monkeypatch):
    closed = []
    close = Connection.close
    monkeypatch.setattr(Connection, "close", lambda self: (closed.append(self), close(self)))
    builds, _ = load([name])
    async with started(builds) as contestants:
        for n, apps in enumerate(contestants.values(), 1):
            await ask(apps["f"], SCENARIOS["f"].request)
            assert len({id(connection) for connection in closed}) == len(closed) == n


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_comparison_gives_a_timing_for_each_round_of_each_contestant(backend):
    builds, _ = load([FLOOR])
    results = compare(builds, ["a", "i"], backend=backend, rounds=2)
    assert {letter: {name: len(times) for name, times in timings.items()} for letter, timings in results.items()} == {
        "a": {FLOOR: 2},
        "i": {FLOOR: 2},
    }


def test_a_wrong_answer_ends_a_comparison_before_anything_is_timed():
    async def silent(scope, receive, send):
        await receive()
        if scope["type"] == "lifespan":
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})

    with pytest.raises(WrongAnswerError, match="silent, a ping: status 0, not 200"):
        compare({"silent": lambda: {"a": silent}}, ["a"], backend="asyncio")


def test_a_peer_that_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.delitem(sys.modules, "benchmarks.peers.falcon", raising=False)
    monkeypatch.setitem(sys.modules, "falcon", None)
    _, absent = load(PEERS)
    assert "falcon" in absent

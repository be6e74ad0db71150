"""A rollout under load: each instance is replaced by a new one, and no client notices."""

import asyncio
from contextlib import ExitStack

import pytest

from tests.e2e.balancer import Balancer
from tests.e2e.conftest import hawkapi
from tests.e2e.load import Load

REQUESTS = 10_000
RESTARTS = 3
CLIENTS = {"/": 12, "/sync": 2, "/slow": 2}


class Rollout:
    """Instances behind a balancer."""

    def __init__(self, backend):
        self._backend = backend
        self._processes = ExitStack()
        self.balancer = Balancer()
        self.codes = []

    async def start(self):
        """Start an instance, and have it balanced to as soon as it is ready."""
        server = await asyncio.to_thread(self._processes.enter_context, self._new())
        address = server.address[0], int(server.address[1])
        await self.balancer.add(address)
        return server, address

    async def stop(self, server, address):
        """Stop an instance as an orchestrator does."""
        server.signal()
        self.codes.append(await asyncio.to_thread(server.wait))
        self.balancer.remove(address)

    def close(self):
        self._processes.close()

    def _new(self):
        return hawkapi("run", "tests.e2e.app:app", "--backend", self._backend, DELAY="1", GRACE="5")


async def roll(backend):
    """Restart the app under load; return the load and the exit codes."""
    rollout = Rollout(backend)
    try:
        async with rollout.balancer.running() as address, asyncio.timeout(55):
            load = Load(address)
            current = await rollout.start()
            async with asyncio.TaskGroup() as tasks:
                for path, number in CLIENTS.items():
                    for _ in range(number):
                        tasks.create_task(load.run(path, lambda path=path: load.keep_alive(path)))
                for _ in range(4):
                    tasks.create_task(load.run("/ticks", lambda: load.events("/ticks")))
                    tasks.create_task(load.run("/ws", lambda: load.websocket("/ws")))
                for restart in range(1, RESTARTS + 1):
                    await load.until(restart * REQUESTS // (RESTARTS + 1))
                    new = await rollout.start()
                    await rollout.stop(*current)
                    current = new
                await load.until(REQUESTS)
                load.stop()
            await rollout.stop(*current)
    finally:
        await asyncio.to_thread(rollout.close)
    return load, rollout


@pytest.mark.parametrize("backend", ["uvloop", "trio"])
def test_three_restarts_under_load_fail_no_request(backend):
    load, rollout = asyncio.run(roll(backend))
    assert load.failures == []
    assert rollout.balancer.unserved == 0
    assert rollout.codes == [0] * (RESTARTS + 1)
    assert load.requests >= REQUESTS
    assert all(load.done[path] for path in (*CLIENTS, "/ticks", "/ws"))

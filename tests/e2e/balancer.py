"""A TCP balancer, as a Kubernetes Service is one: it knows connections and readiness, and nothing of HTTP."""

import asyncio
from contextlib import asynccontextmanager
from itertools import cycle

POLL = 0.05


class Balancer:
    """Sends each new connection to one of the ready instances in turn; those that are open stay where they are."""

    def __init__(self):
        self.unserved = 0
        self._ready = []
        self._turn = cycle(self._ready)
        self._polls = {}
        self._relays = set()  # the loop itself holds tasks by weak references only

    @asynccontextmanager
    async def running(self):
        """Balance on a free port; yield the address."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Client(self), "127.0.0.1", 0, backlog=1000)
        async with asyncio.TaskGroup() as self._tasks:
            yield server.sockets[0].getsockname()
            server.close()

    async def add(self, address):
        """Know of an instance; return when it is ready."""
        ready = asyncio.Event()
        self._polls[address] = self._tasks.create_task(self._poll(address, ready))
        await ready.wait()

    def remove(self, address):
        """Forget an instance."""
        self._polls.pop(address).cancel()

    def join(self, client):
        """Open the other half of a client's connection."""
        if not self._ready:
            self.unserved += 1
            client.transport.abort()
            return
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.create_connection(lambda: _Relay(client), *next(self._turn)))
        self._relays.add(task)
        task.add_done_callback(lambda _: self._joined(task, client))

    def _joined(self, task, client):
        self._relays.discard(task)
        if task.exception() is not None:
            client.transport.abort()

    async def _poll(self, address, ready):
        while True:
            before, now = address in self._ready, await _is_ready(address)
            if now != before:
                self._ready.append(address) if now else self._ready.remove(address)
                self._turn = cycle([*self._ready])
                ready.set()
            await asyncio.sleep(POLL)


async def _is_ready(address):
    try:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET /readyz HTTP/1.1\r\nhost: balancer\r\nconnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
    except OSError:
        return False
    return answer.startswith(b"HTTP/1.1 200")


class _Half(asyncio.Protocol):
    """One half of a connection: what comes in here goes out at the other."""

    other = None
    transport = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.other.transport.write(data)

    def connection_lost(self, exc):
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close() if exc is None else self.other.transport.abort()


class _Client(_Half):
    """The client's half; what it sends is held back until the other one is there."""

    def __init__(self, balancer):
        self._balancer = balancer
        self.early = []

    def connection_made(self, transport):
        super().connection_made(transport)
        self._balancer.join(self)

    def data_received(self, data):
        if self.other is None:
            self.early.append(data)
        else:
            super().data_received(data)


class _Relay(_Half):
    """The instance's half."""

    def __init__(self, client):
        self.other = client

    def connection_made(self, transport):
        super().connection_made(transport)
        self.other.other = self
        transport.write(b"".join(self.other.early))
        if self.other.transport.is_closing():
            transport.close()

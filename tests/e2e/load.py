"""Clients as they are: they keep connections, leave when they are told to, come back when a stream has ended."""

import asyncio
from collections import Counter

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


class Broken(Exception):
    """An answer that is none."""


class Load:
    """Asks until it is stopped; what went well is counted by kind, what failed is kept."""

    def __init__(self, address):
        self._address = address
        self._stopped = False
        self._goal, self._reached = 0, asyncio.Event()
        self.requests = 0
        self.done = Counter()
        self.failures = []

    def stop(self):
        self._stopped = True

    async def until(self, requests):
        """Wait until so many requests went well, streams not counted."""
        self._goal = requests
        self._reached.clear()
        await self._reached.wait()

    async def run(self, kind, ask):
        """Call `ask`, which opens a connection and uses it up, again and again."""
        while not self._stopped:
            try:
                await ask()
            except (OSError, EOFError, Broken, ConnectionClosed, TimeoutError) as error:
                self.failures.append((kind, repr(error)))

    async def keep_alive(self, path):
        """Send requests on one connection until the server says that it closes it."""
        reader, writer = await self._open()
        request = f"GET {path} HTTP/1.1\r\nhost: test\r\n\r\n".encode()
        try:
            kept = True
            while kept and not self._stopped:
                writer.write(request)
                head = await self._head(reader)
                await reader.readexactly(int(head["content-length"]))
                self.done[path] += 1
                self.requests += 1
                if self.requests >= self._goal:
                    self._reached.set()
                kept = head.get("connection") != "close"
        finally:
            writer.close()

    async def events(self, path):
        """Read one stream of events to its polite end."""
        reader, writer = await self._open()
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nhost: test\r\n\r\n".encode())
            await self._head(reader)
            while size := int(await reader.readline(), 16):  # the chunk of length 0 is the end
                await reader.readexactly(size + 2)
                self.done[path] += 1
                if self._stopped:
                    return
        finally:
            writer.close()

    async def websocket(self, path):
        """Exchange messages until the server closes the connection as for a restart."""
        host, port = self._address
        async with connect(f"ws://{host}:{port}{path}", open_timeout=20) as ws:
            while not self._stopped:
                try:
                    await ws.send("hello")
                    answer = await asyncio.wait_for(ws.recv(), 20)
                except ConnectionClosed as closed:
                    if closed.rcvd is None or closed.rcvd.code != 1012:
                        raise
                    return
                if answer != "echo: hello":
                    raise Broken(answer)
                self.done[path] += 1
                await asyncio.sleep(0.02)

    async def _open(self):
        return await asyncio.open_connection(*self._address)

    async def _head(self, reader):
        async with asyncio.timeout(20):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.lower().splitlines()[:-1]
        if status.split()[1] != "200":
            raise Broken(head)
        return dict(line.split(": ", 1) for line in lines)

"""What may befall a request: decided by a seed, at every point that it passes."""

from contextvars import ContextVar
from random import Random
from threading import get_ident
from time import sleep

from anyio import CancelScope, Event, from_thread, sleep_forever
from anyio.lowlevel import checkpoint

from hawkapi.exceptions import HTTPException


class Boom(Exception):
    """What user code raises."""


class Broken(OSError):
    """What a server's `receive` or `send` raises."""


class Resource:
    """Something that is open until it is closed, once."""

    def __init__(self, name):
        self.name, self.closes = name, 0

    def close(self):
        self.closes += 1

    def __repr__(self):
        return f"{self.name} (closed {self.closes} times)"


class Fate:
    """One request: what happens to it, what it opens, and the client's side of it.

    Args:
        seed: Decides everything.
        hangs: A hanging request is ended by its time limit, so it may hang.
    """

    def __init__(self, seed, *, hangs=False):
        self.seed, self.hangs = seed, hangs
        self.chance = Random(seed).choice([0, 0.05, 0.2])
        self.ident, self.scope, self.left = get_ident(), CancelScope(), Event()
        self.passed, self.resources, self.wrong, self.failed_commits = {}, [], [], 0
        self.sent, self.begun, self.broke = [], False, False

    # what user code calls

    def open(self, name):
        resource = Resource(name)
        self.resources.append(resource)
        return resource

    def expect(self, resource, where):
        """Note a resource that is used when it is closed already."""
        if resource.closes:
            self.wrong.append(f"{resource} was used in {where}")

    async def strike(self, point):
        """Let happen what happens at a point where the request may wait; cancellation comes at once."""
        if self._act(point, hangs=self.hangs):
            await sleep_forever()
        await checkpoint()

    def strike_now(self, point, *, cleanup=False):
        """Let happen what happens at a point where nothing waits, in the event loop or a worker thread."""
        in_loop = get_ident() == self.ident
        if in_loop:
            self._act(point, hangs=False)
        elif self._act(point, hangs=self.hangs and not cleanup, call=from_thread.run_sync):
            while True:
                from_thread.check_cancelled()
                sleep(0)

    async def commit(self, point):
        """Let happen what happens in cleanup."""
        self.commit_now(point)
        await checkpoint()

    def commit_now(self, point):
        """Let happen what happens in cleanup, where nothing waits."""
        try:
            self.strike_now(point, cleanup=True)
        except Exception:
            self.failed_commits += 1
            raise

    # what the server calls

    async def send(self, message):
        await self._happen("send")
        self.begun = True
        if not self.left.is_set():
            self.sent.append(message)

    async def receive_http(self):
        await self._happen("receive")
        if self._first("body"):
            return {"type": "http.request", "body": b'{"n":1}'}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def receive_websocket(self):
        if self._first("connect"):
            return {"type": "websocket.connect"}
        await self._happen("receive")
        if not self.left.is_set() and self._random("message").random() < 0.6:
            return {"type": "websocket.receive", "text": "hi"}
        self.left.set()
        return {"type": "websocket.disconnect", "code": 1001}

    async def _happen(self, point):
        match self._choose(point, ["break", "cancel", "leave"]):
            case "break":
                self.broke = True
                raise Broken(point)
            case "cancel":
                self.scope.cancel()
            case "leave":
                self.left.set()
        await checkpoint()

    # what is decided

    def _act(self, point, *, hangs, call=lambda fn: fn()):
        """Do what is to be done; gives whether it is to hang."""
        match self._choose(point, ["raise", "refuse", "cancel", "leave", *(["hang"] * 4 if hangs else [])]):
            case "raise":
                raise Boom(point)
            case "refuse":
                raise HTTPException(409, point)
            case "cancel":
                call(self.scope.cancel)
            case "leave":
                call(self.left.set)
            case "hang":
                return True
        return False

    def _choose(self, point, acts):
        random = self._random(point)
        return random.choice(acts) if random.random() < self.chance else None

    def _random(self, point):
        """Give what decides at a point the next time that it is passed."""
        self.passed[point] = self.passed.get(point, 0) + 1
        return Random(f"{self.seed} {point} {self.passed[point]}")

    def _first(self, point):
        self.passed[point] = self.passed.get(point, 0) + 1
        return self.passed[point] == 1


FATE: ContextVar[Fate] = ContextVar("FATE")
"""That of the request."""

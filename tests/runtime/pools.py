"""Pools whose threads are busy, and their end."""

from contextlib import asynccontextmanager, contextmanager
from functools import partial
from threading import Event, Semaphore

from anyio import create_task_group, to_thread

from hawkapi.runtime import threads


@asynccontextmanager
async def occupied(pool):
    """Hold every thread of a pool while the block runs."""
    entered, release = Semaphore(0), Event()

    def hold():
        entered.release()
        release.wait(60)

    async with create_task_group() as group:
        for _ in range(pool.total_tokens):
            group.start_soon(partial(threads.run, hold, limiter=pool))
        for _ in range(pool.total_tokens):
            await to_thread.run_sync(entered.acquire)
        try:
            yield
        finally:
            release.set()


async def all_back(pool):
    """Wait until no thread of a pool is in use."""
    while pool.borrowed_tokens:
        await to_thread.run_sync(int)


@contextmanager
def released(event):
    """Let the threads go that wait for an event, whatever happens."""
    try:
        yield
    finally:
        event.set()

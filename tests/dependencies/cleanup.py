"""Generators whose life is written down, for the tests of their cleanup."""

from collections.abc import Callable
from typing import Any

from anyio.lowlevel import checkpoint

SYNC, ASYNC, WAITING = "sync", "async", "waiting"
KINDS = [SYNC, ASYNC, WAITING]
"""A sync generator; an async one that cannot wait; an async one that does, in its cleanup too."""

STYLES = ["async", "sync", "inline"]
"""An async handler; a sync one; one that runs in the event loop all the same."""


def logged(log: list[Any], name: str, kind: str = WAITING, *, fails: Exception | None = None) -> Callable[..., Any]:
    """Make a generator that logs `name opened`, then `name committed` or the name of what was thrown into it.

    Args:
        log: The list.
        name: The generator's.
        kind: One of `KINDS`.
        fails: Raised in its cleanup, after it was logged.
    """

    def after(event: str) -> None:
        log.append(f"{name} {event}")
        if fails is not None:
            raise fails

    def sync():
        log.append(f"{name} opened")
        try:
            yield name
        except BaseException as exc:
            after(type(exc).__name__)
            raise
        after("committed")

    async def in_loop():
        log.append(f"{name} opened")
        try:
            yield name
        except BaseException as exc:
            after(type(exc).__name__)
            raise
        after("committed")

    async def waiting():
        await checkpoint()
        log.append(f"{name} opened")
        try:
            yield name
        except BaseException as exc:
            await checkpoint()  # raises if the cancellation of the request reaches the cleanup
            after(type(exc).__name__)
            raise
        await checkpoint()
        after("committed")

    return {SYNC: sync, ASYNC: in_loop, WAITING: waiting}[kind]


def declare(app: Any, style: str, act: Callable[[], Any], **options: Any) -> None:
    """Declare a handler of some style at `/`, which returns what `act` returns.

    Args:
        app: The app.
        style: One of `STYLES`.
        act: What the handler does; a sync function.
        options: Of the route.
    """

    async def in_loop():
        return act()

    def in_thread():
        return act()

    if style == "async":
        app.get("/", **options)(in_loop)
    else:
        app.get("/", sync="inline" if style == "inline" else "thread", **options)(in_thread)

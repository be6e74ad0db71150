"""Health checks: what an app asks of itself, and what it found."""

import re
from collections.abc import Callable, Iterable
from inspect import isawaitable
from threading import Lock
from typing import Any, TypeAlias, cast

import msgspec
from anyio import create_task_group, move_on_after

from hawkapi._signature import describe, is_async_callable
from hawkapi.runtime import threads
from hawkapi.runtime.groups import unwrap
from hawkapi.runtime.threads import Pool

CHECK_SECONDS = 0.8
"""How long a check may take: the kubelet gives up on a probe after one second."""

CheckFunction: TypeAlias = Callable[[], Any]
"""Sync or async; returns something true or false, or a pair of that and a text that may be published."""

_is_name = re.compile(r"[a-z0-9_-]{1,64}").fullmatch


class Finding(msgspec.Struct, frozen=True):
    """What a check found: all right or not, and a word about it."""

    ok: bool
    detail: str


class Check:
    """A named question that is asked at every probe.

    Args:
        name: 1 to 64 of `a-z`, `0-9`, `_` and `-`.
        fn: What is called.

    Raises:
        ValueError: If the name is none.
    """

    def __init__(self, name: str, fn: CheckFunction) -> None:
        if not _is_name(name):
            raise ValueError(
                f"the check {describe(fn)} needs a name of 1 to 64 of a-z, 0-9, '_' and '-', which {name!r} is not"
            )
        self.name = name
        self._fn = fn
        self._thread = Lock()
        self._hangs = False

    async def run(self, limiter: Pool, seconds: float = CHECK_SECONDS) -> Finding:
        """Ask, for so many seconds at most; whatever the function does, the answer is a finding.

        A sync function that hangs is not waited for, and not called again before it has come back. Of an exception the
        finding shows the class alone: its text may hold secrets.

        Args:
            limiter: The worker threads for a sync function.
            seconds: Then it has failed.
        """
        overran = Finding(ok=False, detail=f"timeout after {seconds:g} s")
        if self._hangs and self._thread.locked():
            return overran
        try:
            with move_on_after(seconds):
                return _finding(await self._ask(limiter))
        except Exception as exc:  # noqa: BLE001 - an exception is what was found
            return Finding(ok=False, detail=type(exc).__name__)
        self._hangs = True
        return overran

    async def _ask(self, limiter: Pool) -> Any:
        if is_async_callable(self._fn):
            return await self._fn()
        result = await threads.serve(self._call, limiter=limiter, abandon=True)
        return await result if isawaitable(result) else result

    def _call(self) -> Any:
        with self._thread:
            return self._fn()


async def run_checks(checks: Iterable[Check], limiter: Pool, seconds: float = CHECK_SECONDS) -> dict[str, Finding]:
    """Run checks side by side; give what each found by its name, in the order of the checks."""
    findings: dict[str, Finding] = {}

    async def run(check: Check) -> None:
        """Run one and note what it found."""
        findings[check.name] = await check.run(limiter, seconds)

    with unwrap():
        async with create_task_group() as group:
            for check in checks:
                findings[check.name] = Finding(ok=False, detail="")  # keeps the place
                group.start_soon(run, check)
    return findings


def _finding(result: Any) -> Finding:
    if isinstance(result, tuple) and len(cast("tuple[Any, ...]", result)) == 2:
        ok, detail = cast("tuple[Any, Any]", result)
        return Finding(bool(ok), str(detail))
    return Finding(ok=True, detail="ok") if result else Finding(ok=False, detail="failed")

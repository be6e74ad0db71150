"""What an app collects while it is declared, besides its routes."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from hawkapi._types import Receive, Scope, Send
from hawkapi.ops.health import Check
from hawkapi.routing.registration import Registration

Hook: TypeAlias = Callable[[], Any]

Entry: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""What serves a sealed app."""


class AppRegistration:
    """Exception handlers, hooks and checks, in order of registration."""

    def __init__(self) -> None:
        self.exception_handlers: dict[type[BaseException] | int, Callable[..., Any]] = {}
        self.startup: list[Hook] = []
        self.shutdown: list[Hook] = []
        self.drain: list[Hook] = []
        self.readiness: dict[str, Check] = {}


class Declared:
    """All that was declared at one moment, to go back to it: what a start registers, its stop forgets.

    Args:
        registered: The routes and mounts of an app.
        declared: All else of it.
    """

    def __init__(self, registered: Registration, declared: AppRegistration) -> None:
        lists: list[list[Any]] = [registered.routes, registered.websockets, registered.mounts]
        lists += [declared.startup, declared.shutdown, declared.drain]
        self._lists = [(known, list(known)) for known in lists]
        dicts: list[dict[Any, Any]] = [declared.exception_handlers, declared.readiness]
        self._dicts = [(known, dict(known)) for known in dicts]

    def restore(self) -> bool:
        """Forget what came later; tell whether there was anything."""
        changed = False
        for known, before in self._lists:
            if known != before:
                known[:] = before
                changed = True
        for known, before in self._dicts:
            if known != before:
                known.clear()
                known.update(before)
                changed = True
        return changed

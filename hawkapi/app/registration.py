"""What an app collects while it is declared, besides its routes."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from hawkapi._types import Receive, Scope, Send
from hawkapi.ops.health import Check

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

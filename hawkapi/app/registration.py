"""What an app collects while it is declared, besides its routes."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from hawkapi._types import Receive, Scope, Send

Hook: TypeAlias = Callable[[], Any]

Entry: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""What serves a sealed app."""


class AppRegistration:
    """Exception handlers and hooks, in order of registration."""

    def __init__(self) -> None:
        self.exception_handlers: dict[type[BaseException] | int, Callable[..., Any]] = {}
        self.startup: list[Hook] = []
        self.shutdown: list[Hook] = []

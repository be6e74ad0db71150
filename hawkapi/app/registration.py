"""What an app collects while it is declared, besides its routes."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from hawkapi._types import Receive, Scope, Send
from hawkapi.ops.health import Check
from hawkapi.routing.registration import Registration

if TYPE_CHECKING:  # an app without them does not load them
    from hawkapi.di.container import Container
    from hawkapi.di.provider import Provider
    from hawkapi.middleware.entry import MiddlewareEntry
    from hawkapi.plugins import Plugin

Hook: TypeAlias = Callable[[], Any]

Entry: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""What serves a sealed app."""


class AppRegistration:
    """Exception handlers, hooks, checks, middleware and plugins, in order of registration.

    Attributes:
        container: The app's, `None` until somebody asks for it.
        substitutions: What is called in the place of functions that are depended on: each mapping stands for a block
            of its own, and later ones count.
    """

    def __init__(self) -> None:
        self.exception_handlers: dict[type[BaseException] | int, Callable[..., Any]] = {}
        self.startup: list[Hook] = []
        self.shutdown: list[Hook] = []
        self.drain: list[Hook] = []
        self.readiness: dict[str, Check] = {}
        self.middleware: list[MiddlewareEntry] = []
        self.plugins: list[Plugin] = []
        self.plugin_hooks: list[tuple[str, Callable[..., Any]]] = []
        self.container: Container | None = None
        self.substitutions: list[Sequence[tuple[Any, Callable[..., Any]]]] = []

    def add_plugin(self, plugin: "Plugin", own_hooks: Iterable[tuple[str, Callable[..., Any]]]) -> None:
        """Take in a plugin and the hooks that are its own: those of start and stop stand among the app's."""
        self.plugins.append(plugin)
        for name, hook in own_hooks:
            match name:
                case "on_startup":
                    self.startup.append(hook)
                case "on_shutdown":
                    self.shutdown.append(hook)
                case _:
                    self.plugin_hooks.append((name, hook))

    def hooks(self, name: str) -> list[Callable[..., Any]]:
        """Give the plugins' hooks of a name, in the order of their plugins; not those of start and stop."""
        return [hook for known, hook in self.plugin_hooks if known == name]


class Declared:
    """All that was declared at one moment, to go back to it: what a start registers, its stop forgets.

    Args:
        registered: The routes and mounts of an app.
        declared: All else of it.
    """

    def __init__(self, registered: Registration, declared: AppRegistration) -> None:
        lists: list[list[Any]] = [registered.routes, registered.websockets, registered.mounts]
        lists += [declared.startup, declared.shutdown, declared.drain]
        lists += [declared.middleware, declared.plugins, declared.plugin_hooks]
        self._lists = [(known, list(known)) for known in lists]
        dicts: list[dict[Any, Any]] = [declared.exception_handlers, declared.readiness]
        self._dicts = [(known, dict(known)) for known in dicts]
        self._declared = declared
        self._services = _services(declared)
        self._started: frozenset[Provider] = frozenset()

    def begun(self) -> None:
        """Note what the start has registered in the container, which it may share with other apps."""
        self._started = _services(self._declared) - self._services

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
        if self._started and self._declared.container is not None:
            self._declared.container.forget(self._started)
            changed = True
        return changed


def _services(declared: AppRegistration) -> "frozenset[Provider]":
    return frozenset() if declared.container is None else frozenset(declared.container.providers())

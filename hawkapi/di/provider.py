"""A provider: a type of the container, and the place behind which its instances are found."""

from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, Final, TypeAlias, get_origin

from hawkapi._signature import qualified_name
from hawkapi.di.recipe import Factory, Key, Recipe

Getter: TypeAlias = Callable[[Any], Coroutine[Any, Any, Any]]
"""Gives an instance. It takes a `Scope`, which is made of providers and so unknown here, or `None` outside of one."""


class Lifecycle(StrEnum):
    """How long an instance lives, and who shares it."""

    SINGLETON = "singleton"
    SCOPED = "scoped"
    TRANSIENT = "transient"


class _Unmade:
    def __repr__(self) -> str:
        return "UNMADE"


UNMADE: Final[Any] = _Unmade()
"""Stands for an instance that is not there yet; `None` is an instance like any other."""


class Provider:
    """One registration. Whoever holds it may hold it for ever: what stands behind it is looked up at each use.

    Args:
        key: The type it is asked for by, and its name among those of the type.
        lifecycle: How long an instance lives.
        recipe: What makes one.
        wire: Called when somebody asks for the first time, and again after a change of what is behind it. It sets
            `get`, and `value` where there is one.

    Attributes:
        service_type: The type it is asked for by.
        name: Its name, `None` for the one without.
        lifecycle: How long an instance lives.
        recipe: What makes one.
        value: The instance that everybody gets, once there is one: of a singleton, or an override's. Else `UNMADE`:
            then `get` is asked.
        get: `await provider.get(scope)` gives an instance; outside a scope, `None` stands for it.
    """

    __slots__ = ("_wire", "get", "lifecycle", "name", "recipe", "service_type", "value")

    def __init__(self, key: Key, lifecycle: Lifecycle, recipe: Recipe, wire: Callable[["Provider"], None]) -> None:
        self.service_type: Any = key[0]
        self.name: str | None = key[1]
        self.lifecycle: Lifecycle = lifecycle
        self.recipe: Recipe = recipe
        self.value: Any = UNMADE
        self.get: Getter = self._first
        self._wire = wire

    @property
    def key(self) -> Key:
        """What it is found by."""
        return self.service_type, self.name

    @property
    def factory(self) -> Factory:
        """What was registered to make an instance."""
        return self.recipe.factory

    def reset(self) -> None:
        """Forget what stands behind it: for the next one who asks, it is looked up."""
        self.value = UNMADE
        self.get = self._first

    async def _first(self, scope: Any) -> Any:
        self._wire(self)
        return await self.get(scope)

    def __str__(self) -> str:
        return label(self.key)

    def __repr__(self) -> str:
        return f"<Provider {self} ({self.lifecycle})>"


def label(key: Key) -> str:
    """Write what a provider is found by: `Database`, `Database[replica]`."""
    service_type, name = key
    return type_name(service_type) if name is None else f"{type_name(service_type)}[{name}]"


def type_name(service_type: Any) -> str:
    """Write a type as it is known: `Database`, `list[int]`."""
    plain = get_origin(service_type) is None and hasattr(service_type, "__qualname__")
    return qualified_name(service_type) if plain else repr(service_type)

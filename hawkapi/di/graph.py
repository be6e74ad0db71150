"""What needs what in a container, under the overrides that stand."""

from collections.abc import Callable
from typing import Any, TypeAlias

from hawkapi._signature import EMPTY, UnreadableSignature, describe
from hawkapi.di.provider import UNMADE, Lifecycle, Provider, label
from hawkapi.di.recipe import Key, Need, Recipe, is_type

Needs: TypeAlias = list[tuple[Need, Provider | None]]
"""The parameters of a factory, and what is passed for each: `None` where it keeps its default or nothing is found."""


class Override:
    """What stands in for a provider.

    Args:
        key: What it is asked for by.
        recipe: What makes an instance instead.
        value: The instance, where there is no recipe.
    """

    __slots__ = ("key", "recipe", "value")

    def __init__(self, key: Key, recipe: Recipe | None, value: Any = UNMADE) -> None:
        self.key: Key = key
        self.recipe: Recipe | None = recipe
        self.value: Any = value


class Graph:
    """Providers and what their factories need.

    Args:
        find: Gives the provider of a key, if there is one.
        unknown: Says of a key that there is none, and what to do.

    Attributes:
        overrides: Those that stand, outer ones first.
    """

    def __init__(self, find: Callable[[Key], Provider | None], unknown: Callable[[Key], str]) -> None:
        self._find, self._unknown = find, unknown
        self.overrides: list[Override] = []

    def override(self, key: Key) -> Override | None:
        """Give what stands in for the provider of a key."""
        return next((override for override in reversed(self.overrides) if override.key == key), None)

    def recipe(self, provider: Provider) -> Recipe | None:
        """Give what makes its instances; `None` where a value stands in for them."""
        override = self.override(provider.key)
        return provider.recipe if override is None else override.recipe

    def lifecycle(self, provider: Provider) -> Lifecycle:
        """Give how long its instances live; a value that stands in for them outlives all."""
        return Lifecycle.SINGLETON if self.recipe(provider) is None else provider.lifecycle

    def lasts(self, provider: Provider) -> bool:
        """Tell whether everybody gets the same instance."""
        return self.lifecycle(provider) is Lifecycle.SINGLETON

    def needs(self, provider: Provider) -> Needs:
        """Give what its factory needs.

        Raises:
            UnreadableSignature: If the parameters cannot be read.
        """
        recipe = self.recipe(provider)
        needs = () if recipe is None else recipe.needs()
        return [(need, None if need.key is None else self._find(need.key)) for need in needs]

    def dependencies(self, provider: Provider) -> list[Provider]:
        """Give whose instances its factory is passed, each once; none if it cannot be read."""
        try:
            return passed(self.needs(provider))
        except UnreadableSignature:
            return []

    def named(self, provider: Provider) -> str:
        """Write a provider, and where its instances come from: `Database (app.py:12)`."""
        recipe = self.recipe(provider)
        return f"{provider} ({'a value' if recipe is None else recipe.location})"

    def unmet(self, need: Need) -> str:
        """Write what a need asks for in vain, and what to do."""
        wanted, _ = key = need.key or (EMPTY, None)
        if wanted is EMPTY:
            return f"the parameter '{need.parameter}': nothing tells what it takes; give it an annotation or a default"
        if not is_type(wanted) and callable(wanted):
            return (
                f"{describe(wanted)}: functions are called for requests only; "
                "register in the container what it makes, or depend on it in a route"
            )
        return f"{label(key)}: {self._unknown(key)}, or give the parameter '{need.parameter}' a default"


def passed(needs: Needs) -> list[Provider]:
    """Give whose instances meet needs, each once."""
    return list(dict.fromkeys(provider for _, provider in needs if provider is not None))

"""The resolver: compiles what stands behind a provider to closures, on first use and after each change."""

from collections.abc import Callable, Collection, Sequence
from threading import RLock
from types import CoroutineType
from typing import Any, TypeAlias, cast

from hawkapi.di.checks import Walk
from hawkapi.di.graph import Graph, Needs, Override, passed
from hawkapi.di.once import Once
from hawkapi.di.provider import UNMADE, Getter, Lifecycle, Provider
from hawkapi.di.recipe import Factory
from hawkapi.di.scope import Scope

Argument: TypeAlias = tuple[Once, Getter]
"""Where an argument of a factory is found once it is made, and what is asked until then."""


class Source:
    """Where a provider's instances come from while certain overrides stand; it outlives each compilation.

    Args:
        overrides: Those that it depends on, itself or through what it needs.
        once: The place of an instance that everybody gets.

    Attributes:
        overrides: As given, as is `once`.
        get: Gives an instance, as that of `Provider` does.
    """

    __slots__ = ("get", "once", "overrides")

    def __init__(self, overrides: frozenset[Override], once: Once) -> None:
        self.overrides: frozenset[Override] = overrides
        self.once: Once = once
        self.get: Getter = _constant(once.value)


class Resolver:
    """Puts behind each provider what stands there now.

    Event loops in several threads may share it, and a test may override from a thread of its own.

    Args:
        graph: What needs what.

    Attributes:
        lock: Held while something changes; nothing is awaited under it.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._sources: dict[tuple[Provider, frozenset[Override]], Source] = {}
        self._wired: dict[Provider, Source] = {}
        self.lock: RLock = RLock()

    def wire(self, provider: Provider) -> None:
        """Compile what stands behind a provider, and behind all that it needs.

        Raises:
            LookupError: If something is needed that nobody provides, or the provider's own override is over.
            RuntimeError: If some need each other, or the parameters of a factory cannot be read.
        """
        with self.lock:
            walk = Walk(self._graph, self._wired)
            walk.visit(provider)
            if walk.mistakes:
                raise walk.mistakes[0]
            for visited, needs in walk.needs.items():
                self._wire(visited, needs)

    def forget(self) -> None:
        """Have everything wired anew; what is made stays made."""
        with self.lock:
            for provider in self._wired:
                provider.reset()
            self._wired.clear()

    def drop(self, providers: Collection[Provider]) -> None:
        """Drop what was made by providers that are not known any more, and have the others wired anew."""
        with self.lock:
            self._sources = {key: source for key, source in self._sources.items() if key[0] not in providers}
            self.forget()

    def begin(self, override: Override) -> None:
        """Let an override stand. What depends on it is made anew; what was made before is set aside."""
        with self.lock:
            self._graph.overrides.append(override)
            self.forget()

    def end(self, override: Override) -> None:
        """Take an override away, and drop what was made of it."""
        with self.lock:
            self._graph.overrides.remove(override)
            self._sources = {key: source for key, source in self._sources.items() if override not in source.overrides}
            self.forget()

    def _wire(self, provider: Provider, needs: Needs) -> None:
        source = self._source(provider, needs)
        recipe = self._graph.recipe(provider)
        if recipe is not None:
            source.get = self._compile(provider, source, recipe.factory, needs)
        self._wired[provider] = source
        provider.get = source.get
        provider.value = source.once.value

    def _source(self, provider: Provider, needs: Needs) -> Source:
        override = self._graph.override(provider.key)
        overrides = {override} if override is not None else set[Override]()
        overrides.update(*(self._wired[found].overrides for _, found in needs if found is not None))
        key = (provider, frozenset(overrides))
        if key not in self._sources:
            self._sources[key] = Source(key[1], Once() if override is None else Once(override.value))
        return self._sources[key]

    def _arguments(self, needs: Needs) -> tuple[list[Argument], list[str]]:
        """Give a factory's arguments, and the names of the last of them, which are passed by name."""
        positional: list[Argument] = []
        named: dict[str, Argument] = {}
        for need, found in needs:
            if found is not None:
                source = self._wired[found]
                argument = (source.once, source.get)
            else:
                argument = (Once(need.default), _constant(need.default))
            if need.keyword_only:
                named[need.parameter] = argument
            else:
                positional.append(argument)
        return [*positional, *named.values()], list(named)

    def _compile(self, provider: Provider, source: Source, factory: Factory, needs: Needs) -> Getter:
        arguments, names = self._arguments(needs)
        if provider.lifecycle is Lifecycle.SCOPED:
            lasting = [self._wired[found].once for found in passed(needs) if self._graph.lasts(found)]
            return _scoped(provider, source, _maker(factory, arguments, names, _keeper(provider, lasting)))
        make = _maker(factory, arguments, names, None)
        if provider.lifecycle is Lifecycle.SINGLETON:
            return _singleton(source.once, make, lambda: self._publish(provider, source))
        return make

    def _publish(self, provider: Provider, source: Source) -> None:
        """Show a made singleton to all who hold the provider, unless something else stands there by now."""
        with self.lock:
            if self._wired.get(provider) is source:
                provider.value = source.once.value


def _maker(
    factory: Factory,
    arguments: Sequence[Argument],
    names: Sequence[str],
    keep: Callable[[Scope, Any], None] | None,
) -> Getter:
    """Compile a call of a factory with its arguments, the last of them by name."""
    call = _by_name(factory, names) if names else factory

    async def make(scope: Scope | None) -> Any:
        values: list[Any] = []
        for once, get in arguments:
            value = once.value
            values.append(value if value is not UNMADE else await get(scope))
        made: Any = call(*values)
        if type(made) is CoroutineType:
            made = cast("Any", await made)
        if keep is not None and scope is not None:
            keep(scope, made)
        return made

    return make


def _by_name(factory: Factory, names: Sequence[str]) -> Factory:
    count = len(names)
    return lambda *values: factory(*values[:-count], **dict(zip(names, values[-count:], strict=True)))


def _keeper(provider: Provider, lasting: Sequence[Once]) -> Callable[[Scope, Any], None]:
    """Compile what has a scope close an instance, unless it is one of the `lasting` ones and was just handed on."""

    def keep(scope: Scope, made: Any) -> None:
        for once in lasting:
            if once.value is made:
                return
        scope.made.append((provider, made))

    return keep


def _singleton(once: Once, make: Getter, publish: Callable[[], None]) -> Getter:
    """Compile a service that is made once; what it needs must outlive every scope."""

    async def get(_scope: Scope | None) -> Any:
        value = once.value
        if value is UNMADE:
            value = await once.get(make, None)
            publish()
        return value

    return get


def _scoped(provider: Provider, source: Source, make: Getter) -> Getter:
    """Compile a service that is made once a scope."""

    async def get(scope: Scope | None) -> Any:
        if scope is None:
            raise RuntimeError(
                f"{provider} is scoped and was asked for without a scope: use `async with container.scope() as scope` "
                "and scope.resolve(); what is needed by a singleton cannot be scoped"
            )
        once = scope.once(source)
        value = once.value
        if value is UNMADE:
            value = await once.get(make, scope)
            if scope.closed:  # meanwhile
                await scope.close()
                raise RuntimeError(f"the scope was closed while {provider} was made")
        return value

    return get


def _constant(value: Any) -> Getter:
    async def get(_scope: Scope | None) -> Any:
        return value

    return get

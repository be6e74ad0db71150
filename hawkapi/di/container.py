"""The container: which services there are, how each is made, and how long it lives."""

from collections.abc import Collection, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, TypeVar

from hawkapi._signature import describe
from hawkapi.di.checks import Walk, lifetime_mistakes
from hawkapi.di.graph import Graph, Override
from hawkapi.di.provider import UNMADE, Lifecycle, Provider, label, type_name
from hawkapi.di.recipe import Factory, Key, Recipe
from hawkapi.di.resolver import Resolver
from hawkapi.di.scope import Scope

T = TypeVar("T")

SHOWN = 3
"""How many services an error names that may have been meant."""


class Container:
    """Knows how the services of an application are made, and makes each when it is asked for.

    A factory is a class or a function, sync or async. Its parameters are filled from the container: `db: Database`,
    `db: Annotated[Database, Depends(name="replica")]`, `db=Depends(Database)`. One whose type nobody provides keeps its
    default. A sync factory is called in the event loop, so one that waits for something should be async.

    It belongs to no event loop: services may be registered at import, and several loops may share it.
    """

    def __init__(self) -> None:
        self._providers: dict[Key, Provider] = {}
        self._passing: dict[Key, Provider] = {}  # known as long as an override stands
        self._related: dict[str, list[Provider]] = {}  # by the names of their types, and of the bases of these
        self._graph = Graph(self._find, self._unknown)
        self._resolver = Resolver(self._graph)

    def singleton(self, service_type: Any, *, factory: Factory, name: str | None = None) -> None:
        """Register a service that is made once, for all; see `register`. The container does not close it."""
        self.register(service_type, factory=factory, lifecycle=Lifecycle.SINGLETON, name=name)

    def scoped(self, service_type: Any, *, factory: Factory, name: str | None = None) -> None:
        """Register a service that is made once a request, or once a `scope()`; see `register`.

        The end of the scope closes it, if it has `aclose()` or `close()`.
        """
        self.register(service_type, factory=factory, lifecycle=Lifecycle.SCOPED, name=name)

    def transient(self, service_type: Any, *, factory: Factory, name: str | None = None) -> None:
        """Register a service that is made anew at each injection; see `register`. It is closed by whoever uses it."""
        self.register(service_type, factory=factory, lifecycle=Lifecycle.TRANSIENT, name=name)

    def register(
        self, service_type: Any, *, factory: Factory, lifecycle: Lifecycle | str, name: str | None = None
    ) -> None:
        """Register a service. Its factory is looked at later: what it needs may be registered after it.

        Args:
            service_type: What it is asked for by: a class, a base class or protocol of what is made, a `NewType`.
            factory: What makes it.
            lifecycle: How long it lives.
            name: Tells several of a type apart.

        Raises:
            ValueError: If that type and name are registered already, or `factory` is a generator function.
            TypeError: If `factory` cannot be called.
        """
        key = (service_type, name)
        provider = Provider(key, Lifecycle(lifecycle), Recipe(factory), self._wire)
        with self._resolver.lock:
            if key in self._providers:
                raise ValueError(
                    f"{label(key)} is already registered, with {describe(self._providers[key].factory)}; "
                    "give this one a name=, or replace that one for a test by override()"
                )
            self._passing.pop(key, None)
            self._providers[key] = provider
            for written in dict.fromkeys(map(type_name, _line(service_type))):
                self._related.setdefault(written, []).append(provider)
            self._resolver.forget()

    def forget(self, providers: Collection[Provider]) -> None:
        """Forget services, with what was made of them: what an app's start has registered, its stop takes back."""
        with self._resolver.lock:
            gone = frozenset(providers)
            for provider in gone:
                if self._providers.get(provider.key) is provider:
                    del self._providers[provider.key]
            for related in self._related.values():
                related[:] = [provider for provider in related if provider not in gone]
            self._resolver.drop(gone)

    def has(self, service_type: Any, name: str | None = None) -> bool:
        """Tell whether a service is known; of what cannot be one it is not."""
        return self._find((service_type, name)) is not None

    def provider(self, service_type: Any, name: str | None = None) -> Provider:
        """Give the provider of a service. It may be kept: whatever is overridden shows through it.

        Raises:
            LookupError: If there is none.
        """
        provider = self._find((service_type, name))
        if provider is None:
            raise LookupError(self._unknown((service_type, name)))
        return provider

    def providers(self) -> tuple[Provider, ...]:
        """Give the providers of all services that are known, in the order of registration."""
        return (*self._providers.values(), *self._passing.values())

    def dependencies(self, provider: Provider) -> tuple[Provider, ...]:
        """Give the services that a provider's factory is passed; of a factory that cannot be read, none."""
        with self._resolver.lock:
            return tuple(self._graph.dependencies(provider))

    async def resolve(self, service_type: type[T], name: str | None = None) -> T:
        """Give a service, made if need be with all that it needs.

        Raises:
            LookupError: If nobody provides it, or something that it needs.
            RuntimeError: If it is scoped, or what it needs makes no sense; see `mistakes`.
        """
        provider = self.provider(service_type, name)
        value = provider.value
        return value if value is not UNMADE else await provider.get(None)

    def scope(self) -> Scope:
        """Make the scope of one job, one command or one test: `async with container.scope() as scope`."""
        return Scope(self)

    def override(self, service_type: Any, *, factory: Factory, name: str | None = None) -> AbstractContextManager[None]:
        """Have a service made by another factory inside the block, for all that depends on it.

        The service keeps its lifecycle; one that nobody provides is a singleton, known inside the block only. What was
        made of it before is set aside and comes back after the block; what is made inside is dropped then.

        Args:
            service_type: What it is asked for by.
            factory: What makes it instead; it is read like every factory.
            name: Its name among those of the type.

        Raises:
            ValueError: If `factory` is a generator function.
            TypeError: If `factory` cannot be called.
        """
        recipe = Recipe(factory)
        return self._overridden(Override((service_type, name), recipe), recipe)

    def override_value(
        self, service_type: Any, value: object, *, name: str | None = None
    ) -> AbstractContextManager[None]:
        """Have a value stand for a service inside the block, as `override` does.

        The value is passed as it is, never called and never closed.

        Args:
            service_type: What it is asked for by.
            value: What is given instead.
            name: Its name among those of the type.
        """
        return self._overridden(Override((service_type, name), None, value), Recipe(lambda: value))

    def mistakes(self) -> list[str]:
        """Find whatever makes no sense: what nobody provides, circles, singletons that need something scoped.

        Returns:
            A line for each, with the way to it, file and line of the factories, and the fix.
        """
        with self._resolver.lock:
            walk = Walk(self._graph)
            for provider in self.providers():
                walk.visit(provider)
            return [str(mistake) for mistake in (*walk.mistakes, *lifetime_mistakes(self._graph, walk.needs))]

    @contextmanager
    def _overridden(self, override: Override, recipe: Recipe) -> Generator[None, None, None]:
        key = override.key
        with self._resolver.lock:
            if self._find(key) is None:
                self._passing[key] = Provider(key, Lifecycle.SINGLETON, recipe, self._wire)
            self._resolver.begin(override)
        try:
            yield
        finally:
            with self._resolver.lock:
                self._resolver.end(override)
                if self._graph.override(key) is None:
                    self._passing.pop(key, None)

    def _find(self, key: Key) -> Provider | None:
        try:
            return self._providers.get(key) or self._passing.get(key)
        except TypeError:  # without a hash, as annotations may be
            return None

    def _wire(self, provider: Provider) -> None:
        if self._find(provider.key) is not provider:  # the override is over that it was made for
            raise LookupError(self._unknown(provider.key))
        self._resolver.wire(provider)

    def _unknown(self, key: Key) -> str:
        service_type, name = key
        named = "" if name is None else f"name={name!r}, "
        call = f"container.singleton({type_name(service_type)}, {named}factory=...)"
        akin = ", ".join(map(_full, self._akin(service_type)))
        known = f" (known are {akin})" if akin else ""
        return f"No provider for {label(key)}{known}; register it: {call}"

    def _akin(self, service_type: Any) -> Iterable[Provider]:
        """Find what may have been meant by a type: the same with a name, a namesake, something derived, a base."""
        found = self._related.get(type_name(service_type), [])[:SHOWN]
        bases = (self._find((base, None)) for base in _line(service_type))
        return islice(dict.fromkeys([*found, *(base for base in bases if base is not None)]), SHOWN)


def _line(service_type: Any) -> tuple[Any, ...]:
    """Give a type and its bases."""
    return service_type.__mro__[:-1] if isinstance(service_type, type) else (service_type,)


def _full(provider: Provider) -> str:
    """Write a provider with the module of its type, which tells namesakes apart."""
    module = getattr(provider.service_type, "__module__", None)
    return str(provider) if module is None else f"{module}.{provider}"

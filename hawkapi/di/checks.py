"""What is wrong with a graph of providers: all of it, each with the way to it. Linear, and not recursive."""

from collections.abc import Callable, Collection, Container, Iterator, Mapping

from hawkapi._signature import EMPTY, UnreadableSignature
from hawkapi.di.graph import Graph, Needs, passed
from hawkapi.di.provider import Lifecycle, Provider

SHOWN = 5
"""How many providers a message names at each end of a long way."""


class Walk:
    """A walk from providers to what they need, and on to what that needs.

    Args:
        graph: Where to walk.
        known: Providers that need no visit.

    Attributes:
        needs: What the visited providers need; each stands after all that it needs itself.
        mistakes: What is wrong, as errors that say so.
    """

    def __init__(self, graph: Graph, known: Container[Provider] = ()) -> None:
        self._graph, self._known = graph, known
        self._way: dict[Provider, Iterator[Provider]] = {}  # to where it is, and what is left to visit from each
        self._read: dict[Provider, Needs] = {}
        self.needs: dict[Provider, Needs] = {}
        self.mistakes: list[Exception] = []

    def visit(self, root: Provider) -> None:
        """Walk from one provider, unless a walk came by it before."""
        self._enter(root)
        while self._way:
            provider, left = next(reversed(self._way.items()))
            found = next(left, None)
            if found is None:
                del self._way[provider]
                self.needs[provider] = self._read.pop(provider)
            elif found in self._way:
                self._report_circle(found)
            else:
                self._enter(found)

    def _enter(self, provider: Provider) -> None:
        if provider in self.needs or provider in self._known:
            return
        self._read[provider] = needs = self._read_needs(provider)
        self._way[provider] = iter(passed(needs))
        for need, found in needs:
            if found is None and need.default is EMPTY:
                self._report(LookupError, self._way, f" -> {self._graph.unmet(need)}")

    def _read_needs(self, provider: Provider) -> Needs:
        try:
            return self._graph.needs(provider)
        except UnreadableSignature as exc:
            why = " ".join(str(exc).split())
            self._report(RuntimeError, [*self._way, provider], f": {why}; or wrap it: factory=lambda: ...")
            return []

    def _report(self, kind: type[Exception], way: Collection[Provider], text: str) -> None:
        self.mistakes.append(kind(f"{_written(way, self._graph.named)}{text}"))

    def _report_circle(self, again: Provider) -> None:
        way = list(self._way)
        circle = way[way.index(again) :]
        text = f"{_written([*circle, again], str)}: each needs the next, so none can be made"
        self.mistakes.append(RuntimeError(f"{text} ({_written(circle, self._graph.named, ', ')})"))


def lifetime_mistakes(graph: Graph, needs: Mapping[Provider, Needs]) -> list[Exception]:
    """Find each singleton that would keep something scoped for ever, itself or through what is transient.

    Args:
        graph: Where the providers come from.
        needs: What each needs, as a `Walk` gives it.
    """
    mistakes: list[Exception] = []
    leads: dict[Provider, Provider] = {}  # what is transient, to the next step on its way to something scoped
    for provider, its_needs in needs.items():
        for found in passed(its_needs):
            if graph.lifecycle(found) is not Lifecycle.SCOPED and found not in leads:
                continue
            if graph.lifecycle(provider) is Lifecycle.TRANSIENT:
                leads.setdefault(provider, found)
            elif graph.lifecycle(provider) is Lifecycle.SINGLETON:
                way = [provider, found]
                while way[-1] in leads:
                    way.append(leads[way[-1]])
                mistakes.append(
                    RuntimeError(
                        f"{_written(way, graph.named)}: {provider} is a singleton and would keep {way[-1]}, which is "
                        f"scoped, for ever; make {provider} scoped, or have it open container.scope() at each use"
                    )
                )
    return mistakes


def _written(way: Collection[Provider], name: Callable[[Provider], str], between: str = " -> ") -> str:
    """Write a way, a long one without its middle."""
    if len(way) <= 2 * SHOWN:
        return between.join(map(name, way))
    steps = list(way)
    return between.join([*map(name, steps[:SHOWN]), "...", *map(name, steps[-SHOWN:])])

"""A container, told: as data, and as a picture."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypedDict

from hawkapi.di.container import Container
from hawkapi.di.provider import Lifecycle, Provider

_SHAPES = {Lifecycle.SINGLETON: ("([", "])"), Lifecycle.SCOPED: ("[[", "]]"), Lifecycle.TRANSIENT: ("((", "))")}

_KEYWORDS = frozenset(
    {"call", "class", "classdef", "click", "default", "direction", "end", "flowchart", "graph", "href", "linkstyle"}
    | {"style", "subgraph"}
)

_no_words = re.compile(r"\W+", re.ASCII)
_no_text = re.compile(r"[^\w .,\[\]|]")


class ProviderFacts(TypedDict):
    """A provider as data.

    Attributes:
        lifecycle: How long its instances live.
        factory: The repr of what makes them.
        name: Its name, if it has one.
        dependencies: The keys of what the factory is passed.
    """

    lifecycle: str
    factory: str
    name: str | None
    dependencies: list[str]


def container_graph(container: Container) -> dict[str, ProviderFacts]:
    """Tell what is registered, and what needs what, as data for JSON.

    Returns:
        Each provider by its type, `Database`, or type and name, `Database[replica]`; with the module before it where
        several types have the same name.
    """
    keys = _keys(container.providers())
    return {
        key: {
            "lifecycle": provider.lifecycle.value,
            "factory": repr(provider.factory),
            "name": provider.name,
            "dependencies": [keys[found] for found in container.dependencies(provider)],
        }
        for provider, key in keys.items()
    }


def to_mermaid(container: Container) -> str:
    """Draw what is registered, and what needs what, as a Mermaid flow chart.

    Singletons are stadiums, scoped services are subroutines, transient ones are circles. An arrow goes from what needs
    to what is needed.
    """
    keys = _keys(container.providers())
    nodes = _numbered({provider: _node(key) for provider, key in keys.items()})
    lines = ["graph TD"]
    for provider, node in nodes.items():
        opening, closing = _SHAPES[provider.lifecycle]
        lines.append(f'    {node}{opening}"{_text(keys[provider])}<br/>{provider.lifecycle}"{closing}')
    for provider, node in nodes.items():
        lines += [f"    {node} --> {nodes[found]}" for found in container.dependencies(provider)]
    return "\n".join(lines)


def _keys(providers: Iterable[Provider]) -> dict[Provider, str]:
    """Write providers as short as possible, no two alike."""
    short = {provider: str(provider) for provider in providers}
    count = Counter(short.values())
    return _numbered(
        {
            provider: key if count[key] == 1 else f"{getattr(provider.service_type, '__module__', '')}.{key}"
            for provider, key in short.items()
        }
    )


def _numbered(names: Mapping[Provider, str]) -> dict[Provider, str]:
    """Give each name but the first of several alike a number."""
    unique: dict[str, Provider] = {}
    count = Counter[str]()
    for provider, name in names.items():
        written = name
        while written in unique:
            count[name] += 1
            written = f"{name}_{count[name] + 1}"
        unique[written] = provider
    return {provider: name for name, provider in unique.items()}


def _node(key: str) -> str:
    """Make what Mermaid takes for the name of a node."""
    node = _no_words.sub("_", key).strip("_") or "service"
    return f"{node}_" if node.lower() in _KEYWORDS else node


def _text(key: str) -> str:
    """Escape what Mermaid would read as something else in a quoted text."""
    return _no_text.sub(lambda match: f"#{ord(match[0])};", key)

"""What was decided at the seal about a handler's arguments: what is called for them, in which order."""

from typing import Any

import msgspec

from hawkapi._signature import CallKind
from hawkapi.di.container import Container
from hawkapi.validation.specs import ParameterSpec


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call before the handler's.

    Attributes:
        kind: What the call gives; `provider` for a service of the container, `scheme` for a security scheme.
        target: What is called, or the `Provider`.
        name: The global name that stands for it.
        result: The variable that takes what it gives.
        arguments: Its arguments as source.
        inputs: The variables in them.
        waits: Of an async generator: it may wait between its yields.
    """

    kind: CallKind | str
    target: Any
    name: str
    result: str
    arguments: str = ""
    inputs: tuple[str, ...] = ()
    waits: bool = True


class Injection(msgspec.Struct, frozen=True, kw_only=True):
    """All that a handler's arguments are made of.

    Attributes:
        specs: What is bound of the request, in order: the variables `v0`, `v1`, …
        schemes: The security schemes; they are asked before anything is bound.
        providers: The services of the container.
        calls: The dependencies, in order.
        arguments: The handler's arguments as source.
        inputs: The variables in them.
        constants: Global names that the arguments use.
        container: Where scoped services come from; `None` where the handler needs none.
    """

    specs: list[ParameterSpec]
    schemes: tuple[Call, ...] = ()
    providers: tuple[Call, ...] = ()
    calls: tuple[Call, ...] = ()
    arguments: str = ""
    inputs: tuple[str, ...] = ()
    constants: dict[str, Any] = {}
    container: Container | None = None

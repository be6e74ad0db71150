"""A recipe: a factory, and what its parameters take of the container."""

from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, NewType, TypeAlias, Union, get_args, get_origin

import msgspec

from hawkapi._signature import EMPTY, Parameter, call_kind, describe, location, read_signature
from hawkapi.di.depends import Depends

Factory: TypeAlias = Callable[..., object]

Key: TypeAlias = tuple[Any, str | None]
"""What is asked of a container: a type, and a name among those of the type."""


class Need(msgspec.Struct, frozen=True):
    """One parameter of a factory.

    Attributes:
        parameter: Its name.
        keyword_only: It must be passed by name.
        key: What it takes; `None` if it keeps its default. Its type is `EMPTY` where nothing tells the type.
        default: What it falls back to where nobody provides that; `EMPTY` where it cannot do without.
    """

    parameter: str
    keyword_only: bool
    key: Key | None
    default: Any


class Recipe:
    """A factory whose parameters are read on first use, once.

    Args:
        factory: A class or function, sync or async.

    Raises:
        TypeError: If it cannot be called.
        ValueError: If it is a generator function.
    """

    __slots__ = ("_needs", "factory")

    def __init__(self, factory: Factory) -> None:
        if not callable(factory):
            raise TypeError(f"factory must be callable, not {factory!r}; for a value write factory=lambda: value")
        if call_kind(factory) in {"generator", "async generator"}:
            raise ValueError(
                f"{describe(factory)} is a generator function, and a factory returns what it makes: "
                "give that an aclose() or close(), or use Depends with this function in a route"
            )
        self.factory: Factory = factory
        self._needs: tuple[Need, ...] | None = None

    @property
    def location(self) -> str:
        """Where the factory stands: `file.py:12`, or its module if it has no code of its own, as a dataclass."""
        found = location(self.factory)
        module: str | None = getattr(self.factory, "__module__", None)
        return module if module is not None and found.startswith("<") else found

    def needs(self) -> tuple[Need, ...]:
        """Read the factory's parameters.

        Raises:
            UnreadableSignature: If that is impossible.
        """
        if self._needs is None:
            parameters = read_signature(self.factory).parameters
            self._needs = tuple(_need(parameter) for parameter in parameters if _is_asked(parameter))
        return self._needs


def _is_asked(parameter: Parameter) -> bool:
    """Tell whether a parameter is filled by us; what a partial has given is not, unless it is a marker."""
    return not parameter.variadic and (not parameter.given or isinstance(parameter.default, Depends))


def _need(parameter: Parameter) -> Need:
    wanted, marker = _asked(parameter.annotation)
    default = parameter.default
    if isinstance(default, Depends):
        marker, default = default, EMPTY
    key: Key | None = None
    if marker is not None:
        key = (wanted if marker.dependency is None else marker.dependency, marker.name)
    elif default is EMPTY:
        key = (wanted, None)
    return Need(parameter.name, parameter.keyword_only, key, default)


def _asked(annotation: Any) -> tuple[Any, Depends | None]:
    """Give the type that an annotation asks for, and its marker: of `Database | None`, the type is `Database`."""
    marker: Depends | None = None
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *metadata = get_args(annotation)
            marker = marker or next((item for item in metadata if isinstance(item, Depends)), None)
            continue
        optional = get_origin(annotation) in (Union, UnionType)
        members = [member for member in get_args(annotation) if member is not type(None)] if optional else []
        if len(members) != 1:
            return annotation, marker
        annotation = members[0]


def is_type(wanted: Any) -> bool:
    """Tell what may be registered from what is called: a function, or an object with `__call__`."""
    return isinstance(wanted, type | NewType) or get_origin(wanted) is not None

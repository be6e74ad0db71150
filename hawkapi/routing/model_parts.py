"""The models in an annotation, part by part: whether values are exactly these, and their fields left out."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from operator import attrgetter, countOf
from types import NoneType
from typing import Any, Protocol
from uuid import UUID

import msgspec
from msgspec import NODEFAULT, UNSET, UnsetType, inspect


class Exclusion(msgspec.Struct, frozen=True):
    """Which fields of models are left out: the `None` ones, those nobody set (pydantic), those at their default."""

    none: bool = False
    unset: bool = False
    defaults: bool = False


class Part(Protocol):
    """A place in an annotation that is a model or holds some.

    Attributes:
        kinds: The classes of its values.
    """

    kinds: frozenset[type]

    def is_exact(self, values: Collection[Any]) -> bool:
        """Tell whether values are of these very classes, all the way down: then none holds more than the models do.

        It is asked of all values of a place at once: a loop in C, where one a value would cost more than encoding it.
        What is no model is believed to be what the annotation says.
        """
        ...

    def without(self, value: Any, exclusion: Exclusion) -> Any:
        """Give an exact value without the fields that are left out."""
        ...


class Record:
    """A Struct or a dataclass; a TypedDict is one that is never exact: nobody knows what else a dict holds.

    Args:
        kind: The class of its values.
        tag: What stands before the fields.
        is_checkable: Its values may be exact.
        is_divisible: It is sent as an object, so fields can be left out.
        is_sparse: Fields at their default are left out anyway.
    """

    def __init__(
        self, kind: type, tag: Mapping[str, Any], *, is_checkable: bool, is_divisible: bool, is_sparse: bool
    ) -> None:
        self.kinds: frozenset[type] = frozenset({kind})
        self.is_checkable: bool = is_checkable
        self._kind = kind
        self._tag = tag
        self._is_divisible = is_divisible
        self._is_sparse = is_sparse
        self._fields: list[tuple[str, str, Part | None, inspect.Field]] = []
        self._nested: list[tuple[attrgetter[Any], Part]] = []
        self._get: Callable[[Any, str, Any], Any] = dict[str, Any].get if kind is dict else getattr

    def add(self, field: inspect.Field, part: Part | None) -> None:
        """Take a field, in order."""
        self._fields.append((field.name, field.encode_name, part, field))
        if part is not None:
            self._nested.append((attrgetter(field.name), part))

    @property
    def is_flat(self) -> bool:
        """Whether a value is exact by its class alone."""
        return self.is_checkable and not self._nested

    def is_exact(self, values: Collection[Any]) -> bool:
        """See `Part`."""
        if not self.is_checkable or countOf(map(type, values), self._kind) != len(values):
            return False
        for get, part in self._nested:  # noqa: SIM110  # making a generator costs as much as asking one part
            if not part.is_exact([*map(get, values)]):
                return False
        return True

    def without(self, value: Any, exclusion: Exclusion) -> Any:
        """See `Part`; a Struct that is sent as an array has a place for every field."""
        if not self._is_divisible:
            return value
        get, none, defaults = self._get, exclusion.none, exclusion.defaults or self._is_sparse
        kept = {**self._tag}
        for name, key, part, field in self._fields:
            item = get(value, name, UNSET)
            if item is UNSET or (none and item is None) or (defaults and _is_default(field, item)):
                continue
            kept[key] = item if part is None else part.without(item, exclusion)
        return kept


class PydanticModel:
    """A pydantic model: it is sent by its own fields, whatever stands in them, and knows what to leave out."""

    def __init__(self, kind: type) -> None:
        self.kinds: frozenset[type] = frozenset({kind})
        self._kind = kind

    def is_exact(self, values: Collection[Any]) -> bool:
        """See `Part`."""
        return countOf(map(type, values), self._kind) == len(values)

    def without(self, value: Any, exclusion: Exclusion) -> Any:
        """See `Part`."""
        return value.model_dump(
            mode="json",
            by_alias=True,
            exclude_none=exclusion.none,
            exclude_unset=exclusion.unset,
            exclude_defaults=exclusion.defaults,
        )


class Array:
    """A list, set or tuple of any length; each is sent as an array, so any will do."""

    kinds: frozenset[type] = frozenset({list, tuple, set, frozenset})

    def __init__(self, item: Part) -> None:
        self._item = item

    def is_exact(self, values: Collection[Any]) -> bool:
        """See `Part`."""
        if len(values) == 1:
            (value,) = values
            return type(value) in self.kinds and self._item.is_exact(value)
        return self.kinds.issuperset(map(type, values)) and self._item.is_exact([*chain.from_iterable(values)])

    def without(self, value: Any, exclusion: Exclusion) -> Any:
        """See `Part`."""
        return [self._item.without(item, exclusion) for item in value]

    def ends_check(self) -> Callable[[Any], bool] | None:
        """Make the function that tells by its ends whether a list is exact; `None` where the ends do not say so.

        Looking at every item costs a tenth of encoding it. Who annotates a list of a model that nothing is derived
        from has promised that nothing else is in it.
        """
        if not isinstance(self._item, Record) or not self._item.is_flat:
            return None
        (kind,) = self._item.kinds
        derived = kind.__subclasses__

        def has_exact_ends(value: Any) -> bool:
            """Tell whether it is a list that begins and ends with the model."""
            return type(value) is list and bool(value) and type(value[0]) is kind is type(value[-1]) and not derived()  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # a list of anything

        return has_exact_ends


class FixedArray:
    """A tuple with a type for each place, or a named one."""

    def __init__(self, kind: type) -> None:
        self.kinds: frozenset[type] = frozenset({kind})
        self.is_checkable: bool = True
        self._items: list[Part | None] = []

    def add(self, item: Part | None) -> None:
        """Take a place, in order."""
        self._items.append(item)

    @property
    def has_models(self) -> bool:
        """Whether there is a model at any place."""
        return any(item is not None for item in self._items)

    def is_exact(self, values: Collection[Any]) -> bool:
        """See `Part`."""
        if not self.is_checkable or not self.kinds.issuperset(map(type, values)):
            return False
        if any(len(value) != len(self._items) for value in values):
            return False
        columns = zip(self._items, zip(*values, strict=True), strict=False)  # no values have no columns
        return all(item is None or item.is_exact(column) for item, column in columns)

    def without(self, value: Any, exclusion: Exclusion) -> Any:
        """See `Part`."""
        places = zip(self._items, value, strict=True)
        return [each if item is None else item.without(each, exclusion) for item, each in places]


class Dictionary:
    """A dict with models as values; its keys are the user's own, and none is left out."""

    kinds: frozenset[type] = frozenset({dict})

    def __init__(self, value: Part) -> None:
        self._value = value

    def is_exact(self, values: Collection[Any]) -> bool:
        """See `Part`."""
        dicts: list[dict[Any, Any]] = [each for each in values if type(each) is dict]
        return len(dicts) == len(values) and self._value.is_exact([item for each in dicts for item in each.values()])

    def without(self, value: Any, exclusion: Exclusion) -> Any:
        """See `Part`."""
        return {key: self._value.without(item, exclusion) for key, item in value.items()}


class Choice:
    """A union."""

    def __init__(self, parts: list[Part]) -> None:
        self.kinds: frozenset[type] = frozenset().union(*(part.kinds for part in parts))
        self._parts = parts

    def is_exact(self, values: Collection[Any]) -> bool:
        """See `Part`."""
        others = [value for value in values if type(value) not in _SIMPLE]
        if len(self._parts) == 1:
            return self._parts[0].is_exact(others)
        if not self.kinds.issuperset(map(type, others)):
            return False
        return all(part.is_exact([value for value in others if type(value) in part.kinds]) for part in self._parts)

    def without(self, value: Any, exclusion: Exclusion) -> Any:
        """See `Part`."""
        for part in self._parts:
            if type(value) in part.kinds:
                return part.without(value, exclusion)
        return value


_SIMPLE = frozenset({NoneType, bool, int, float, str, bytes, datetime, date, time, timedelta, Decimal, UUID, UnsetType})


def _is_default(field: inspect.Field, value: Any) -> bool:
    if field.default_factory is not NODEFAULT:
        return bool(value == field.default_factory())
    return field.default is not NODEFAULT and bool(value == field.default)

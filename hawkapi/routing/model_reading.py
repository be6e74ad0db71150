"""Finding the models in an annotation."""

from typing import Any, NamedTuple, TypeAlias, get_origin

from msgspec import inspect

from hawkapi.routing.model_parts import Array, Choice, Dictionary, FixedArray, Part, PydanticModel, Record
from hawkapi.serialization.pydantic import is_pydantic_model


class Models(NamedTuple):
    """What `read_models` finds.

    Attributes:
        part: The annotation itself.
        only_pydantic: All its models are pydantic's, so pydantic can filter to it.
    """

    part: Part
    only_pydantic: bool


def read_models(annotation: Any) -> Models | None:
    """Find the models in an annotation that msgspec can check: Structs, dataclasses, TypedDicts, pydantic models.

    Gives `None` if there is none.
    """
    reader = _Reader()
    part = reader.read(inspect.type_info(annotation))
    if part is None or not (reader.has_records or reader.has_pydantic):  # a named tuple may hold nothing but itself
        return None
    return Models(part, not reader.has_records)


class _Reader:
    """Reads what msgspec says of a type; what stands in itself is read once, and never found exact.

    An object that leads back to itself would otherwise be looked at for ever.
    """

    def __init__(self) -> None:
        self.has_records = False
        self.has_pydantic = False
        self._known: dict[int, Record | FixedArray] = {}
        self._open: set[int] = set()

    def read(self, found: inspect.Type) -> Part | None:
        """Give the models in a type, `None` if there is none."""
        match found:
            case inspect.Metadata():
                return self.read(found.type)
            case inspect.StructType() | inspect.DataclassType() | inspect.TypedDictType():
                return self._record(found)
            case inspect.TupleType() | inspect.NamedTupleType():
                return self._fixed(found)
            case inspect.CustomType():
                return self._custom(found.cls)
            case inspect.CollectionType():
                item = self.read(found.item_type)
                return None if item is None else Array(item)
            case inspect.DictType():
                value = self.read(found.value_type)
                return None if value is None else Dictionary(value)
            case inspect.UnionType():
                parts = [part for part in map(self.read, found.types) if part is not None]
                return Choice(parts) if parts else None
            case _:
                return None

    def _custom(self, kind: type) -> Part | None:
        if not is_pydantic_model(kind):
            return None
        self.has_pydantic = True
        return PydanticModel(kind)

    def _record(self, found: "_Keyed") -> Part:
        known = self._met(found)
        if known is not None:
            return known
        self.has_records = True
        record = self._known[id(found)] = _new_record(found)
        for field in found.fields:
            record.add(field, self.read(field.type))
        self._open.remove(id(found))
        return record

    def _fixed(self, found: inspect.TupleType | inspect.NamedTupleType) -> Part | None:
        known = self._met(found)
        if known is not None:
            return known
        is_named = isinstance(found, inspect.NamedTupleType)
        fixed = self._known[id(found)] = FixedArray(_class_of(found.cls) if is_named else tuple)
        for kind in [field.type for field in found.fields] if is_named else found.item_types:
            fixed.add(self.read(kind))
        self._open.remove(id(found))
        if fixed.has_models:
            return fixed
        del self._known[id(found)]
        return None

    def _met(self, found: inspect.Type) -> Part | None:
        """Give what was made of a type before, and note that it is read now."""
        known = self._known.get(id(found))
        if known is None:
            self._open.add(id(found))
        elif id(found) in self._open:
            known.is_checkable = False
        return known


_Keyed: TypeAlias = inspect.StructType | inspect.DataclassType | inspect.TypedDictType


def _new_record(found: _Keyed) -> Record:
    kind: Any = _class_of(found.cls)
    if isinstance(found, inspect.StructType):
        tag = {} if found.tag_field is None else {found.tag_field: found.tag}
        is_sparse = kind.__struct_config__.omit_defaults
        return Record(kind, tag, is_checkable=True, is_divisible=not found.array_like, is_sparse=is_sparse)
    if isinstance(found, inspect.DataclassType):
        return Record(kind, {}, is_checkable=True, is_divisible=True, is_sparse=False)
    return Record(dict, {}, is_checkable=False, is_divisible=True, is_sparse=False)


def _class_of(kind: Any) -> type:
    """Take the arguments off a generic class."""
    return get_origin(kind) or kind

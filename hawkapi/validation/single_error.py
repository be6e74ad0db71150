"""The short way to a body's errors: most bad bodies have one wrong field, and the decoder names it.

The body is decoded once more, into a twin of its model that takes anything for that field. If that passes, there was
one error, and the twin holds the offending value.
"""

import re
from collections.abc import Callable
from typing import Any, get_origin

import msgspec

from hawkapi.serialization.pydantic import decode_unknown
from hawkapi.validation.errors import ValidationErrorDetail, error_detail

_of_field = re.compile(r"(Expected .*) - at `\$\.(.*)`\Z", re.DOTALL).match
_missing_field = re.compile(r"(Object missing required field `(.*)`)\Z").match


class SingleError:
    """Finds the error of a body that has only one, in a field of its outermost Struct.

    Args:
        model: A plain Struct type, generic or not.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._fields = {f.encode_name: f for f in msgspec.structs.fields(model)}
        self._twins: dict[str, Callable[[bytes], Any]] = {}

    @classmethod
    def of(cls, annotation: Any) -> "SingleError | None":
        """Make one for a body's type, or `None` where the type has no fields side by side."""
        origin = get_origin(annotation) or annotation
        if not isinstance(origin, type) or not issubclass(origin, msgspec.Struct):
            return None
        config = origin.__struct_config__
        return cls(annotation) if config.tag is None and not config.array_like else None

    def find(self, body: bytes, failure: Exception) -> ValidationErrorDetail | None:
        """Give the one error of a body, or `None` if it has others or the failure names no field of ours."""
        text = str(failure)
        found = _of_field(text) or _missing_field(text)
        if found is None or found.group(2) not in self._fields:
            return None
        message, name = found.groups()
        twin = self._twins.get(name)
        if twin is None:
            twin = self._twins[name] = self._twin(name)
        try:
            raw = twin(body).offending
        except (ValueError, RecursionError):
            return None
        return error_detail(name, message, msgspec.UNSET if raw is msgspec.UNSET else msgspec.json.decode(raw))

    def _twin(self, name: str) -> Callable[[bytes], Any]:
        """Make the decoder of the twin in which one field is raw; there are as many as the model has fields."""
        fields: list[tuple[str, Any, Any]] = []
        for i, (encode_name, field) in enumerate(self._fields.items()):
            if encode_name == name:
                raw = msgspec.field(default=msgspec.UNSET, name=encode_name)
                fields.append(("offending", msgspec.Raw | msgspec.UnsetType, raw))
            elif field.required:
                fields.append((f"field{i}", field.type, msgspec.field(name=encode_name)))
            else:
                fields.append(
                    (
                        f"field{i}",
                        field.type | msgspec.UnsetType,
                        msgspec.field(default=msgspec.UNSET, name=encode_name),
                    )
                )
        config = (get_origin(self._model) or self._model).__struct_config__
        twin = msgspec.defstruct("Twin", fields, kw_only=True, forbid_unknown_fields=config.forbid_unknown_fields)
        return msgspec.json.Decoder(twin, dec_hook=decode_unknown).decode

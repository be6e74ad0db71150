"""A callable's parameters, each with the place its value comes from."""

import dataclasses
from collections.abc import Callable
from sys import modules
from typing import Annotated, Any, get_args, get_origin, is_typeddict

import msgspec

from hawkapi._signature import EMPTY, Parameter, Signature
from hawkapi.background import BackgroundTasks
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.form_data import UploadFile
from hawkapi.validation.coerce import (
    TextConverter,
    UnsupportedType,
    split_annotated,
    text_converter,
    union_members,
)
from hawkapi.validation.constraints import File, Form, ParameterMarker, Path

_CONTAINERS = (dict, list, tuple, set, frozenset)


class ParameterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter, read and understood.

    Attributes:
        name: The parameter's name.
        source: `path`, `query`, `header`, `cookie`, `body`, `form`, `form-model`, `file`, `request` or `tasks`.
        key: The name in the request: the alias, or the parameter's name (a header's with dashes).
        annotation: The type without our markers; constraints stay in it as `msgspec.Meta`.
        required: A missing value is an error.
        default: The value for a missing one, unless `default_factory` makes it.
        default_factory: Makes the value for a missing one at each request.
        multiple: A list of all values of that name is wanted.
        converter: For sources that give text.
        keyword_only: It is passed by name.
        marker: The marker as written, for documentation.
    """

    name: str
    source: str
    key: str
    annotation: Any
    required: bool
    default: Any = None
    default_factory: Callable[[], Any] | None = None
    multiple: bool = False
    converter: TextConverter | None = None
    keyword_only: bool = False
    marker: ParameterMarker | None = None


def read_specs(signature: Signature, path_names: tuple[str, ...]) -> tuple[list[ParameterSpec], list[str]]:
    """Read all parameters of a handler.

    Args:
        signature: The handler's signature.
        path_names: The parameters of the route's path.

    Returns:
        The specs in order, and a text for each parameter that cannot be served.
    """
    specs: list[ParameterSpec] = []
    mistakes: list[str] = []
    for parameter in signature.parameters:
        try:
            specs.append(_read(parameter, path_names))
        except UnsupportedType as exc:
            mistakes.append(f"parameter '{parameter.name}': {exc}")
    mistakes += _contradictions(specs)
    return specs, mistakes


def _read(parameter: Parameter, path_names: tuple[str, ...]) -> ParameterSpec:
    if parameter.variadic:
        raise UnsupportedType(
            "*args and **kwargs take nothing from a request; name the parameters "
            "(a decorator keeps the handler's own with functools.wraps)"
        )
    base, metadata = split_annotated(parameter.annotation)
    marker, default = _marker(parameter, metadata)
    if base is EMPTY:
        base = HTTPConnection if parameter.name == "request" and marker is None else Any
    source = _source(parameter.name, base, marker, path_names)
    required = default is ... and (marker is None or not marker.has_default())
    metas = tuple(m for m in metadata if isinstance(m, msgspec.Meta))
    if marker is not None and (meta := marker.meta()) is not None:
        metas = (*metas, meta)
    multiple, converter = _conversion(source, base, metas)
    key = marker.alias if marker is not None and marker.alias is not None else parameter.name
    if source == "header" and (marker is None or marker.alias is None):
        key = key.replace("_", "-")
    return ParameterSpec(
        name=parameter.name,
        source=source,
        key=key,
        annotation=_annotated(base, metas),
        required=required,
        default=marker.default if default is ... and marker is not None and marker.default is not ... else default,
        default_factory=marker.default_factory if default is ... and marker is not None else None,
        multiple=multiple,
        converter=converter,
        keyword_only=parameter.keyword_only,
        marker=marker,
    )


def _marker(parameter: Parameter, metadata: tuple[Any, ...]) -> tuple[ParameterMarker | None, Any]:
    """Find the marker and the default (`...` without one); a marker may itself stand as the default value."""
    marker = next((m for m in metadata if isinstance(m, ParameterMarker)), None)
    if isinstance(parameter.default, ParameterMarker):
        return parameter.default, ...
    return marker, ... if parameter.default is EMPTY else parameter.default


def _source(name: str, base: Any, marker: ParameterMarker | None, path_names: tuple[str, ...]) -> str:
    if marker is not None:
        if isinstance(marker, Path) and (marker.alias or name) not in path_names:
            raise UnsupportedType(f"Path() names '{marker.alias or name}', which the route's path does not have")
        if isinstance(marker, Form | File) and _is_upload(base):
            return "file"
        if isinstance(marker, File):
            raise UnsupportedType(f"File() takes UploadFile or list[UploadFile], not {base!r}")
        if isinstance(marker, Form) and _is_model(base):
            return "form-model"
        return marker.source
    if _is_upload(base):
        return "file"
    if _is_body(base):
        return "body"
    if isinstance(base, type) and issubclass(base, HTTPConnection):
        return "request"
    if base is BackgroundTasks:
        return "tasks"
    return "path" if name in path_names else "query"


def _is_upload(base: Any) -> bool:
    return any(m is UploadFile or (get_origin(m) is list and get_args(m)[:1] == (UploadFile,)) for m in union_members(base))


def is_pydantic_model(kind: Any) -> bool:
    """Tell whether a type is a pydantic v2 model, without importing pydantic: no model exists before its library."""
    pydantic = modules.get("pydantic")
    return pydantic is not None and isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)


def _is_model(base: Any) -> bool:
    origin = get_origin(base) or base
    return isinstance(origin, type) and (
        issubclass(origin, msgspec.Struct)
        or dataclasses.is_dataclass(origin)
        or is_typeddict(origin)
        or is_pydantic_model(origin)
    )


def _is_body(base: Any) -> bool:
    for member in union_members(base):
        kind = split_annotated(member)[0]
        origin = get_origin(kind) or kind
        if _is_model(kind) or (isinstance(origin, type) and issubclass(origin, _CONTAINERS)) or origin is msgspec.Raw:
            return True
        if getattr(origin, "__module__", "") == "collections.abc":
            return True
    return False


def _conversion(source: str, base: Any, metas: tuple[msgspec.Meta, ...]) -> tuple[bool, TextConverter | None]:
    """Tell whether all values of the name are wanted, and how each text is converted."""
    member = next(iter(union_members(base)), base)
    origin = get_origin(member) or member
    listed = origin is list and source in ("query", "header", "form", "file")
    if source not in ("path", "query", "header", "cookie", "form"):
        return listed, None
    if not listed:
        return False, text_converter(str if base is Any else base, metas)
    item = (get_args(member) or (str,))[0]
    return True, text_converter(item)


def _annotated(base: Any, metas: tuple[msgspec.Meta, ...]) -> Any:
    return Annotated[(base, *metas)] if metas else base  # pyright: ignore[reportInvalidTypeForm]  # the type is data here


def _contradictions(specs: list[ParameterSpec]) -> list[str]:
    bodies = [s.name for s in specs if s.source == "body"]
    forms = [s.name for s in specs if s.source in ("form", "form-model", "file")]
    found: list[str] = []
    if bodies and forms:
        found.append(
            f"a request has one body: '{bodies[0]}' reads it as JSON and '{forms[0]}' as a form; "
            "mark both as Form() or move one to the query string"
        )
    if len(bodies) > 1:
        names = ", ".join(f"'{name}'" for name in bodies)
        found.append(f"{names} each take the whole JSON body; put them into one Struct")
    return found



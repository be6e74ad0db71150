"""A callable's parameters, each with the place its value comes from."""

import dataclasses
import re
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin, is_typeddict

import msgspec

from hawkapi._signature import EMPTY, Parameter, Signature
from hawkapi.background import BackgroundTasks
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.form_data import UploadFile
from hawkapi.requests.request import Request
from hawkapi.serialization.pydantic import is_pydantic_model
from hawkapi.validation.coerce import (
    PLAIN_TEXT,
    TextConverter,
    UnsupportedType,
    check_type,
    split_annotated,
    text_converter,
    union_members,
)
from hawkapi.validation.constraints import File, Form, ParameterMarker, Path
from hawkapi.validation.fields import fields_of
from hawkapi.validation.shapes import is_class

_CONTAINERS = (dict, list, tuple, set, frozenset)
_TEXTUAL = frozenset({"path", "query", "header", "cookie", "form"})
_REPEATABLE = frozenset({"query", "header", "form", "file"})


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
        fields: For `form-model`: its fields, each a parameter of its own.
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
    converter: TextConverter = PLAIN_TEXT
    fields: "tuple[ParameterSpec, ...]" = ()
    keyword_only: bool = False
    marker: ParameterMarker | None = None


def read_specs(
    signature: Signature, path_names: tuple[str, ...], connection: type[HTTPConnection] = Request
) -> tuple[list[ParameterSpec], list[str]]:
    """Read all parameters of a handler.

    Args:
        signature: The handler's signature.
        path_names: The parameters of the route's path.
        connection: What the handler is given of the connection.

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
    mistakes += contradictions(specs)
    mistakes += [
        f"parameter '{spec.name}': this handler is given a {connection.__name__}, not a {spec.annotation.__name__}"
        for spec in specs
        if is_connection(spec.annotation) and not issubclass(connection, spec.annotation)
    ]
    return specs, mistakes


def is_connection(annotation: Any) -> bool:
    """Tell whether a type is that of a request or a WebSocket."""
    return isinstance(annotation, type) and issubclass(annotation, HTTPConnection)


def _read(parameter: Parameter, path_names: tuple[str, ...]) -> ParameterSpec:
    if parameter.variadic:
        raise UnsupportedType(
            "*args and **kwargs take nothing from a request; name the parameters "
            "(a decorator keeps the handler's own with functools.wraps)"
        )
    base, metadata = split_annotated(parameter.annotation)
    marker, default = _marker(parameter, metadata)
    if base is EMPTY:
        base = Any
    source = source_of(parameter.name, base, marker, path_names)
    required = default is ... and (marker is None or not marker.has_default())
    metas = tuple(m for m in metadata if isinstance(m, msgspec.Meta))
    if marker is not None:
        metas = (*metas, *_constraints(marker))
    annotation = _annotated(base, metas)
    if source == "body":
        check_type(annotation)
    multiple = _is_listed(source, base)
    key = marker.alias if marker is not None and marker.alias is not None else parameter.name
    if source == "header" and (marker is None or marker.alias is None):
        key = key.replace("_", "-")
    return ParameterSpec(
        name=parameter.name,
        source=source,
        key=key,
        annotation=annotation,
        required=required,
        default=marker.default if default is ... and marker is not None and marker.default is not ... else default,
        default_factory=marker.default_factory if default is ... and marker is not None else None,
        multiple=multiple,
        converter=_converter(base, metas, multiple) if source in _TEXTUAL else PLAIN_TEXT,
        fields=_form_fields(base) if source == "form-model" else (),
        keyword_only=parameter.keyword_only,
        marker=marker,
    )


def _marker(parameter: Parameter, metadata: tuple[Any, ...]) -> tuple[ParameterMarker | None, Any]:
    """Find the marker and the default (`...` without one); a marker may itself stand as the default value."""
    marker = next((m for m in metadata if isinstance(m, ParameterMarker)), None)
    if isinstance(parameter.default, ParameterMarker):
        return parameter.default, ...
    return marker, ... if parameter.default is EMPTY else parameter.default


def _constraints(marker: ParameterMarker) -> tuple[msgspec.Meta, ...]:
    try:
        meta = marker.meta()
    except (TypeError, ValueError, re.error) as exc:  # of the wrong type, excluding each other, no pattern
        raise UnsupportedType(str(exc)) from exc
    return () if meta is None else (meta,)


def source_of(name: str, base: Any, marker: ParameterMarker | None, path_names: tuple[str, ...]) -> str:
    """Decide where a parameter's value comes from.

    Args:
        name: The parameter's name.
        base: Its annotation without metadata.
        marker: What says so explicitly.
        path_names: The parameters of the route's path.

    Raises:
        UnsupportedType: If the marker does not fit.
    """
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
    if name == "request" or is_connection(base):
        return "request"
    if base is BackgroundTasks:
        return "tasks"
    return "path" if name in path_names else "query"


def _is_upload(base: Any) -> bool:
    return any(
        m is UploadFile or (get_origin(m) is list and get_args(m)[:1] == (UploadFile,)) for m in union_members(base)
    )


def _is_model(base: Any) -> bool:
    origin = get_origin(base) or base
    return is_class(origin) and (
        issubclass(origin, msgspec.Struct)
        or dataclasses.is_dataclass(origin)
        or is_typeddict(origin)
        or is_pydantic_model(origin)
    )


def _is_body(base: Any) -> bool:
    for member in union_members(base):
        kind = split_annotated(member)[0]
        origin = get_origin(kind) or kind
        if _is_model(kind) or (is_class(origin) and issubclass(origin, _CONTAINERS)) or origin is msgspec.Raw:
            return True
        if getattr(origin, "__module__", "") == "collections.abc":
            return True
    return False


def _is_listed(source: str, base: Any) -> bool:
    """Tell whether all values of the name are wanted."""
    member = next(iter(union_members(base)), base)
    return source in _REPEATABLE and (get_origin(member) or member) is list


def _converter(base: Any, metas: tuple[msgspec.Meta, ...], multiple: bool) -> TextConverter:
    """Decide how each text is converted; of a list the constraints are those of the list as a whole."""
    if not multiple:
        return text_converter(base, metas)
    check_type(_annotated(base, metas))
    member = next(iter(union_members(base)), base)
    return text_converter((get_args(member) or (str,))[0])


def _form_fields(model: Any) -> tuple[ParameterSpec, ...]:
    """Read the fields of a model in a form; pydantic converts and checks by itself, so it gets texts."""
    if is_pydantic_model(model):
        return tuple(
            _form_field(key, key, list[str] if _is_listed("form", field.annotation) else str, required=False)
            for key, field in ((field.alias or name, field) for name, field in model.model_fields.items())
        )
    fields = fields_of(model)
    if fields is None:
        raise UnsupportedType(f"Form() takes types whose fields have names and are not generic, not {model!r}")
    return tuple(_form_field(field.name, field.key, field.kind, required=field.required) for field in fields)


def _form_field(name: str, key: str, kind: Any, *, required: bool) -> ParameterSpec:
    base, metadata = split_annotated(kind)
    metas = tuple(m for m in metadata if isinstance(m, msgspec.Meta))
    source = "file" if _is_upload(base) else "form"
    multiple = _is_listed(source, base)
    try:
        converter = _converter(base, metas, multiple) if source == "form" else PLAIN_TEXT
    except UnsupportedType as exc:
        raise UnsupportedType(f"field '{name}': {exc}") from exc
    return ParameterSpec(
        name=name,
        source=source,
        key=key,
        annotation=_annotated(base, metas),
        required=required,
        multiple=multiple,
        converter=converter,
    )


def _annotated(base: Any, metas: tuple[msgspec.Meta, ...]) -> Any:
    return Annotated[(base, *metas)] if metas else base  # pyright: ignore[reportInvalidTypeForm]  # the type is data here


def contradictions(specs: list[ParameterSpec]) -> list[str]:
    """Tell why parameters cannot be served together."""
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

"""The model of a result: what it is filtered to and validated by, and which fields are left out."""

from collections.abc import Callable
from typing import Annotated, Any, Union, get_origin

import msgspec

from hawkapi._signature import EMPTY
from hawkapi.responses.base import BaseResponse
from hawkapi.routing.model_parts import Array, Exclusion, Part, PydanticModel, Record
from hawkapi.routing.model_reading import read_models
from hawkapi.routing.result import response_filter
from hawkapi.serialization.pydantic import model_dumper
from hawkapi.validation.coerce import UnsupportedType, check_type, split_annotated, union_members


class ResponseShape(msgspec.Struct, frozen=True):
    """How a result is brought to its model.

    Attributes:
        exact: A result of this very class needs no shaping; `None` where the class alone does not say so.
        shape: Gives what is sent, made of types that both encoders know; raises `ValueError` for a result that does
            not fit.
    """

    exact: type | None
    shape: Callable[[Any], Any]


def implied_model(returns: Any) -> Any:
    """Give the model that a return annotation implies, `None` if it implies none.

    It does where it mentions a Struct, a dataclass, a TypedDict or a pydantic model, and msgspec can tell whether data
    fit. `None` and response objects are no part of it.
    """
    if returns is EMPTY:
        return None
    base, metadata = split_annotated(returns)
    members = tuple(member for member in union_members(base) if not is_response(member))
    if not members or members == (type(None),):
        return None
    model: Any = Union[members]  # noqa: UP007  # the members are data here
    if metadata:
        model = Annotated[(model, *metadata)]
    try:
        check_type(model)
    except UnsupportedType:
        return None
    return None if read_models(model) is None else model


def is_response(kind: Any) -> bool:
    """Tell whether an annotation is the class of a response object."""
    kind = get_origin(kind) or kind
    return isinstance(kind, type) and issubclass(kind, BaseResponse)


def response_shape(
    model: Any,
    *,
    trusted: bool = False,
    implied: bool = False,
    exclude_none: bool = False,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
) -> ResponseShape:
    """Decide how results are brought to a model that msgspec can check.

    Args:
        model: The response model, or what the annotation implies.
        trusted: The handler is annotated with the model: a result that is exactly of its classes, all the way down, is
            sent as it is. One that is more or something else is filtered and validated, as everything is otherwise.
        implied: It is the annotation alone that says so: then of a plain list of a model the ends have to do.
        exclude_none: Leave out the fields of models that are `None`.
        exclude_unset: Leave out the fields of pydantic models that nobody set; a Struct never sends one.
        exclude_defaults: Leave out the fields of models that equal their default.
    """
    exclusion = Exclusion(none=exclude_none, unset=exclude_unset, defaults=exclude_defaults)
    excludes = exclusion != Exclusion()
    models = read_models(model)
    if models is None:
        return ResponseShape(None, _telling(response_filter(model)))
    part = models.part
    trusted = trusted and not excludes
    exact = _exact_class(part) if trusted else None
    if models.only_pydantic:
        options = {"exclude_none": exclude_none, "exclude_unset": exclude_unset, "exclude_defaults": exclude_defaults}
        return ResponseShape(exact, _telling(model_dumper(model, **options)))
    conform = _telling(response_filter(model))
    if excludes:
        return ResponseShape(None, lambda result: part.without(conform(result), exclusion))
    if not trusted:
        return ResponseShape(None, conform)
    seems_exact = part.ends_check() if implied and isinstance(part, Array) else None
    if seems_exact is None:
        return ResponseShape(exact, lambda result: result if part.is_exact((result,)) else conform(result))
    return ResponseShape(
        None, lambda result: result if seems_exact(result) or part.is_exact((result,)) else conform(result)
    )


def _exact_class(part: Part) -> type | None:
    if isinstance(part, PydanticModel) or (isinstance(part, Record) and part.is_flat):
        (kind,) = part.kinds
        return kind
    return None


def _telling(conform: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Have it said that it is the result which does not fit, where in it, and nothing of the data."""

    def shape(result: Any) -> Any:
        try:
            return conform(result)
        except (TypeError, ValueError) as exc:
            raise ValueError(f"The result does not fit the response model: {exc}") from exc

    return shape

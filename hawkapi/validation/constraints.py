"""The markers that say where a parameter comes from, and what it must satisfy."""

from collections.abc import Callable
from typing import Any

import msgspec


class ParameterMarker:
    """What all markers share: where the value is looked up, its default and its constraints.

    Used in `Annotated[int, Query(ge=1)]` or as a default value (`limit: int = Query(default=20)`).

    Args:
        alias: The name in the request, where it differs from the parameter's.
        description: For the API's documentation.
        default: Used when the value is missing; `...` means required.
        default_factory: Called for each request that lacks the value; excludes `default`.
        example: For the API's documentation.
        ge: Smallest value allowed.
        le: Largest value allowed.
        gt: The value must be larger.
        lt: The value must be smaller.
        min_length: Smallest length in characters (a list: in items).
        max_length: Largest length in characters (a list: in items).
        pattern: A regular expression that must be found in the text (anchor it with `^…$`).
        multiple_of: The value must be a multiple of it.

    Raises:
        ValueError: If `default` and `default_factory` are both given.
    """

    source: str

    def __init__(
        self,
        *,
        alias: str | None = None,
        description: str | None = None,
        default: Any = ...,
        default_factory: Callable[[], Any] | None = None,
        example: Any = None,
        ge: float | None = None,
        le: float | None = None,
        gt: float | None = None,
        lt: float | None = None,
        min_length: int | None = None,
        max_length: int | None = None,
        pattern: str | None = None,
        multiple_of: float | None = None,
    ) -> None:
        if default is not ... and default_factory is not None:
            raise ValueError(f"{type(self).__name__}() takes either default or default_factory, not both")
        self.alias = alias
        self.description = description
        self.default = default
        self.default_factory = default_factory
        self.example = example
        self.ge = ge
        self.le = le
        self.gt = gt
        self.lt = lt
        self.min_length = min_length
        self.max_length = max_length
        self.pattern = pattern
        self.multiple_of = multiple_of

    def has_default(self) -> bool:
        """Tell whether a missing value is replaced."""
        return self.default is not ... or self.default_factory is not None

    def get_default(self) -> Any:
        """Give the default, made anew by `default_factory` where there is one; `...` when there is none."""
        return self.default_factory() if self.default_factory is not None else self.default

    def meta(self) -> msgspec.Meta | None:
        """Give the constraints as `msgspec.Meta`, or `None` where there are none."""
        constraints: dict[str, Any] = {
            name: value for name in CONSTRAINTS if (value := getattr(self, name)) is not None
        }
        return msgspec.Meta(**constraints) if constraints else None

    def __repr__(self) -> str:
        alias = "" if self.alias is None else f"alias={self.alias!r}"
        return f"{type(self).__name__}({alias})"


CONSTRAINTS = ("ge", "le", "gt", "lt", "min_length", "max_length", "pattern", "multiple_of")


class Query(ParameterMarker):
    """A value of the query string; `list[T]` takes repeated keys."""

    source = "query"


class Header(ParameterMarker):
    """A request header; `x_token` is looked up as `x-token`, `list[T]` takes repeated headers."""

    source = "header"


class Cookie(ParameterMarker):
    """A cookie of the request."""

    source = "cookie"


class Path(ParameterMarker):
    """A parameter of the route's path; it has no default, since the path would not match without it."""

    source = "path"


class Body(ParameterMarker):
    """The JSON body as a whole."""

    source = "body"


class Form(ParameterMarker):
    """A field of a urlencoded or multipart form; on a Struct, dataclass or TypedDict: all fields at once."""

    source = "form"


class File(ParameterMarker):
    """An uploaded file of a multipart form; `list[UploadFile]` takes several."""

    source = "file"

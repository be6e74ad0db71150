"""A middleware as it was declared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hawkapi._types import ASGIApp


@dataclass(frozen=True)
class MiddlewareEntry:
    """A middleware class, and what it is constructed with besides the app.

    Attributes:
        cls: Called as `cls(app, **kwargs)` when the app is sealed.
        kwargs: Its options.
    """

    cls: Callable[..., ASGIApp]
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])

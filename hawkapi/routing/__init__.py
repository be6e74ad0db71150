"""Routing: where handlers are declared, found and compiled."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.routing.route import Route as Route
    from hawkapi.routing.router import Router as Router

__all__ = [
    "Route",
    "Router",
]

_TABLE = {
    "Route": "hawkapi.routing.route",
    "Router": "hawkapi.routing.router",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

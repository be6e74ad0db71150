"""Routing: where handlers are declared, found and compiled."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.routing.controllers import Controller as Controller
    from hawkapi.routing.controllers import delete as delete
    from hawkapi.routing.controllers import get as get
    from hawkapi.routing.controllers import patch as patch
    from hawkapi.routing.controllers import post as post
    from hawkapi.routing.controllers import put as put
    from hawkapi.routing.route import Route as Route
    from hawkapi.routing.router import Router as Router
    from hawkapi.routing.version_router import VersionRouter as VersionRouter

__all__ = [
    "Controller",
    "Route",
    "Router",
    "VersionRouter",
    "delete",
    "get",
    "patch",
    "post",
    "put",
]

_TABLE = {
    "Controller": "hawkapi.routing.controllers",
    "Route": "hawkapi.routing.route",
    "Router": "hawkapi.routing.router",
    "VersionRouter": "hawkapi.routing.version_router",
    "delete": "hawkapi.routing.controllers",
    "get": "hawkapi.routing.controllers",
    "patch": "hawkapi.routing.controllers",
    "post": "hawkapi.routing.controllers",
    "put": "hawkapi.routing.controllers",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

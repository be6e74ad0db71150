"""Dependency injection: the container, and the markers that ask it or a function for a parameter."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.di.container import Container as Container
    from hawkapi.di.depends import Depends as Depends
    from hawkapi.di.depends import Security as Security
    from hawkapi.di.depends import SecurityScopes as SecurityScopes
    from hawkapi.di.provider import Lifecycle as Lifecycle
    from hawkapi.di.scope import Scope as Scope

__all__ = ["Container", "Depends", "Lifecycle", "Scope", "Security", "SecurityScopes"]

_TABLE = {
    "Container": "hawkapi.di.container",
    "Depends": "hawkapi.di.depends",
    "Lifecycle": "hawkapi.di.provider",
    "Scope": "hawkapi.di.scope",
    "Security": "hawkapi.di.depends",
    "SecurityScopes": "hawkapi.di.depends",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

"""The runtime: what belongs to one event loop, and how work reaches its worker threads."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.runtime.runtime import Runtime as Runtime
    from hawkapi.runtime.runtime import current as current

__all__ = ["Runtime", "current"]

_TABLE = {"Runtime": "hawkapi.runtime.runtime", "current": "hawkapi.runtime.runtime"}
if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

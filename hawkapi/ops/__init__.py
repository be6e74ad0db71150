"""The ops layer: mechanisms that know no HTTP; their edges stand elsewhere."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.ops.lifecycle import Lifecycle as Lifecycle
    from hawkapi.ops.lifecycle import LifecycleState as LifecycleState

__all__ = ["Lifecycle", "LifecycleState"]

_TABLE = {"Lifecycle": "hawkapi.ops.lifecycle", "LifecycleState": "hawkapi.ops.lifecycle"}
if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

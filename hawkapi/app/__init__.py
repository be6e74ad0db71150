"""The application: declared, sealed, served."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.app.application import HawkAPI as HawkAPI

__all__ = [
    "HawkAPI",
]

_TABLE = {
    "HawkAPI": "hawkapi.app.application",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

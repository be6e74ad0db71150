"""The command line: `hawkapi`."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.cli.parser import main as main

__all__ = ["main"]

_TABLE = {"main": "hawkapi.cli.parser"}
if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

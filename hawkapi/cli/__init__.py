"""The command line: `hawkapi`."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.cli.parser import main as main

__all__ = ["main"]

_TABLE = {"main": "hawkapi.cli.parser"}
__getattr__, __dir__ = attach(__name__, _TABLE)

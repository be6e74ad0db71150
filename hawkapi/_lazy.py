"""Lazy faces: a package's public names come from one table and load on first use (PEP 562)."""

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules
from typing import Any


def attach(package: str, table: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the `__getattr__` and `__dir__` of a package from a table of its names.

    Args:
        package: The package's `__name__`.
        table: Public name to the module that defines it, absolute.

    Returns:
        The pair `(__getattr__, __dir__)`. A name once looked up is stored in the package, so the
        second use is an ordinary attribute.
    """

    def getattr_(name: str) -> Any:
        module = table.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(module), name)
        setattr(modules[package], name, value)
        return value

    def dir_() -> list[str]:
        return sorted({*vars(modules[package]), *table})

    return getattr_, dir_

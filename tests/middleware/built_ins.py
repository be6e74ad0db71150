"""The built-in middleware that the package exports: whoever adds one has it tested by what stands here."""

from inspect import signature

import pytest

import hawkapi.middleware
from hawkapi.middleware.base import Middleware
from tests.middleware.signed import KEY

_PUBLIC = [getattr(hawkapi.middleware, name) for name in sorted(hawkapi.middleware.__all__)]
BUILT_INS = [cls for cls in _PUBLIC if isinstance(cls, type) and issubclass(cls, Middleware) and cls is not Middleware]

each = pytest.mark.parametrize("cls", BUILT_INS, ids=[cls.__name__ for cls in BUILT_INS])


def parameters(cls):
    """Give the parameters of a constructor besides the app, by name."""
    _, *own = signature(cls).parameters.values()
    return {parameter.name: parameter for parameter in own}


def required(cls):
    """Give the options without which one cannot be made: they are secrets, all of them."""
    return {name: KEY for name, parameter in parameters(cls).items() if parameter.default is parameter.empty}

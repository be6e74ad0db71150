"""The app that a command is about, as `module:attribute`."""

from importlib import import_module
from inspect import signature
from traceback import extract_tb
from typing import cast

from hawkapi._errors import HawkAPIError
from hawkapi._types import ASGIApp
from hawkapi.app.application import HawkAPI


class TargetError(HawkAPIError):
    """The reference leads to no app; the cause is what the import raised, if it is that."""


def load_asgi(reference: str) -> ASGIApp:
    """Import the ASGI app that `reference` names.

    Raises:
        TargetError: If the reference is malformed, its module cannot be imported, or what it names is no ASGI app.
    """
    module_name, _, attribute = reference.partition(":")
    if not module_name or not attribute.isidentifier():
        raise TargetError(f"invalid app reference '{reference}'. Expected format: module:attribute (e.g. main:app)")
    try:
        module = import_module(module_name)
    except (Exception, SystemExit) as error:
        raise TargetError(f"could not import module '{module_name}': {_describe(error)}") from error
    try:
        app: object = getattr(module, attribute)
    except AttributeError:
        raise TargetError(f"module '{module_name}' has no attribute '{attribute}'") from None
    if not _is_asgi(app):
        raise TargetError(f"'{reference}' is not an ASGI app but {_kind(app)}")
    return cast(ASGIApp, app)


def load_app(reference: str) -> HawkAPI:
    """Import the HawkAPI app that `reference` names.

    Raises:
        TargetError: As `load_asgi`, and if the app is of another framework.
    """
    app = load_asgi(reference)
    if not isinstance(app, HawkAPI):
        raise TargetError(f"'{reference}' is not a HawkAPI app but {_kind(app)}")
    return app


def _is_asgi(value: object) -> bool:
    """Whether it can be called with scope, receive and send; classes and app factories cannot."""
    if not callable(value) or isinstance(value, type):
        return False
    try:
        signature(value).bind(None, None, None)
    except (TypeError, ValueError):
        return False
    return True


def _kind(value: object) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"of type {type(value).__name__}"


def _describe(error: BaseException) -> str:
    """The error in one line, with the place in the user's code: a command never prints a traceback."""
    if isinstance(error, SyntaxError | ModuleNotFoundError):
        return str(error)  # these say where, and which
    frames = [frame for frame in extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen ")]
    place = frames[-1]
    return f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"

"""Services of the container, replaced for a test."""

from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from types import TracebackType
from typing import Any, TypeAlias, cast, overload

from hawkapi._signature import describe
from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.provider import label
from hawkapi.di.recipe import is_type

Replacement: TypeAlias = Callable[[], AbstractContextManager[None]]

_NOT_GIVEN: Any = object()


@overload
def override(
    target: HawkAPI | Container, service_type: Any, value: object, /, *, name: str | None = None
) -> AbstractContextManager[None]: ...
@overload
def override(
    target: HawkAPI | Container, factories: Mapping[Any, Callable[..., object]], /
) -> AbstractContextManager[None]: ...
def override(
    target: HawkAPI | Container, what: Any, value: Any = _NOT_GIVEN, /, *, name: str | None = None
) -> AbstractContextManager[None]:
    """Replace services inside a `with` block: in handlers, in dependencies, and in what other services are made of.

    `override(app, Database, fake)` has the value stand for the service. It is passed as it is, never called, a class or
    function neither, and never closed. `override(app, {Database: make_fake})` has the service made by another
    factory, as often as it is made otherwise, and takes several at once.

    Of an app, functions in `Depends(function)` are replaced likewise: `override(app, current_user, ada)`. What is
    called in the place of one may depend on things itself.

    It may stand before the app is sealed and after, and inside another one: the inner one counts. What was made before
    the block comes back after it, also after an error.

    Args:
        target: The app, or the container itself.
        what: What the service is asked for by, or the function; or such, with the factories that make them instead.
        value: What stands for the service.
        name: Which one, where the container has several of a type.

    Raises:
        TypeError: If a call is neither of the two.
    """
    if not isinstance(what, Mapping):
        if value is _NOT_GIVEN:
            raise TypeError(
                "override() takes a type and the value that stands for it, or a dict of types and factories: "
                "override(app, Database, fake) or override(app, {Database: make_fake})"
            )
        return _Replaced(_by_value(target, what, value, name))
    if value is not _NOT_GIVEN or name is not None:
        raise TypeError("override() takes nothing else beside a dict; value and name belong to a single type")
    factories = cast("Mapping[Any, Any]", what)
    return _Replaced([each for key, factory in factories.items() for each in _by_factory(target, key, factory)])


def _by_value(target: object, what: Any, value: object, name: str | None) -> list[Replacement]:
    container = _container(target)
    if name is None and _is_function(container, what):

        async def give() -> object:  # in the loop: it need not wait for a thread
            """Stand for the function."""
            return value

        return [_substitution(target, what, give)]
    _check_service(container, what, name)
    return [partial(container.override_value, what, value, name=name), *_sealing(target, container, what, name)]


def _by_factory(target: object, what: Any, factory: Any) -> list[Replacement]:
    container = _container(target)
    if not callable(factory):
        raise TypeError(
            f"override() calls what a dict holds, and {factory!r} cannot be called; "
            f"for a value write override(app, {label((what, None))}, value)"
        )
    if _is_function(container, what):
        return [_substitution(target, what, factory)]
    _check_service(container, what, None)
    return [partial(container.override, what, factory=factory), *_sealing(target, container, what, None)]


def _substitution(target: object, what: Any, factory: Callable[..., object]) -> Replacement:
    if not isinstance(target, HawkAPI):
        raise TypeError(
            f"{describe(what)} is no service: override() replaces a function that is depended on in an app, "
            "override(app, ...)"
        )
    return partial(target.substituted, [(what, factory)])


def _sealing(target: object, container: Container, what: Any, name: str | None) -> list[Replacement]:
    """Have an app sealed anew for a service that is known in the block only."""
    return [] if container.has(what, name) or not isinstance(target, HawkAPI) else [partial(target.substituted, [])]


class _Replaced:
    """Replacements that stand inside a block; all of them are taken back, whatever becomes of one."""

    def __init__(self, replacements: list[Replacement]) -> None:
        self._replacements = replacements
        self._standing: list[ExitStack] = []  # one for each block: they may be nested

    def __enter__(self) -> None:
        with ExitStack() as stack:
            for replacement in self._replacements:
                stack.enter_context(replacement())
            self._standing.append(stack.pop_all())

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._standing.pop().close()


def _container(target: object) -> Container:
    if isinstance(target, HawkAPI):
        return target.container
    if isinstance(target, Container):
        return target
    raise TypeError(f"override() takes an app or a Container first, not {target!r}")


def _is_function(container: Container, what: Any) -> bool:
    """Tell functions, which are depended on by themselves, from the types of services."""
    is_service = isinstance(what, Hashable) and (is_type(what) or container.has(what))
    return callable(what) and not is_service


def _check_service(container: Container, service_type: Any, name: str | None) -> None:
    """Refuse what no container knows: nothing would be replaced."""
    if not (isinstance(service_type, Hashable) and (is_type(service_type) or container.has(service_type, name))):
        raise TypeError(f"override() takes the type of a service or a function, not {service_type!r}")

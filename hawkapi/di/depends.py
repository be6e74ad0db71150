"""The markers of a dependency: what a parameter is filled with, where it is no part of the request."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hawkapi._signature import qualified_name


class Depends:
    """Fill a parameter with what a callable gives, or with a service of the container.

    Used in `Annotated[Connection, Depends(get_connection)]` or as a default value (`db=Depends(get_connection)`).
    Two that ask for the same are equal.

    Args:
        dependency: A callable, or a type that is registered in the container. Without one, the annotated type is
            asked of the container.
        name: Which one of the container, where it has several of a type.

    Raises:
        TypeError: If `dependency` cannot be called.
    """

    if TYPE_CHECKING:  # so that `db: Session = Depends(get_session)` is right to a type checker

        def __new__(cls, dependency: Callable[..., Any] | None = None, *, name: str | None = None) -> Any:
            """Pass for what the parameter is annotated with."""

    def __init__(self, dependency: Callable[..., Any] | None = None, *, name: str | None = None) -> None:
        if dependency is not None and not callable(dependency):
            raise TypeError(
                f"{type(self).__name__}() takes a callable or a type, not {dependency!r}; "
                "a name goes into name=, and a value needs no Depends"
            )
        self.dependency: Callable[..., Any] | None = dependency
        self.name: str | None = name

    def _arguments(self) -> list[str]:
        """Write the arguments as a reader would, for the repr."""
        written = [] if self.dependency is None else [qualified_name(self.dependency)]
        return written if self.name is None else [*written, f"name={self.name!r}"]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        # A dependency may be an object without a hash, and `Annotated[...] | None` asks for ours.
        return hash((type(self), getattr(self.dependency, "__qualname__", None), self.name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._arguments())})"


class Security(Depends):
    """A dependency that grants access, with the scopes it must find granted.

    Whatever it calls may take `SecurityScopes`, all scopes that are wanted on the way to it.

    Args:
        dependency: As in `Depends`.
        scopes: What the caller must be allowed.
        name: As in `Depends`.

    Raises:
        TypeError: If `scopes` is a `str`, or `dependency` cannot be called.
    """

    if TYPE_CHECKING:  # see Depends

        def __new__(
            cls, dependency: Callable[..., Any] | None = None, *, scopes: Sequence[str] = (), name: str | None = None
        ) -> Any:
            """Pass for what the parameter is annotated with."""

    def __init__(
        self, dependency: Callable[..., Any] | None = None, *, scopes: Sequence[str] = (), name: str | None = None
    ) -> None:
        super().__init__(dependency, name=name)
        self.scopes: list[str] = _listed(scopes)

    def _arguments(self) -> list[str]:
        written = super()._arguments()
        return [*written, f"scopes={self.scopes!r}"] if self.scopes else written


class SecurityScopes:
    """The scopes wanted of whoever calls, for a dependency that declares a parameter of this type.

    Args:
        scopes: Those of every `Security` on the way to it, outer ones first.

    Attributes:
        scopes: The same, as a list.
        scope_str: Joined by blanks, as `WWW-Authenticate` and OAuth 2 write them (RFC 6749, 3.3).

    Raises:
        TypeError: If `scopes` is a `str`.
    """

    def __init__(self, scopes: Sequence[str] = ()) -> None:
        self.scopes: list[str] = _listed(scopes)
        self.scope_str: str = " ".join(self.scopes)

    def __repr__(self) -> str:
        return f"SecurityScopes({self.scopes!r})"


def _listed(scopes: Sequence[str]) -> list[str]:
    if isinstance(scopes, str):  # a sequence of its letters
        raise TypeError(f"scopes are a list, not a str: scopes=[{scopes!r}]")
    return list(scopes)

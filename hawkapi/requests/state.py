"""A bag of attributes for what middleware hands on to the handler."""

from typing import TYPE_CHECKING, Any


class State:
    """Attributes by any name: `state.user = user`, `"user" in state`, `del state.user`."""

    if TYPE_CHECKING:  # any name is an attribute; at run time the instance's own dict does this

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...
        def __delattr__(self, name: str) -> None: ...

    def __contains__(self, name: object) -> bool:
        return name in self.__dict__

    def __repr__(self) -> str:
        return f"State({', '.join(self.__dict__)})"  # names only: values may be secrets, and reprs end up in logs

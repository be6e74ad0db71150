"""Pages of a longer list: what a client asks for, and what it gets."""

from collections.abc import Callable
from typing import Generic, Self, TypeVar, cast

import msgspec
from msgspec.structs import force_setattr

T = TypeVar("T")

_COMPUTED = cast("int", msgspec.UNSET)
"""Stands where a value is computed: none that is sent equals it, so it never counts as left at its default."""
_FURTHEST = 2**63 - 1


class PaginationParams(msgspec.Struct):
    """Which page a client wants, as query parameters `page` and `size`.

    A subclass may have other defaults (`max_size: int = 500`).

    Args:
        page: From 1; below becomes 1.
        size: Items a page as asked for, from 1; below becomes 1.
        max_size: Most items a page; the client has no say in it.
    """

    page: int = 1
    size: int = 50
    max_size: int = 100

    def __post_init__(self) -> None:
        self.page = max(self.page, 1)
        self.size = max(self.size, 1)

    @property
    def limit(self) -> int:
        """How many items the page has at most."""
        return min(self.size, self.max_size)

    @property
    def offset(self) -> int:
        """How many items stand before the page; a 64-bit integer, as databases take it."""
        return min((self.page - 1) * self.limit, _FURTHEST)

    @classmethod
    def query_reader(cls) -> Callable[..., Self]:
        """Make the function whose parameters are those of the query string."""
        defaults = cls()

        def read(page: int = defaults.page, size: int = defaults.size) -> Self:
            """Make them of what the client sent."""
            return cls(page=page, size=size)

        return read


class CursorParams(msgspec.Struct):
    """From where on a client wants items, as query parameters `after` and `limit`.

    A subclass may have other defaults (`max_limit: int = 500`).

    Args:
        after: The cursor that came with the page before; `None` for the first page.
        limit: Items a page, brought between 1 and `max_limit`.
        max_limit: Most items a page; the client has no say in it.
    """

    after: str | None = None
    limit: int = 50
    max_limit: int = 100

    def __post_init__(self) -> None:
        self.limit = max(min(self.limit, self.max_limit), 1)

    @classmethod
    def query_reader(cls) -> Callable[..., Self]:
        """Make the function whose parameters are those of the query string."""
        defaults = cls()

        def read(after: str | None = defaults.after, limit: int = defaults.limit) -> Self:
            """Make them of what the client sent."""
            return cls(after=after, limit=limit)

        return read


class _Pages(msgspec.Struct, frozen=True, kw_only=True):
    pages: int = _COMPUTED


class Page(_Pages, Generic[T], frozen=True):
    """A page of a list whose length is known.

    Attributes:
        items: The items of the page.
        total: How many items there are on all pages.
        page: The number of the page, from 1.
        size: Items a page.
        pages: How many pages there are. It is computed, whatever is given.
    """

    items: list[T]
    total: int
    page: int
    size: int

    def __post_init__(self) -> None:
        some = self.total > 0 and self.size > 0
        force_setattr(self, "pages", -(-self.total // self.size) if some else 0)


class _HasMore(msgspec.Struct, frozen=True, kw_only=True):
    has_more: bool = cast("bool", _COMPUTED)


class CursorPage(_HasMore, Generic[T], frozen=True):
    """A page of a list that is read from cursor to cursor.

    Attributes:
        items: The items of the page.
        next_cursor: What the client sends as `after` to get the next page; `None` on the last one.
        has_more: Whether there is a next page. It is computed, whatever is given.
    """

    items: list[T]
    next_cursor: str | None = None

    def __post_init__(self) -> None:
        force_setattr(self, "has_more", self.next_cursor is not None)

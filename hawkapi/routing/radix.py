"""The routing table: a path to what was registered for it.

Three structures, fastest first, that together answer as one tree would: static paths in a dict; paths whose only
parameter is their last segment in a dict by what stands before it; all others in a tree of segments. Static segments
win over parameters, more specific converters over less specific ones, with backtracking. The order of the three is the
tree's own: what they match is alike in more leading static segments than anything that comes after them.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from hawkapi.routing.converters import CONVERTERS, PathParameter, PathPattern
from hawkapi.validation.coerce import INVALID

T = TypeVar("T")

RANKS = {converter.convert: converter.rank for converter in CONVERTERS.values()}


class _Node(Generic[T]):
    __slots__ = ("params", "static", "value")

    def __init__(self) -> None:
        self.static: dict[str, _Node[T]] = {}
        self.params: list[tuple[Callable[[str], Any], _Node[T]]] = []
        self.value: T | None = None


class RouteTable(Generic[T]):
    """What stands under each path pattern; `T` is what the caller keeps there, one value a shape.

    Attributes:
        static: Values of paths without parameters, by path; the dispatcher looks here first, without a call.
        last: For paths whose only parameter is the last segment: converters and values by the text before it, most
            specific first.
    """

    def __init__(self) -> None:
        self.static: dict[str, T] = {}
        self.last: dict[str, list[tuple[Callable[[str], Any], T]]] = {}
        self._tree: _Node[T] = _Node()
        self._by_shape: dict[str, T] = {}

    def at(self, pattern: PathPattern, new: Callable[[], T]) -> T:
        """Give what stands under the shape of a pattern; `new` makes it for the first one that has it."""
        value = self._by_shape.get(pattern.shape)
        if value is None:
            value = self._by_shape[pattern.shape] = new()
            self.add(pattern, value)
        return value

    def add(self, pattern: PathPattern, value: T) -> None:
        """Put a value under a pattern; each shape is added once."""
        parameters = [s for s in pattern.segments if isinstance(s, PathParameter)]
        if not parameters:
            self.static[pattern.path] = value
        elif len(parameters) == 1 and pattern.segments[-1] is parameters[0]:
            entries = self.last.setdefault(pattern.path.rpartition("/")[0], [])
            entries.append((parameters[0].converter.convert, value))
            entries.sort(key=lambda entry: RANKS[entry[0]])
        else:
            self._add_to_tree(pattern, value)

    def _add_to_tree(self, pattern: PathPattern, value: T) -> None:
        node = self._tree
        for segment in pattern.segments:
            if isinstance(segment, str):
                node = node.static.setdefault(segment, _Node())
                continue
            convert = segment.converter.convert
            child = next((child for known, child in node.params if known is convert), None)
            if child is None:
                child = _Node[T]()
                node.params.append((convert, child))
                node.params.sort(key=lambda entry: RANKS[entry[0]])
            node = child
        node.value = value

    def find(self, path: str) -> tuple[T, tuple[Any, ...]] | None:
        """Find the value of a path and its converted parameters in order; one trailing slash is ignored."""
        value = self.static.get(path)
        return (value, ()) if value is not None else self.find_beyond_static(path)

    def find_beyond_static(self, path: str) -> tuple[T, tuple[Any, ...]] | None:
        """Find what `find` finds for a path that is not in `static` as it stands."""
        if path[:1] != "/":  # an absolute URI, or "*"; a slice, since a call on every request costs more
            return None
        head, _, tail = path.rpartition("/")
        if not tail and head:
            path = head
            value = self.static.get(path)
            if value is not None:
                return value, ()
            head, _, tail = path.rpartition("/")
        if tail:
            for convert, value in self.last.get(head, ()):
                converted = convert(tail)
                if converted is not INVALID:
                    return value, (converted,)
        return self._find_in_tree(path)

    def _find_in_tree(self, path: str) -> tuple[T, tuple[Any, ...]] | None:
        segments = path.split("/")
        segments.reverse()
        segments.pop()  # the empty text before the first slash
        found: list[Any] = []
        value = _walk(self._tree, segments, found)
        return (value, tuple(found)) if value is not None else None


def _walk(node: _Node[T], segments: list[str], found: list[Any]) -> T | None:
    """Match the segments, last one first in the list; both lists are left as they were after a failure."""
    if not segments:
        return node.value
    segment = segments.pop()
    child = node.static.get(segment)
    if child is not None:
        value = _walk(child, segments, found)
        if value is not None:
            return value
    if segment:
        for convert, child in node.params:
            converted = convert(segment)
            if converted is not INVALID:
                found.append(converted)
                value = _walk(child, segments, found)
                if value is not None:
                    return value
                found.pop()
    segments.append(segment)
    return None

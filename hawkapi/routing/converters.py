"""Path patterns: `/users/{user_id:int}` read into segments, and the converters that a segment may name."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from hawkapi.validation.coerce import to_float, to_int, to_str, to_uuid


class Converter(msgspec.Struct, frozen=True):
    """How a segment of a path is recognised.

    Attributes:
        name: As written after the colon.
        kind: The type of the value.
        convert: Gives the value, or `INVALID` for a segment that is none (the path then does not match).
        rank: Converters with a lower rank are tried first in the same position.
    """

    name: str
    kind: type
    convert: Callable[[str], Any]
    rank: int


CONVERTERS = {
    converter.name: converter
    for converter in (
        Converter("uuid", UUID, to_uuid, 0),
        Converter("int", int, to_int, 1),
        Converter("float", float, to_float, 2),
        Converter("str", str, to_str, 3),
    )
}


class PathParameter(msgspec.Struct, frozen=True):
    """A `{name:converter}` of a pattern."""

    name: str
    converter: Converter


class PathPattern(msgspec.Struct, frozen=True):
    """A path as a route declares it.

    Attributes:
        path: Without a trailing slash; `/` for the root.
        segments: Texts and parameters between the slashes.
        shape: The path with its parameters' names left out: two routes of one shape match the same paths.
    """

    path: str
    segments: tuple[str | PathParameter, ...]
    shape: str

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names, in order."""
        return tuple(self.kinds)

    @property
    def kinds(self) -> dict[str, type]:
        """The parameters' names and the types of their values, in order."""
        return {s.name: s.converter.kind for s in self.segments if isinstance(s, PathParameter)}


def parse_path(path: str) -> PathPattern:
    """Read a path pattern.

    Raises:
        ValueError: If it does not start with a slash, a brace is misplaced, a name stands twice, or a converter is
            unknown.
    """
    if not path.startswith("/"):
        raise ValueError(f"A path starts with '/', {path!r} does not")
    path = path.rstrip("/") or "/"
    if "{" not in path and "}" not in path:
        return PathPattern(path, tuple(path.split("/")[1:]), path)
    segments = tuple(_parse_segment(segment, path) for segment in path.split("/")[1:])
    pattern = PathPattern(
        path,
        segments,
        "".join("/" + (s if isinstance(s, str) else f"{{:{s.converter.name}}}") for s in segments),
    )
    names = [segment.name for segment in segments if isinstance(segment, PathParameter)]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"Path {path!r} names the parameter '{name}' twice")
    return pattern


def _parse_segment(segment: str, path: str) -> str | PathParameter:
    if "{" not in segment and "}" not in segment:
        return segment
    inside = segment[1:-1]
    if segment[0] != "{" or segment[-1] != "}" or "{" in inside or "}" in inside:
        raise ValueError(f"In path {path!r} a parameter takes a whole segment ('/{{name}}/'), {segment!r} does not")
    name, _, converter = inside.partition(":")
    if not name.isidentifier():
        raise ValueError(f"In path {path!r}, {name!r} is no parameter name")
    found = CONVERTERS.get(converter or "str")
    if found is None:
        known = ", ".join(sorted(CONVERTERS))
        raise ValueError(f"Unknown converter {converter!r} in path {path!r}; known are {known}")
    return PathParameter(name, found)

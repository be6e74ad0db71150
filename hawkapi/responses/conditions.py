"""Validators, and the conditions that requests build on them (RFC 9110, sections 8.8 and 13)."""

import os
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from typing import NamedTuple

from hawkapi._types import Scope
from hawkapi.responses.ranges import Span, parse_ranges

CONDITIONS = frozenset({b"if-none-match", b"if-modified-since", b"if-range", b"range"})
"""The request headers that decide how much of a content is sent."""

_MAX_DATE = 64
_opaque_tags = re.compile(r'"[^"]*"').findall


class Validators(NamedTuple):
    """What tells one state of a content from another, as it is sent.

    Args:
        etag: The entity tag.
        modified: The `last-modified` date.
    """

    etag: str
    modified: str


def validators(info: os.stat_result) -> Validators:
    """Make a file's validators; the tag is weak, made of modification time and size."""
    return Validators(f'W/"{info.st_mtime_ns:x}-{info.st_size:x}"', formatdate(int(info.st_mtime), usegmt=True))


def conditions_of(scope: Scope) -> dict[bytes, str]:
    """Collect the headers named in `CONDITIONS`; repeated ones are joined with commas."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in scope.get("headers", ()):
        if name in CONDITIONS:
            found.setdefault(name, []).append(value)
    return {name: b", ".join(values).decode("latin-1") for name, values in found.items()}


def is_fresh(conditions: Mapping[bytes, str], current: Validators) -> bool:
    """Tell whether the client's copy is still good (304). Entity tags, compared weakly, go before the date."""
    tags = conditions.get(b"if-none-match")
    if tags is not None:
        return tags.strip() == "*" or current.etag.removeprefix("W/") in _opaque_tags(tags)
    since, modified = _seconds(conditions.get(b"if-modified-since", "")), _seconds(current.modified)
    return since is not None and modified is not None and modified <= since


def wanted_spans(conditions: Mapping[bytes, str], current: Validators, size: int) -> list[Span] | None:
    """Give the spans a GET asks for, as `parse_ranges` does; `None` for the whole.

    With an If-Range that does not match it is the whole too. That comparison is strong: a weak tag
    matches nothing, and a date only itself.
    """
    header, validator = conditions.get(b"range"), conditions.get(b"if-range")
    if header is None or (validator is not None and (validator.startswith("W/") or validator not in current)):
        return None
    return parse_ranges(header, size)


def _seconds(date: str) -> float | None:
    if not date or len(date) > _MAX_DATE:
        return None
    try:
        moment = parsedate_to_datetime(date)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):  # which it is depends on the version of Python
        return None

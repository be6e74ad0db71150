"""Range requests (RFC 9110, section 14)."""

import re
from operator import itemgetter

MAX_RANGES = 16
"""A request for more ranges than that is answered with the whole: it costs more than it saves."""

_MAX_HEADER = 1024
_spec = re.compile(r"[ \t]*([0-9]*)-([0-9]*)[ \t]*").fullmatch

Span = tuple[int, int]
"""Start and stop in a file, as a slice has them."""


def parse_ranges(header: str, size: int) -> list[Span] | None:
    """Read a Range header for a content of `size` bytes.

    Returns:
        The spans that can be served, in order, those that touch made one; an empty list if none can
        (416); `None` if the header is to be ignored: another unit, bad syntax, or too many ranges.
    """
    unit, _, specs = header.partition("=")
    if unit.strip().lower() != "bytes" or len(header) > _MAX_HEADER or specs.count(",") >= MAX_RANGES:
        return None
    spans: list[Span] = []
    for text in specs.split(","):
        spec = _spec(text)
        if spec is None:
            return None
        first, last = spec.groups()
        if first and last and int(last) < int(first):
            return None
        if first:
            start, stop = int(first), min(int(last) + 1, size) if last else size
        elif last:
            start, stop = max(size - int(last), 0), size
        else:
            return None
        if start < stop:
            spans.append((start, stop))
    return _merged(spans)


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, stop in sorted(spans, key=itemgetter(0)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        else:
            merged.append((start, stop))
    return merged

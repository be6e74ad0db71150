"""How deeply a JSON text is nested, told without decoding it."""

from itertools import accumulate

_OPENING, _BRACKETS = b"[{", b"[]{}"
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_STEP = tuple(1 if byte in _OPENING else -1 for byte in range(256))


def too_deep(body: bytes, limit: int) -> bool:
    """Tell whether arrays and objects of a JSON text stand in each other more than `limit` deep.

    A decoder recurses once a level, so the question must be asked before it sees the text. The answer is right
    for every text up to its first syntax error, and no decoder goes further. The time is linear in the text.
    """
    if len(body) <= limit or _openings(body) <= limit:
        return False
    brackets = _without_strings(body).translate(None, _OTHERS)
    depths = accumulate(map(_STEP.__getitem__, brackets))
    return not _surely_flat(brackets, limit) and any(map(limit.__lt__, depths))  # stops at the first that is too deep


def _without_strings(body: bytes) -> bytes:
    if b"\\" in body:  # a run of backslashes begins with an escape, so the pairs in it are found from its left
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(body.split(b'"')[::2])


def _surely_flat(brackets: bytes, limit: int) -> bool:
    """Say `True` for many small values beside each other, which is what large bodies are made of.

    Taking out the empty pairs makes a text at most two levels flatter, and there are no more levels than openings.
    """
    levels = 0
    while _openings(brackets) + levels > limit:
        smaller = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if 2 * len(smaller) >= len(brackets):  # halving keeps all rounds together linear, and ends
            return False
        brackets = smaller
        levels += 2
    return True


def _openings(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")

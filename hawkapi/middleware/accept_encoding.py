"""What a client says of the content codings it takes (RFC 9110 12.5.3)."""

import re
from collections.abc import Iterable
from functools import lru_cache

_LONGEST = 1024

_weight = re.compile(rb"[ \t]*q[ \t]*=[ \t]*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*").fullmatch


def choose_coding(headers: Iterable[tuple[bytes, bytes]], offered: tuple[bytes, ...]) -> bytes | None:
    """Choose the content coding of an answer.

    The coding of the highest weight is taken, of several that one which is offered first. A weight that cannot be
    read counts as 0: every client can read what is not coded.

    Args:
        headers: Of the request.
        offered: Names of codings, the preferred one first.

    Returns:
        One of them; `None` if the client takes none, says nothing, or prefers that nothing is coded.
    """
    given = [value for name, value in headers if name == b"accept-encoding"]
    if not given:
        return None
    accepted = b",".join(given)
    # Clients send the same few headers again and again; a long one is somebody's experiment and not worth keeping.
    return _remembered(accepted, offered) if len(accepted) <= _LONGEST else _choose(accepted, offered)


def _choose(accepted: bytes, offered: tuple[bytes, ...]) -> bytes | None:
    weights: dict[bytes, float] = {}
    for item in accepted.lower().split(b","):
        name, _, parameters = item.partition(b";")
        weights[name.strip().removeprefix(b"x-")] = _weight_of(parameters)
    others = weights.get(b"*", 0.0)
    best = max(offered, key=lambda name: weights.get(name, others))
    weight = weights.get(best, others)
    return best if weight > 0.0 and weight >= weights.get(b"identity", others) else None


_remembered = lru_cache(maxsize=256)(_choose)


def _weight_of(parameters: bytes) -> float:
    if not parameters.strip():
        return 1.0
    found = _weight(parameters)
    return 0.0 if found is None else float(found[1])

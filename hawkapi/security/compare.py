"""Comparison in constant time."""

from hmac import compare_digest


def constant_time_equal(given: str | bytes, expected: str | bytes) -> bool:
    """Tell whether two secrets are equal, in a time that does not say where they differ.

    Text is compared as UTF-8, whatever is in it. How long the secrets are may show.

    Args:
        given: What the client sent.
        expected: What it should have sent. Make sure that it is not empty: an empty text equals another one.
    """
    return compare_digest(_bytes(given), _bytes(expected))


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value

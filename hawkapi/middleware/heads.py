"""The head of an answer on its way out, for middleware that looks at it or adds to it."""

from hawkapi._types import Message, RawHeaders
from hawkapi.responses.head import header_name


def settled(message: Message) -> Message:
    """Give a head whose headers are there and a list: the message itself, unless a foreign app made it otherwise."""
    if isinstance(message.get("headers"), list):
        return message
    return {**message, "headers": list(message.get("headers", ()))}


def without(message: Message, name: bytes) -> RawHeaders:
    """Give the headers of a head without those of a name; a new list."""
    return [pair for pair in message.get("headers", ()) if pair[0].lower() != name]


def checked_name(argument: str, given: str) -> bytes:
    """Encode the name of a header.

    Args:
        argument: The name of the argument.
        given: Its value.

    Raises:
        TypeError: If it is no text.
        ValueError: If it is no token (RFC 9110).
    """
    if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
        raise TypeError(f"{argument} must be a str, not {given!r}")
    try:
        return header_name(given)
    except ValueError as exc:
        raise ValueError(f"{argument}: {exc}") from None

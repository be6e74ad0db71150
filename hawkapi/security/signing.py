"""Signing what a client keeps for the app: HMAC-SHA256, keys that rotate, one purpose for each signer."""

import hmac
from collections.abc import Sequence
from logging import getLogger
from typing import Any, TypeAlias, cast

Secret: TypeAlias = str | bytes | Sequence[str | bytes]
"""A key, or several: the first signs, all verify. Text stands for its UTF-8 bytes."""

ENOUGH = 32
"""Bytes of a key that nobody guesses; a shorter one is warned of."""

_log = getLogger("hawkapi")


class Signer:
    """Signs texts, and tells whether a text was signed by it.

    Args:
        secret: The key, or the keys.
        argument: What the user calls the secret; errors and the warning name it.
        salt: What the signatures are for: those of one purpose are worth nothing for another. Without it the keys
            sign themselves, which one purpose of an app may do.

    Raises:
        TypeError: If the secret is neither text nor bytes nor a list of these.
        ValueError: If it is empty, or one of its keys is.
    """

    def __init__(self, secret: Secret, *, argument: str = "secret", salt: bytes = b"") -> None:
        keys = _keys(argument, secret)
        if any(len(key) < ENOUGH for key in keys):
            _log.warning("%s has a key below %d bytes, which may be guessed: take a random one", argument, ENOUGH)
        self._macs = [hmac.new(_purpose_key(key, salt), digestmod="sha256") for key in keys]

    def sign(self, text: bytes, *, bound_to: str | None = None) -> bytes:
        """Give `<text>.<signature>`, the signature in lower-case hexadecimal digits.

        Args:
            text: What is signed, without line breaks.
            bound_to: Signed with it, and not shown: whoever verifies must know it.
        """
        return text + b"." + _signature(self._macs[0], _message(text, bound_to))

    def verify(self, signed: bytes, *, bound_to: str | None = None) -> bytes | None:
        """Give the text of what `sign` made with one of the keys, `None` for anything else.

        How long it takes says nothing about the signature that would be right.
        """
        text, _, signature = signed.rpartition(b".")
        if b"\n" in text:  # it parts the text from what it is bound to
            return None
        message = _message(text, bound_to)
        for mac in self._macs:
            if hmac.compare_digest(_signature(mac, message), signature):
                return text
        return None


def _keys(argument: str, secret: Secret) -> list[bytes]:
    given: list[Any] = [secret] if isinstance(secret, (str, bytes)) else _listed(secret)
    if not all(isinstance(key, (str, bytes)) for key in given):  # the secret itself stands in no message
        raise TypeError(f"{argument} must be str, bytes or a list of these, not {type(secret).__name__}")
    if not given or not all(given):
        raise ValueError(f"{argument} must not be empty, nor any key of a list")
    return [key.encode() if isinstance(key, str) else key for key in given]


def _listed(secret: object) -> list[Any]:
    return list(cast("Sequence[Any]", secret)) if isinstance(secret, Sequence) else [secret]


def _purpose_key(key: bytes, salt: bytes) -> bytes:
    return hmac.digest(key, salt, "sha256") if salt else key


def _message(text: bytes, bound_to: str | None) -> bytes:
    return text if bound_to is None else text + b"\n" + bound_to.encode()


def _signature(keyed: hmac.HMAC, message: bytes) -> bytes:
    mac = keyed.copy()  # a key is worked in once, not for each message
    mac.update(message)
    return mac.hexdigest().encode()

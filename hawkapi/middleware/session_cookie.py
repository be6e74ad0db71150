"""Sessions that their visitors keep themselves: all of the data stands in a signed cookie."""

from base64 import urlsafe_b64encode
from binascii import a2b_base64
from collections.abc import Callable
from logging import getLogger

from hawkapi.middleware.cookie import MOST_BYTES, Header, KeptCookie
from hawkapi.middleware.session_data import ID_KEY, Session, decode, encode
from hawkapi.security.signing import Signer

_LEEWAY = 60
"""Seconds by which the clocks of two servers may differ."""

_TO_STANDARD = bytes.maketrans(b"-_", b"+/")

_log = getLogger("hawkapi")


class SignedSessions:
    """Reads and writes `<data>.<time>.<signature>`: the JSON in base64url, and the Unix time at which it was written.

    Args:
        signer: Signs, for this purpose alone.
        cookie: Where they are kept.
        max_age: Seconds for which one is good.
        clock: Unix time in seconds.
    """

    def __init__(self, signer: Signer, cookie: KeptCookie, *, max_age: int, clock: Callable[[], float]) -> None:
        self._signer, self._cookie, self._max_age, self._clock = signer, cookie, max_age, clock

    def read(self, value: bytes) -> Session:
        """Give the session of a cookie; a new one if it is forged, too old, or from the future."""
        data, _, written = (self._signer.verify(value) or b"").rpartition(b".")
        if not written.isdigit() or len(written) > 15 or not -_LEEWAY <= self._clock() - int(written) <= self._max_age:
            return Session()
        try:
            came_as = a2b_base64(data.translate(_TO_STANDARD) + b"==")  # more padding than is due is not minded
        except ValueError:
            return Session()
        content = decode(came_as)
        if not content:
            return Session()
        identity = content.pop(ID_KEY, None)
        return Session(content, id=identity if isinstance(identity, str) else None, came_as=came_as)

    async def keep(self, session: Session) -> Header | None:
        """Give the `set-cookie` header for a session, `None` if it has not changed or cannot be kept.

        Raises:
            TypeError: If it holds what JSON cannot.
        """
        content = session.plain()
        if not content:
            return self._cookie.deletion if session.came_as else None
        if session.id is not None:
            content = {ID_KEY: session.id, **content}
        data = encode(content)
        if data == session.came_as or (session.came_as and data == encode(decode(session.came_as))):
            return None
        text = urlsafe_b64encode(data) + b".%d" % self._clock()
        header = self._cookie.holding(self._signer.sign(text))
        if len(header[1]) > MOST_BYTES:
            size = len(header[1])
            _log.error(
                "A session is not kept: its cookie has %d bytes, and browsers drop one over %d", size, MOST_BYTES
            )
            return None
        return header

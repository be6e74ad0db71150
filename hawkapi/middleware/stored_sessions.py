"""Sessions that the server keeps: their visitors have an id in a signed cookie, and nothing else."""

from hashlib import sha256
from logging import getLogger

from hawkapi.middleware.cookie import Header, KeptCookie
from hawkapi.middleware.session_data import Session, decode, encode, new_id
from hawkapi.middleware.session_store import MOST_DATA, SessionStore
from hawkapi.security.signing import Signer

_log = getLogger("hawkapi")


class StoredSessions:
    """Reads and writes sessions of a store.

    Args:
        signer: Signs ids, for this purpose alone: one that was made up comes to no store.
        cookie: Where the ids are kept.
        store: Where the data is kept.
        max_age: Seconds for which it is kept after its last change.
    """

    def __init__(self, signer: Signer, cookie: KeptCookie, store: SessionStore, *, max_age: int) -> None:
        self._signer, self._cookie, self._store, self._max_age = signer, cookie, store, max_age

    async def read(self, value: bytes) -> Session:
        """Give the session of a cookie; a new one, with an id of its own, if that is forged or the store has none."""
        signed = self._signer.verify(value)
        if signed is None:
            return Session()
        identity = signed.decode()
        came_as = await self._store.load(_key(identity))
        content = None if came_as is None else decode(came_as)
        if came_as is None or not content:
            return Session()
        return Session(content, id=identity, came_as=came_as)

    async def keep(self, session: Session) -> Header | None:
        """Save a session that has changed; give the `set-cookie` header that is due, if any.

        Raises:
            TypeError: If it holds what JSON cannot.
            Exception: What the store raises.
        """
        former = session.came_with
        content = session.plain()
        if not content:
            if former is None:
                return None
            await self._store.delete(_key(former))
            return self._cookie.deletion
        data = encode(content)
        if data == session.came_as and session.id == former:
            return None
        if len(data) > MOST_DATA:
            _log.error("A session is not kept: it has %d bytes, the most is %d", len(data), MOST_DATA)
            return None
        if session.id is None:
            session.id = new_id()
        new = session.id != former
        if new and former is not None and not await self._store.delete(_key(former)):
            return None  # another request has ended it
        if not await self._store.save(_key(session.id), data, self._max_age, new=new):
            return None  # likewise
        return self._cookie.holding(self._signer.sign(session.id.encode()))


def _key(identity: str) -> str:
    return sha256(identity.encode()).hexdigest()

"""Sessions: what an app remembers of a visitor from one request to the next."""

from collections.abc import Awaitable, Callable
from logging import getLogger
from time import time
from typing import Any, Final, cast

from hawkapi._types import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from hawkapi.middleware.arguments import whole_number
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.cookie import Header, KeptCookie
from hawkapi.middleware.refusal import refuse
from hawkapi.middleware.session_cookie import SignedSessions
from hawkapi.middleware.session_data import Session
from hawkapi.middleware.session_store import SessionStore
from hawkapi.middleware.stored_sessions import StoredSessions
from hawkapi.middleware.vary import with_vary
from hawkapi.requests.context import RequestContext
from hawkapi.requests.errors import HeaderFieldsTooLarge
from hawkapi.responses.problem import refused_request
from hawkapi.security.signing import Secret, Signer

_ID_SALT: Final = b"hawkapi.session.id"
_HEADS: Final = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})

_log = getLogger("hawkapi")


class SessionMiddleware(Middleware):
    """Gives every request, and every WebSocket handshake, a dict that lasts: `scope["session"]`.

    It stands in a cookie, signed and not encrypted: the visitor can read it, and cannot change it. With a `store` the
    server keeps it, and the cookie holds an id alone. The cookie is set when the head of an answer goes out, and only
    if the data has changed; what a stream changes after that is lost. An answer that depends on the session says
    `vary: Cookie`.

    Args:
        app: The app it wraps.
        secret_key: Signs the cookies: a random text of 32 bytes or more, or a list of such; the first signs, all
            verify.
        session_cookie: The name of the cookie.
        max_age: Seconds for which a session is good after its last change.
        path: As for any cookie; so are the three below.
        httponly: No script sees it.
        secure: It comes by HTTPS only.
        samesite: `lax`, `strict` or `none`.
        store: Keeps the sessions in place of the visitors.
        clock: Unix time in seconds; a store has a clock of its own.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If the secret is empty, or an argument is out of range.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        secret_key: Secret,
        session_cookie: str = "session",
        max_age: int = 1209600,
        path: str = "/",
        httponly: bool = True,
        secure: bool = True,
        samesite: str = "lax",
        store: SessionStore | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        super().__init__(app)
        self._sessions: SignedSessions | StoredSessions
        whole_number("max_age", max_age, minimum=1)
        self._cookie = cookie = KeptCookie(
            session_cookie,
            argument="session_cookie",
            max_age=max_age,
            path=path,
            httponly=httponly,
            secure=secure,
            samesite=samesite,
        )
        if store is None:
            signer = Signer(secret_key, argument="secret_key")
            self._sessions = SignedSessions(signer, cookie, max_age=max_age, clock=clock)
        elif all(callable(getattr(store, name, None)) for name in ("load", "save", "delete")):
            signer = Signer(secret_key, argument="secret_key", salt=_ID_SALT)
            self._sessions = StoredSessions(signer, cookie, store, max_age=max_age)
        else:
            raise TypeError(f"store must have the methods load, save and delete, unlike {store!r}")

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        kind = scope["type"]
        if kind != "http" and (kind != "websocket" or "headers" not in scope):
            return self.app(scope, receive, send)
        try:
            value = self._cookie.find(scope)
        except HeaderFieldsTooLarge as error:
            return refuse(refused_request(error), scope, receive, send)
        sessions = self._sessions
        if value is None:
            return self._go_on(Session(), scope, receive, send)
        if isinstance(sessions, StoredSessions):
            return self._load(sessions, value, scope, receive, send)
        return self._go_on(sessions.read(value), scope, receive, send)

    async def _load(self, sessions: StoredSessions, value: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        await self._go_on(await sessions.read(value), scope, receive, send)

    def _go_on(self, session: Session, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope["session"] = session
        return self.app(scope, receive, _Outgoing(session, self._sessions, scope, send).send)


class _Outgoing:
    """The `send` of one exchange: when the head goes out, what became of the session is kept."""

    __slots__ = ("_context", "_edge", "_scope", "_send", "_session", "_sessions")

    def __init__(self, session: Session, sessions: SignedSessions | StoredSessions, scope: Scope, send: Send) -> None:
        self._session, self._sessions, self._scope, self._send = session, sessions, scope, send
        self._context = context = cast("RequestContext | None", scope.get("hawkapi"))
        self._edge = None if context is None else context.edge

    def send(self, message: Message) -> Awaitable[None]:
        """Be the `send` of what is inside."""
        if message["type"] in _HEADS and (self._session.accessed or self._replacement() is not None):
            return self._start(message)
        return self._send(message)

    def _replacement(self) -> dict[str, Any] | None:
        """Give the dict that somebody has put in the place of the session; a `Session` is that of an inner layer."""
        given = self._scope.get("session")
        return cast("dict[str, Any]", given) if isinstance(given, dict) and not isinstance(given, Session) else None

    async def _start(self, message: Message) -> None:
        context = self._context
        if context is not None:
            context.edge = self._edge  # nothing is sent yet: what a store raises has an answer
        cookie = await self._kept()
        if context is not None:
            context.edge = None
        headers: RawHeaders = list(message.get("headers", ()))
        if message["type"] != "websocket.accept":  # no cache keeps a connection
            headers = with_vary(headers, b"Cookie")
        if cookie is not None:
            headers.append(cookie)
        await self._send({**message, "headers": headers})

    async def _kept(self) -> Header | None:
        replacement = self._replacement()
        if replacement is not None:
            self._session.become(replacement)
            self._scope["session"] = self._session
        try:
            return await self._sessions.keep(self._session)
        except UnicodeEncodeError:  # a path, say, may bring it: no reason for a 500
            _log.error("A session is not kept: it holds text that is no Unicode")
            return None

"""A request, as handlers and middleware see it."""

from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import msgspec

from hawkapi._types import Receive, Scope
from hawkapi.requests.body import BodyReader
from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.context import SharedRequest
from hawkapi.requests.errors import MalformedBody
from hawkapi.requests.errors import RequestEntityTooLarge as RequestEntityTooLarge  # apps import it from here
from hawkapi.requests.form_data import FormData
from hawkapi.requests.limits import DEFAULT_LIMITS, Limits
from hawkapi.requests.state import State
from hawkapi.requests.url import encode_path
from hawkapi.runtime.reader import MessageReader
from hawkapi.runtime.runtime import of
from hawkapi.serialization.nesting import too_deep

_MAX_BODY_SIZE = DEFAULT_LIMITS.body


class Request(HTTPConnection):
    """An HTTP request; what is in it is read when first asked for, and then kept.

    Args:
        scope: The ASGI scope.
        receive: The ASGI callable, `None` where no body is read.
        path_params: What the router found in the path.
        max_body_size: Bytes of body accepted, unless `limits` says it.
        limits: All bounds of the request.
    """

    __slots__ = ("_json", "_max_body_size", "_receive", "_shared")

    _json: tuple[Any] | None  # a pair of brackets, since JSON has a null of its own
    _shared: SharedRequest | None

    def __init__(
        self,
        scope: Scope,
        receive: Receive | None,
        path_params: dict[str, Any] | None = None,
        max_body_size: int = _MAX_BODY_SIZE,
        limits: Limits | None = None,  # by position too: a keyword would cost half as much as all of the rest
    ) -> None:
        # Not by super(), and all that is lazy in one go: this is made in front of every handler that asks for it.
        self.scope = scope
        self._receive = receive
        self._path_params = path_params
        self._max_body_size = max_body_size
        self._limits = limits
        self._headers = self._query_params = self._cookies = self._url = self._shared = self._json = None

    @property
    def method(self) -> str:
        """The HTTP method, in upper case."""
        return self.scope.get("method", "GET")

    @property
    def content_type(self) -> str | None:
        """The `Content-Type` header with its parameters."""
        return self.headers.get("content-type")

    @property
    def state(self) -> State:
        """What middleware and handler share about this request."""
        shared = self._share()
        if shared.state is None:
            shared.state = State()
        return shared.state

    @state.setter
    def state(self, state: State) -> None:
        """Put another bag in the place of the shared one."""
        self._share().state = state

    @property
    def deadline(self) -> float | None:
        """When the handler's time is over, in seconds of `time.monotonic`; `None` where it has no limit."""
        return self._share().deadline

    def remaining(self) -> float | None:
        """Give the seconds that are left until the deadline, 0 after it; `None` where there is none."""
        deadline = self._share().deadline
        return None if deadline is None else max(0.0, deadline - monotonic())

    async def is_disconnected(self) -> bool:
        """Tell whether the client has left.

        Nothing of the body is lost by it. Of the body one part is read ahead, so the leaving of a client is seen when
        what it sent before was read, but for that part; without a lifespan none is, if there may be one.
        """
        if self._receive is None:
            return False
        return await self._messages().look(of(self.scope).supervisor, bodyless=_is_bodyless(self.scope))

    def url_for(self, name: str, /, **path_params: Any) -> str:
        """Give the absolute URL of a route: scheme, host and mount prefix are those of this request.

        Raises:
            LookupError: If no single route has the name, or the parameters are not its own.
        """
        context = self.scope.get("hawkapi")
        if context is None:
            raise LookupError(f"There is no route {name!r}: this request did not come through an app")
        return self.origin + encode_path(self.scope.get("root_path", "")) + context.app.url_for(name, **path_params)

    async def body(self) -> bytes:
        """Give the whole body; the same object at every call.

        Raises:
            RequestEntityTooLarge: If it is too large.
            ClientDisconnected: If the client left before the end.
            RuntimeError: If `stream()` or a multipart `form()` has taken it.
        """
        return await self._reader().read()

    def stream(self) -> AsyncIterator[bytes]:
        """Iterate over the body in non-empty chunks as they arrive, without keeping them.

        Raises:
            RequestEntityTooLarge: At the chunk that makes it too large.
            ClientDisconnected: If the client left before the end.
            RuntimeError: If another stream has taken it.
        """
        return self._reader().stream()

    async def json(self) -> Any:
        """Decode the body as JSON under any content type; the same object at every call.

        Raises:
            MalformedBody: If it is no JSON (RFC 8259, in UTF-8), or nested too deeply.
        """
        if self._json is None:
            body = await self.body()
            if too_deep(body, self.limits.nesting):
                raise MalformedBody("$", f"JSON is nested deeper than {self.limits.nesting} levels")
            try:
                self._json = (msgspec.json.decode(body),)
            except (ValueError, RecursionError) as error:
                raise MalformedBody("$", str(error)) from error
        return self._json[0]

    async def form(self) -> FormData:
        """Read the body as a form, urlencoded or multipart; the same object at every call.

        Files above the spool limit lie on disk until the request ends.

        Raises:
            MalformedBody: If it is no form, or breaks off.
            PayloadTooLarge: If it has too many fields or files, or a field is too large.
        """
        shared = self._share()
        if shared.form is None:
            from hawkapi.requests.forms import read_form  # noqa: PLC0415  # with its parser 20 modules that few apps need

            reader, content_type = self._reader(), self.content_type
            if content_type is not None and content_type.startswith("application/x-www-form-urlencoded"):
                await reader.read()  # it is held in memory anyway, so body() stays possible
            shared.form = await read_form(content_type, reader.stream(), self.limits, of(self.scope))
        return shared.form

    async def aclose(self) -> None:
        """Close the files of the form, if one was read. Whoever serves the request calls this at its end."""
        form = self._share().form
        if form is not None:
            await form.aclose()

    def _share(self) -> SharedRequest:
        shared = self._shared
        if shared is None:
            shared = self.scope.get("hawkapi")
            if shared is None:
                shared = SharedRequest()
            self._shared = shared
        return shared

    def _reader(self) -> BodyReader:
        shared = self._share()
        reader = shared.reader
        if reader is None:
            raw = self.scope.get("headers", [])
            limit = self._max_body_size if self._limits is None else self._limits.body
            reader = shared.reader = BodyReader(self._messages().receive, raw, limit)
        return reader

    def _messages(self) -> MessageReader:
        if self._receive is None:
            raise RuntimeError("This request was made without `receive`: its body cannot be read")
        _ = self.headers  # from before the body: see BodyReader
        return read_messages(self._share(), self._receive)


BLANK_REQUEST = (
    "request = new(Request)",
    "request.scope = scope",
    "request._receive = receive",
    f"request._max_body_size = {_MAX_BODY_SIZE}",
    "request._limits = context.limits",
    "request._path_params = request._headers = request._query_params = request._cookies = request._url = None",
    "request._shared = request._json = None",
)
"""Source of `request = Request(scope, receive, limits=context.limits)` without its calls, which take half of the time;
`new` is that of `object`."""


def read_messages(shared: SharedRequest, receive: Receive) -> MessageReader:
    """Give the one reader of a request's messages, made of the first `receive` that comes."""
    messages = shared.messages
    if messages is None:
        messages = shared.messages = MessageReader(receive)
    return messages


def _is_bodyless(scope: Scope) -> bool:
    """Tell whether the head of a request says that it has no body (RFC 9112, 6.3); from HTTP/2 on it need not say."""
    length = None
    for name, value in scope.get("headers", ()):
        if name == b"transfer-encoding":
            return False
        if name == b"content-length":
            length = value
    return scope.get("http_version", "1.1").startswith("1") if length is None else length == b"0"

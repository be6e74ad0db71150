"""What belongs to one request and is shared by all who look at it."""

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:  # for the annotations: nothing here is called
    from collections.abc import Awaitable, Mapping

    from hawkapi._types import ASGIApp, Message, Send
    from hawkapi.requests.body import BodyReader
    from hawkapi.requests.form_data import FormData
    from hawkapi.requests.limits import Limits
    from hawkapi.requests.state import State
    from hawkapi.runtime.reader import MessageReader
    from hawkapi.runtime.runtime import Runtime


class Serving(Protocol):
    """What a request may ask of the app that serves it."""

    def runtime(self) -> "Runtime":
        """Give what belongs to the running event loop."""
        ...

    def url_for(self, name: str, /, **path_params: Any) -> str:
        """Give the path of a route by its name."""
        ...


class SharedRequest(msgspec.Struct, kw_only=True, eq=False):
    """What several `Request` objects of one request must agree on.

    A body can be read once only, so a middleware and the handler, which have a `Request` each, share the reader of
    the messages, that of the body, the form made of it, and the state that one sets for the other. All of them are
    made by whoever asks first.

    Attributes:
        deadline: When the handler's time is over, in seconds of `time.monotonic`; `None` where it has no limit.
    """

    deadline: float | None = None
    form: "FormData | None" = None
    messages: "MessageReader | None" = None
    reader: "BodyReader | None" = None
    state: "State | None" = None


class RequestContext(SharedRequest, eq=False):
    """The one slot object of a request, in `scope["hawkapi"]`.

    Attributes:
        app: The app that serves the request; a mounted one takes the place of the outer one.
        limits: Bounds of the requests that middleware makes; `None` for the default ones.
        edge: What answers an exception that is raised now: what was wrapped round middleware, an error table if that is
            an app's. `None` once the router has the request, or an answer has begun: then the exception is no matter
            of middleware.
        onward: The server's `send`, where the app calls `begin` in its place.
        path: What the router found in the path, for the endpoint behind the middleware of a route.
        layers: What comes after the middleware of each router round the route, by that middleware.
        rooted: The path is without `root_path` already, or stands below a mount.
    """

    app: Serving
    limits: "Limits | None" = None
    edge: object = None
    onward: "Send" = None  # pyright: ignore[reportAssignmentType]  # set before `begin` is given away
    path: tuple[Any, ...] = ()
    layers: "Mapping[object, ASGIApp] | None" = None
    rooted: bool = False

    @property
    def runtime(self) -> "Runtime":
        """What belongs to the event loop that serves the request."""
        return self.app.runtime()

    def begin(self, message: "Message") -> "Awaitable[None]":
        """Send to the server, and note that an answer has begun; as a method it costs less than a closure."""
        if self.edge is not None and message["type"] == "http.response.start":
            self.edge = None
        onward = self.onward
        return onward(message)

"""What belongs to one request and is shared by all who look at it."""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # for the annotations: nothing here is called
    from hawkapi.requests.body import BodyReader
    from hawkapi.requests.form_data import FormData
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


class SharedRequest:
    """What several `Request` objects of one request must agree on.

    A body can be read once only, so a middleware and the handler, which have a `Request` each, share the reader of
    the messages, that of the body, the form made of it, and the state that one sets for the other. All of them are
    made by whoever asks first.

    Attributes:
        deadline: When the handler's time is over, in seconds of `time.monotonic`; `None` where it has no limit.
    """

    __slots__ = ("deadline", "form", "messages", "reader", "state")

    deadline: float | None
    form: "FormData | None"
    messages: "MessageReader | None"
    reader: "BodyReader | None"
    state: "State | None"

    def __init__(self) -> None:
        self.deadline = self.form = self.messages = self.reader = self.state = None


class RequestContext(SharedRequest):
    """The one slot object of a request, in `scope["hawkapi"]`.

    Args:
        app: The app that serves the request; a mounted one takes the place of the outer one.
    """

    __slots__ = ("app",)

    def __init__(self, app: Serving) -> None:
        # Not by super(): this is made in front of every handler that asks. Each with its annotation:
        # without one, type checkers may take what is assigned here for `None` only.
        self.deadline: float | None = None
        self.form: FormData | None = None
        self.messages: MessageReader | None = None
        self.reader: BodyReader | None = None
        self.state: State | None = None
        self.app: Serving = app

    @property
    def runtime(self) -> "Runtime":
        """What belongs to the event loop that serves the request."""
        return self.app.runtime()

"""Making the request object for whoever asks for it, with the context it needs in the scope."""

from collections.abc import Callable
from typing import Any

from hawkapi._types import Receive, Scope
from hawkapi.requests.context import RequestContext, Serving
from hawkapi.requests.limits import Limits
from hawkapi.requests.request import Request


def provide_context(scope: Scope, app: Serving) -> RequestContext:
    """See that the scope carries a context of this app; one that is there stays, with what was read already."""
    context = scope.get("hawkapi")
    if context is None:
        context = scope["hawkapi"] = RequestContext(app)
    else:
        context.app = app
    return context


def request_maker(app: Serving, limits: Limits) -> Callable[[Scope, Receive, dict[str, Any]], Request]:
    """Make the function that makes the requests of an app."""

    def make_request(scope: Scope, receive: Receive, path_params: dict[str, Any]) -> Request:
        provide_context(scope, app)
        return Request(scope, receive, path_params, limits.body, limits)

    return make_request

"""Middleware round an app that is none of ours: what a HawkAPI does for a chain is done here."""

from typing import Any, NoReturn

from hawkapi._types import ASGIApp, Receive, Scope, Send
from hawkapi.requests.context import RequestContext
from hawkapi.runtime.runtime import Runtime, current


class _NoApp:
    """Stands where a request asks for the app that serves it."""

    def runtime(self) -> Runtime:
        """Give the event loop's default runtime."""
        return current()

    def url_for(self, name: str, /, **path_params: Any) -> NoReturn:  # noqa: ARG002 - as an app has it
        """Know no route."""
        raise LookupError(f"There is no route {name!r}: this request did not come through an app")


_NO_APP = _NoApp()


async def stand_alone(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a scope that came through no app with a context of its own, and close what was opened."""
    context = scope["hawkapi"] = RequestContext(_NO_APP, edge=_NO_APP)
    try:
        await app(scope, receive, send)
    finally:
        scope.pop("hawkapi", None)  # an app of ours within has taken it out already
        if context.messages is not None:
            context.messages.stop()
        if context.form is not None:
            await context.form.aclose()

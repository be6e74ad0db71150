"""What the development server shows while an app cannot be loaded."""

from traceback import format_exception

from hawkapi._types import Receive, Scope, Send
from hawkapi.responses.plain_text import PlainTextResponse
from hawkapi.runtime.lifespan import conversation


class FailurePage:
    """An ASGI app in the place of one that could not be loaded: every request is answered with the traceback.

    Args:
        error: What went wrong; its causes are shown with it.
    """

    def __init__(self, error: Exception) -> None:
        self._response = PlainTextResponse("".join(format_exception(error)), status_code=500)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        match scope["type"]:
            case "http":
                await self._response(scope, receive, send)
            case "lifespan":
                await conversation(receive, send, startup=_nothing, shutdown=_nothing)
            case _:
                await send({"type": "websocket.close", "code": 1011, "reason": "the app could not be loaded"})


async def _nothing() -> None:
    """Start and stop nothing."""

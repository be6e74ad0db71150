"""Responses: what a handler may return to say exactly what is sent."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach

if TYPE_CHECKING:
    from hawkapi.responses.base import BaseResponse as BaseResponse
    from hawkapi.responses.file_response import FileResponse as FileResponse
    from hawkapi.responses.html_response import HTMLResponse as HTMLResponse
    from hawkapi.responses.json_response import JSONResponse as JSONResponse
    from hawkapi.responses.plain_text import PlainTextResponse as PlainTextResponse
    from hawkapi.responses.redirect import RedirectResponse as RedirectResponse
    from hawkapi.responses.response import Response as Response
    from hawkapi.responses.sse import EventSourceResponse as EventSourceResponse
    from hawkapi.responses.sse import ServerSentEvent as ServerSentEvent
    from hawkapi.responses.streaming import StreamingResponse as StreamingResponse

__all__ = [
    "BaseResponse",
    "EventSourceResponse",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "ServerSentEvent",
    "StreamingResponse",
]

_TABLE = {
    "BaseResponse": "hawkapi.responses.base",
    "EventSourceResponse": "hawkapi.responses.sse",
    "FileResponse": "hawkapi.responses.file_response",
    "HTMLResponse": "hawkapi.responses.html_response",
    "JSONResponse": "hawkapi.responses.json_response",
    "PlainTextResponse": "hawkapi.responses.plain_text",
    "RedirectResponse": "hawkapi.responses.redirect",
    "Response": "hawkapi.responses.response",
    "ServerSentEvent": "hawkapi.responses.sse",
    "StreamingResponse": "hawkapi.responses.streaming",
}
if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

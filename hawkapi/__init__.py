"""HawkAPI: typed APIs on msgspec, concurrency on AnyIO, the ops layer in the box."""

from typing import TYPE_CHECKING

from hawkapi._lazy import attach
from hawkapi._version import __version__ as __version__

if TYPE_CHECKING:
    from hawkapi.app.application import HawkAPI as HawkAPI
    from hawkapi.app.config import Drain as Drain
    from hawkapi.app.config import Limits as Limits
    from hawkapi.app.config import Threads as Threads
    from hawkapi.background import BackgroundTasks as BackgroundTasks
    from hawkapi.exceptions import HTTPException as HTTPException
    from hawkapi.requests.form_data import UploadFile as UploadFile
    from hawkapi.requests.request import Request as Request
    from hawkapi.responses.file_response import FileResponse as FileResponse
    from hawkapi.responses.html_response import HTMLResponse as HTMLResponse
    from hawkapi.responses.json_response import JSONResponse as JSONResponse
    from hawkapi.responses.plain_text import PlainTextResponse as PlainTextResponse
    from hawkapi.responses.redirect import RedirectResponse as RedirectResponse
    from hawkapi.responses.response import Response as Response
    from hawkapi.responses.sse import EventSourceResponse as EventSourceResponse
    from hawkapi.responses.sse import ServerSentEvent as ServerSentEvent
    from hawkapi.responses.streaming import StreamingResponse as StreamingResponse
    from hawkapi.routing.route import Route as Route
    from hawkapi.routing.router import Router as Router
    from hawkapi.staticfiles import StaticFiles as StaticFiles
    from hawkapi.testing.client import TestClient as TestClient
    from hawkapi.testing.response import TestResponse as TestResponse
    from hawkapi.validation.constraints import Body as Body
    from hawkapi.validation.constraints import Cookie as Cookie
    from hawkapi.validation.constraints import File as File
    from hawkapi.validation.constraints import Form as Form
    from hawkapi.validation.constraints import Header as Header
    from hawkapi.validation.constraints import Path as Path
    from hawkapi.validation.constraints import Query as Query
    from hawkapi.websocket.connection import WebSocket as WebSocket
    from hawkapi.websocket.connection import WebSocketDisconnect as WebSocketDisconnect

__all__ = [
    "BackgroundTasks",
    "Body",
    "Cookie",
    "Drain",
    "EventSourceResponse",
    "File",
    "FileResponse",
    "Form",
    "HTMLResponse",
    "HTTPException",
    "HawkAPI",
    "Header",
    "JSONResponse",
    "Limits",
    "Path",
    "PlainTextResponse",
    "Query",
    "RedirectResponse",
    "Request",
    "Response",
    "Route",
    "Router",
    "ServerSentEvent",
    "StaticFiles",
    "StreamingResponse",
    "TestClient",
    "TestResponse",
    "Threads",
    "UploadFile",
    "WebSocket",
    "WebSocketDisconnect",
    "__version__",
]

_TABLE = {
    "BackgroundTasks": "hawkapi.background",
    "Body": "hawkapi.validation.constraints",
    "Cookie": "hawkapi.validation.constraints",
    "Drain": "hawkapi.app.config",
    "EventSourceResponse": "hawkapi.responses.sse",
    "File": "hawkapi.validation.constraints",
    "FileResponse": "hawkapi.responses.file_response",
    "Form": "hawkapi.validation.constraints",
    "HTMLResponse": "hawkapi.responses.html_response",
    "HTTPException": "hawkapi.exceptions",
    "HawkAPI": "hawkapi.app.application",
    "Header": "hawkapi.validation.constraints",
    "JSONResponse": "hawkapi.responses.json_response",
    "Limits": "hawkapi.app.config",
    "Path": "hawkapi.validation.constraints",
    "PlainTextResponse": "hawkapi.responses.plain_text",
    "Query": "hawkapi.validation.constraints",
    "RedirectResponse": "hawkapi.responses.redirect",
    "Request": "hawkapi.requests.request",
    "Response": "hawkapi.responses.response",
    "Route": "hawkapi.routing.route",
    "Router": "hawkapi.routing.router",
    "ServerSentEvent": "hawkapi.responses.sse",
    "StaticFiles": "hawkapi.staticfiles",
    "StreamingResponse": "hawkapi.responses.streaming",
    "TestClient": "hawkapi.testing.client",
    "TestResponse": "hawkapi.testing.response",
    "Threads": "hawkapi.app.config",
    "UploadFile": "hawkapi.requests.form_data",
    "WebSocket": "hawkapi.websocket.connection",
    "WebSocketDisconnect": "hawkapi.websocket.connection",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

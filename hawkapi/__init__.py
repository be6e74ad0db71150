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
    from hawkapi.di.container import Container as Container
    from hawkapi.di.depends import Depends as Depends
    from hawkapi.di.depends import Security as Security
    from hawkapi.di.depends import SecurityScopes as SecurityScopes
    from hawkapi.exceptions import HTTPException as HTTPException
    from hawkapi.middleware.base import Middleware as Middleware
    from hawkapi.middleware.csrf import CSRFMiddleware as CSRFMiddleware
    from hawkapi.middleware.debug import DebugMiddleware as DebugMiddleware
    from hawkapi.middleware.entry import MiddlewareEntry as MiddlewareEntry
    from hawkapi.middleware.request_limits import RequestLimitsMiddleware as RequestLimitsMiddleware
    from hawkapi.middleware.session import SessionMiddleware as SessionMiddleware
    from hawkapi.middleware.trusted_proxy import TrustedProxyMiddleware as TrustedProxyMiddleware
    from hawkapi.pagination import CursorPage as CursorPage
    from hawkapi.pagination import CursorParams as CursorParams
    from hawkapi.pagination import Page as Page
    from hawkapi.pagination import PaginationParams as PaginationParams
    from hawkapi.plugins import Plugin as Plugin
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
    from hawkapi.routing.controllers import Controller as Controller
    from hawkapi.routing.controllers import delete as delete
    from hawkapi.routing.controllers import get as get
    from hawkapi.routing.controllers import patch as patch
    from hawkapi.routing.controllers import post as post
    from hawkapi.routing.controllers import put as put
    from hawkapi.routing.route import Route as Route
    from hawkapi.routing.router import Router as Router
    from hawkapi.routing.version_router import VersionRouter as VersionRouter
    from hawkapi.security.api_key import APIKeyCookie as APIKeyCookie
    from hawkapi.security.api_key import APIKeyHeader as APIKeyHeader
    from hawkapi.security.api_key import APIKeyQuery as APIKeyQuery
    from hawkapi.security.base import SecurityScheme as SecurityScheme
    from hawkapi.security.http_basic import HTTPBasic as HTTPBasic
    from hawkapi.security.http_basic import HTTPBasicCredentials as HTTPBasicCredentials
    from hawkapi.security.http_bearer import HTTPBearer as HTTPBearer
    from hawkapi.security.http_bearer import HTTPBearerCredentials as HTTPBearerCredentials
    from hawkapi.security.oauth2 import OAuth2PasswordBearer as OAuth2PasswordBearer
    from hawkapi.security.permissions import PermissionPolicy as PermissionPolicy
    from hawkapi.staticfiles import StaticFiles as StaticFiles
    from hawkapi.testing.client import TestClient as TestClient
    from hawkapi.testing.overrides import override as override
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
    "APIKeyCookie",
    "APIKeyHeader",
    "APIKeyQuery",
    "BackgroundTasks",
    "Body",
    "CSRFMiddleware",
    "Container",
    "Controller",
    "Cookie",
    "CursorPage",
    "CursorParams",
    "DebugMiddleware",
    "Depends",
    "Drain",
    "EventSourceResponse",
    "File",
    "FileResponse",
    "Form",
    "HTMLResponse",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPBearerCredentials",
    "HTTPException",
    "HawkAPI",
    "Header",
    "JSONResponse",
    "Limits",
    "Middleware",
    "MiddlewareEntry",
    "OAuth2PasswordBearer",
    "Page",
    "PaginationParams",
    "Path",
    "PermissionPolicy",
    "PlainTextResponse",
    "Plugin",
    "Query",
    "RedirectResponse",
    "Request",
    "RequestLimitsMiddleware",
    "Response",
    "Route",
    "Router",
    "Security",
    "SecurityScheme",
    "SecurityScopes",
    "ServerSentEvent",
    "SessionMiddleware",
    "StaticFiles",
    "StreamingResponse",
    "TestClient",
    "TestResponse",
    "Threads",
    "TrustedProxyMiddleware",
    "UploadFile",
    "VersionRouter",
    "WebSocket",
    "WebSocketDisconnect",
    "__version__",
    "delete",
    "get",
    "override",
    "patch",
    "post",
    "put",
]

_TABLE = {
    "APIKeyCookie": "hawkapi.security.api_key",
    "APIKeyHeader": "hawkapi.security.api_key",
    "APIKeyQuery": "hawkapi.security.api_key",
    "BackgroundTasks": "hawkapi.background",
    "Body": "hawkapi.validation.constraints",
    "CSRFMiddleware": "hawkapi.middleware.csrf",
    "Container": "hawkapi.di.container",
    "Controller": "hawkapi.routing.controllers",
    "Cookie": "hawkapi.validation.constraints",
    "CursorPage": "hawkapi.pagination",
    "CursorParams": "hawkapi.pagination",
    "DebugMiddleware": "hawkapi.middleware.debug",
    "Depends": "hawkapi.di.depends",
    "Drain": "hawkapi.app.config",
    "EventSourceResponse": "hawkapi.responses.sse",
    "File": "hawkapi.validation.constraints",
    "FileResponse": "hawkapi.responses.file_response",
    "Form": "hawkapi.validation.constraints",
    "HTMLResponse": "hawkapi.responses.html_response",
    "HTTPBasic": "hawkapi.security.http_basic",
    "HTTPBasicCredentials": "hawkapi.security.http_basic",
    "HTTPBearer": "hawkapi.security.http_bearer",
    "HTTPBearerCredentials": "hawkapi.security.http_bearer",
    "HTTPException": "hawkapi.exceptions",
    "HawkAPI": "hawkapi.app.application",
    "Header": "hawkapi.validation.constraints",
    "JSONResponse": "hawkapi.responses.json_response",
    "Limits": "hawkapi.app.config",
    "Middleware": "hawkapi.middleware.base",
    "MiddlewareEntry": "hawkapi.middleware.entry",
    "OAuth2PasswordBearer": "hawkapi.security.oauth2",
    "Page": "hawkapi.pagination",
    "PaginationParams": "hawkapi.pagination",
    "Path": "hawkapi.validation.constraints",
    "PermissionPolicy": "hawkapi.security.permissions",
    "PlainTextResponse": "hawkapi.responses.plain_text",
    "Plugin": "hawkapi.plugins",
    "Query": "hawkapi.validation.constraints",
    "RedirectResponse": "hawkapi.responses.redirect",
    "Request": "hawkapi.requests.request",
    "RequestLimitsMiddleware": "hawkapi.middleware.request_limits",
    "Response": "hawkapi.responses.response",
    "Route": "hawkapi.routing.route",
    "Router": "hawkapi.routing.router",
    "Security": "hawkapi.di.depends",
    "SecurityScheme": "hawkapi.security.base",
    "SecurityScopes": "hawkapi.di.depends",
    "ServerSentEvent": "hawkapi.responses.sse",
    "SessionMiddleware": "hawkapi.middleware.session",
    "StaticFiles": "hawkapi.staticfiles",
    "StreamingResponse": "hawkapi.responses.streaming",
    "TestClient": "hawkapi.testing.client",
    "TestResponse": "hawkapi.testing.response",
    "Threads": "hawkapi.app.config",
    "TrustedProxyMiddleware": "hawkapi.middleware.trusted_proxy",
    "UploadFile": "hawkapi.requests.form_data",
    "VersionRouter": "hawkapi.routing.version_router",
    "WebSocket": "hawkapi.websocket.connection",
    "WebSocketDisconnect": "hawkapi.websocket.connection",
    "delete": "hawkapi.routing.controllers",
    "get": "hawkapi.routing.controllers",
    "override": "hawkapi.testing.overrides",
    "patch": "hawkapi.routing.controllers",
    "post": "hawkapi.routing.controllers",
    "put": "hawkapi.routing.controllers",
}

if not TYPE_CHECKING:  # else every wrong name would be an `Any` to it
    __getattr__, __dir__ = attach(__name__, _TABLE)

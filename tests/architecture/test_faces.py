"""The faces of the packages: what the type checker sees, what the table says and what resolves are the same."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FACES = {
    ".".join(path.relative_to(ROOT).parent.parts): path for path in sorted((ROOT / "hawkapi").rglob("__init__.py"))
}
LAZY = {name: path for name, path in FACES.items() if "_TABLE" in path.read_text()}

# Every import path of the contract that exists so far.
PATHS = {
    "hawkapi.app": ["HawkAPI"],
    "hawkapi.app.config": ["Limits", "Drain", "Threads"],
    "hawkapi.background": ["BackgroundTasks"],
    "hawkapi.cli": ["main"],
    "hawkapi.exceptions": ["HTTPException"],
    "hawkapi.pagination": ["Page", "CursorPage", "PaginationParams", "CursorParams"],
    "hawkapi.plugins": ["Plugin"],
    "hawkapi.di": ["Container", "Depends", "Lifecycle", "Scope"],
    "hawkapi.di.container": ["Container"],
    "hawkapi.di.depends": ["Depends"],
    "hawkapi.di.introspection": ["container_graph", "to_mermaid"],
    "hawkapi.middleware": [
        "Middleware",
        "MiddlewareEntry",
        "CORSMiddleware",
        "CSRFMiddleware",
        "CompressionMiddleware",
        "DebugMiddleware",
        "ErrorHandlerMiddleware",
        "GZipMiddleware",
        "HTTPSRedirectMiddleware",
        "RequestIDMiddleware",
        "RequestLimitsMiddleware",
        "SecurityHeadersMiddleware",
        "SessionMiddleware",
        "TimingMiddleware",
        "TrustedHostMiddleware",
        "TrustedProxyMiddleware",
    ],
    "hawkapi.middleware.compression": ["CompressionMiddleware"],
    "hawkapi.middleware.cors": ["CORSMiddleware"],
    "hawkapi.middleware.csrf": ["CSRFMiddleware"],
    "hawkapi.middleware.debug": ["DebugMiddleware"],
    "hawkapi.middleware.error_handler": ["ErrorHandlerMiddleware"],
    "hawkapi.middleware.gzip": ["GZipMiddleware"],
    "hawkapi.middleware.https_redirect": ["HTTPSRedirectMiddleware"],
    "hawkapi.middleware.request_id": ["RequestIDMiddleware"],
    "hawkapi.middleware.request_limits": ["RequestLimitsMiddleware"],
    "hawkapi.middleware.security_headers": ["SecurityHeadersMiddleware"],
    "hawkapi.middleware.session": ["SessionMiddleware"],
    "hawkapi.middleware.timing": ["TimingMiddleware"],
    "hawkapi.middleware.trusted_host": ["TrustedHostMiddleware"],
    "hawkapi.middleware.trusted_proxy": ["TrustedProxyMiddleware"],
    "hawkapi.middleware.base": ["Middleware"],
    "hawkapi.routing.version_router": ["VersionRouter"],
    "hawkapi.routing.controllers": ["Controller", "get", "post", "put", "patch", "delete"],
    "hawkapi.security": [
        "SecurityScheme",
        "HTTPBearer",
        "HTTPBearerCredentials",
        "HTTPBasic",
        "HTTPBasicCredentials",
        "APIKeyHeader",
        "APIKeyQuery",
        "APIKeyCookie",
        "OAuth2PasswordBearer",
        "PermissionPolicy",
        "Security",
        "SecurityScopes",
    ],
    "hawkapi.security.api_key": ["APIKeyHeader", "APIKeyQuery", "APIKeyCookie", "MissingCredentialError"],
    "hawkapi.security.http_basic": ["HTTPBasic", "HTTPBasicCredentials"],
    "hawkapi.security.http_bearer": ["HTTPBearer", "HTTPBearerCredentials"],
    "hawkapi.security.oauth2": ["OAuth2PasswordBearer"],
    "hawkapi.security.permissions": ["PermissionPolicy"],
    "hawkapi.security.base": ["SecurityScheme"],
    "hawkapi.testing.overrides": ["override"],
    "hawkapi.requests": ["Request", "HTTPConnection", "Headers", "QueryParams", "State", "FormData", "UploadFile"],
    "hawkapi.requests.request": ["Request", "RequestEntityTooLarge"],
    "hawkapi.requests.headers": ["Headers"],
    "hawkapi.requests.query_params": ["QueryParams"],
    "hawkapi.requests.state": ["State"],
    "hawkapi.requests.form_data": ["FormData", "UploadFile"],
    "hawkapi.responses": [
        "Response",
        "JSONResponse",
        "HTMLResponse",
        "PlainTextResponse",
        "RedirectResponse",
        "StreamingResponse",
        "FileResponse",
        "EventSourceResponse",
        "ServerSentEvent",
    ],
    "hawkapi.responses.response": ["Response"],
    "hawkapi.responses.json_response": ["JSONResponse"],
    "hawkapi.responses.html_response": ["HTMLResponse"],
    "hawkapi.responses.plain_text": ["PlainTextResponse"],
    "hawkapi.responses.redirect": ["RedirectResponse"],
    "hawkapi.responses.streaming": ["StreamingResponse"],
    "hawkapi.responses.file_response": ["FileResponse"],
    "hawkapi.responses.sse": ["EventSourceResponse", "ServerSentEvent"],
    "hawkapi.routing": ["Route", "Router", "VersionRouter", "Controller", "get", "post", "put", "patch", "delete"],
    "hawkapi.routing.route": ["Route"],
    "hawkapi.routing.router": ["Router"],
    "hawkapi.serialization": [
        "encode_response",
        "encode_response_msgpack",
        "negotiate_content_type",
        "encode_for_content_type",
    ],
    "hawkapi.serialization.encoder": ["encode_response", "encode_response_msgpack"],
    "hawkapi.serialization.negotiation": ["negotiate_content_type", "encode_for_content_type"],
    "hawkapi.staticfiles": ["StaticFiles"],
    "hawkapi.status": ["HTTP_404_NOT_FOUND", "WS_1008_POLICY_VIOLATION"],
    "hawkapi.testing": ["TestClient", "TestResponse", "override", "HTTPStatusError"],
    "hawkapi.testing.client": ["TestClient"],
    "hawkapi.testing.plugin": ["hawk_client"],
    "hawkapi.validation": [
        "Body",
        "Query",
        "Header",
        "Cookie",
        "Path",
        "Form",
        "File",
        "ProblemDetail",
        "RequestValidationError",
        "ValidationErrorDetail",
    ],
    "hawkapi.validation.constraints": ["Body", "Query", "Header", "Cookie", "Path", "Form", "File"],
    "hawkapi.validation.errors": ["ProblemDetail", "RequestValidationError", "ValidationErrorDetail"],
    "hawkapi.websocket": ["WebSocket", "WebSocketDisconnect", "WebSocketState"],
    "hawkapi.websocket.connection": ["WebSocket", "WebSocketDisconnect", "WebSocketState"],
}


def type_checking_names(path):
    """Give name to module of what a face imports for the type checker."""
    tree = ast.parse(path.read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    return {alias.asname: node.module for node in block.body for alias in node.names}


@pytest.mark.parametrize("name", LAZY)
def test_the_type_checker_and_the_table_agree(name):
    assert type_checking_names(LAZY[name]) == import_module(name)._TABLE


@pytest.mark.parametrize("name", LAZY)
def test_all_is_the_table_in_order(name):
    face = import_module(name)
    assert [each for each in face.__all__ if each != "__version__"] == sorted(face._TABLE)


@pytest.mark.parametrize("name", LAZY)
def test_every_name_resolves_to_that_of_its_module_and_is_listed(name):
    face = import_module(name)
    for public, module in face._TABLE.items():
        assert getattr(face, public) is getattr(import_module(module), public)
    assert {*face._TABLE} <= {*dir(face)}


@pytest.mark.parametrize("name", LAZY)
def test_an_unknown_name_is_an_attribute_error_that_says_so(name):
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        import_module(name).Nonsense  # noqa: B018 - the look-up is the test


@pytest.mark.parametrize("name", LAZY)
def test_no_module_bears_the_name_of_something_exported(name):
    """Importing such a module would put it in the place of the name."""
    modules = {path.stem for path in LAZY[name].parent.iterdir()}
    assert not modules & {*import_module(name)._TABLE}


def test_a_face_without_names_holds_nothing_but_its_docstring():
    for name in FACES.keys() - LAZY.keys():
        (only,) = ast.parse(FACES[name].read_text()).body
        assert isinstance(only, ast.Expr), name


@pytest.mark.parametrize(("module", "names"), PATHS.items(), ids=PATHS)
def test_import_paths_of_the_contract_resolve(module, names):
    home = import_module(module)
    for name in names:
        assert hasattr(home, name), name

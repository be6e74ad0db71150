"""From a scope to an endpoint: paths, methods, the root path, WebSockets without a route."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.requests.limits import Limits
from hawkapi.requests.request import Request
from tests.app.wire import Wire, exchange
from tests.asgi import call

PROBLEM = "https://hawkapi.ashimov.com/errors/"


def echo_app(**options):
    app = HawkAPI(**options)

    @app.get("/items")
    async def items(request: Request):
        return {"path": request.path, "root": request.scope.get("root_path", "")}

    @app.get("/")
    async def home(request: Request):
        return {"path": request.path, "root": request.scope.get("root_path", "")}

    return app


async def test_no_route_is_a_404_problem():
    answer = await call(HawkAPI(), "GET", "/x")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json() == {
        "type": PROBLEM + "not-found",
        "title": "Not Found",
        "status": 404,
        "detail": "No route matches GET /x",
    }


async def test_a_wrong_method_is_a_405_problem_that_lists_the_right_ones_sorted():
    app = HawkAPI()

    async def handler():
        return 1

    app.add_route("/x", handler, methods=["PUT", "DELETE"])
    app.get("/x")(handler)
    answer = await call(app, "POST", "/x")
    assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, PUT")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": PROBLEM + "method-not-allowed",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "Method POST not allowed. Allowed: DELETE, GET, HEAD, PUT",
    }


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "TRACE", "NOSUCH", "get", "__class__"])
async def test_a_method_that_nobody_registered_is_a_405(method):
    app = HawkAPI()

    @app.post("/x")
    async def handler():
        return 1

    answer = await call(app, method, "/x")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_methods_of_one_path_may_have_handlers_and_parameter_names_of_their_own():
    app = HawkAPI()

    @app.get("/{a}")
    async def read(a: str):
        return ["read", a]

    @app.put("/{b}")
    async def write(b: str):
        return ["write", b]

    assert (await call(app, "GET", "/1")).json() == ["read", "1"]
    assert (await call(app, "PUT", "/1")).json() == ["write", "1"]


@pytest.mark.parametrize("path", ["/items", "/items/"])
async def test_a_trailing_slash_is_ignored(path):
    assert (await call(echo_app(), "GET", path)).status == 200


async def test_a_trailing_slash_in_the_declaration_is_ignored():
    app = HawkAPI()

    @app.get("/items/{id}/")
    async def item(id: str):
        return id

    assert (await call(app, "GET", "/items/1")).body == b'"1"'


@pytest.mark.parametrize("path", ["", "items", "/items/items", "/Items", "/items%2F", "//items", "/items\0", "/\udcff"])
async def test_a_path_that_is_almost_a_route_is_none(path):
    assert (await call(echo_app(), "GET", path)).status == 404


async def test_a_path_parameter_with_a_converter_that_does_not_fit_is_a_404():
    app = HawkAPI()

    @app.get("/{id:int}")
    async def item(id: int):
        return id

    assert (await call(app, "GET", "/x")).status == 404
    assert (await call(app, "GET", "/1")).status == 200


async def test_a_path_parameter_with_an_annotation_that_does_not_fit_is_a_400():
    app = HawkAPI()

    @app.get("/{user_id}")
    async def item(user_id: int):
        return user_id

    answer = await call(app, "GET", "/x")
    assert answer.status == 400
    assert [(e["field"], e["value"]) for e in answer.json()["errors"]] == [("user_id", "x")]


async def test_a_handler_need_not_take_the_path_parameters():
    app = HawkAPI()

    @app.get("/{any}")
    async def handler():
        return 1

    assert (await call(app, "GET", "/x")).body == b"1"


async def test_a_path_of_just_the_limit_is_routed_and_one_more_is_a_414():
    app = echo_app(limits=Limits(path=10))
    assert (await call(app, "GET", "/" + "x" * 9)).status == 404
    answer = await call(app, "GET", "/" + "x" * 10)
    assert (answer.status, answer.json()["title"]) == (414, "URI Too Long")


async def test_the_root_path_of_the_server_is_stripped_from_the_front_of_the_path():
    wire = await exchange(echo_app(), "GET", "/api/items", root_path="/api")
    assert (wire.status, wire.body) == (200, b'{"path":"/items","root":"/api"}')


async def test_the_root_path_is_stripped_once():
    app = HawkAPI()

    @app.get("/api/items")
    async def items():
        return 1

    assert (await exchange(app, "GET", "/api/api/items", root_path="/api")).status == 200
    assert (await exchange(app, "GET", "/api/api/api/items", root_path="/api")).status == 404


async def test_a_path_without_the_root_path_is_taken_as_it_is():
    assert (await exchange(echo_app(), "GET", "/items", root_path="/api")).status == 200
    assert (await exchange(echo_app(), "GET", "/apiitems", root_path="/api")).status == 404


@pytest.mark.parametrize(("path", "root"), [("/api", "/api"), ("/api/", "/api"), ("/api/", "/api/"), ("/", "/")])
async def test_the_root_path_alone_is_the_home_page(path, root):
    wire = await exchange(echo_app(), "GET", path, root_path=root)
    assert (wire.status, wire.body) == (200, f'{{"path":"/","root":"{root}"}}'.encode())


async def test_the_scope_of_the_caller_is_left_as_it_was():
    app = echo_app()
    scope = {"type": "http", "method": "GET", "path": "/api/items", "headers": [], "root_path": "/api"}
    before = dict(scope)
    for _ in range(2):
        wire = Wire()
        await app(scope, wire.receive, wire.send)
        assert (wire.status, scope) == (200, before)


async def test_a_scope_that_is_used_again_carries_nothing_over():
    app = HawkAPI()

    @app.post("/")
    async def handler(request: Request):
        seen = "user" in request.state
        request.state.user = 1
        return [seen, (await request.body()).decode()]

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    bodies = []
    for body in (b"first", b"second"):
        wire = Wire({"type": "http.request", "body": body})
        await app(scope, wire.receive, wire.send)
        bodies.append(wire.body)
    assert bodies == [b'[false,"first"]', b'[false,"second"]']


async def test_a_websocket_without_a_route_is_closed_with_4004_after_its_connect_event():
    wire = Wire({"type": "websocket.connect"})
    await HawkAPI()({"type": "websocket", "path": "/x"}, wire.receive, wire.send)
    assert wire.receives == 1
    assert wire.sent == [{"type": "websocket.close", "code": 4004}]


async def test_a_websocket_without_a_route_gets_a_denial_response_where_the_server_offers_it():
    wire = Wire({"type": "websocket.connect"})
    scope = {"type": "websocket", "path": "/x", "extensions": {"websocket.http.response": {}}}
    await HawkAPI()(scope, wire.receive, wire.send)
    assert wire.types == ["websocket.http.response.start", "websocket.http.response.body"]
    assert (wire.status, wire.headers["content-type"]) == (404, "application/problem+json")
    assert wire.headers["content-length"] == str(len(wire.body))


async def test_a_websocket_to_an_http_route_finds_nothing():
    wire = Wire({"type": "websocket.connect"})
    await echo_app()({"type": "websocket", "path": "/api/items", "root_path": "/api"}, wire.receive, wire.send)
    assert wire.types == ["websocket.close"]


async def test_a_bare_scope_is_enough():
    wire = Wire({"type": "http.request"})
    await echo_app()({"type": "http", "method": "GET", "path": "/items", "headers": []}, wire.receive, wire.send)
    assert wire.status == 200

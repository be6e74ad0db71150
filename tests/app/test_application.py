"""The application as an object: its options, what is registered when, URLs by name."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits, Threads
from hawkapi.requests.request import Request
from hawkapi.requests.state import State
from hawkapi.routing.route import Route
from hawkapi.routing.router import Router
from tests.app.wire import exchange
from tests.asgi import call


async def handler():
    return 1


def test_the_defaults_are_those_of_the_contract():
    app = HawkAPI()
    assert (app.title, app.version, app.description) == ("HawkAPI", "0.1.0", "")
    assert (app.debug, app.validation_error_status, app.max_body_size) == (False, 400, 10 * 1024 * 1024)
    assert (app.options.docs_url, app.options.redoc_url) == ("/docs", "/redoc")
    assert (app.options.scalar_url, app.options.openapi_url) == ("/scalar", "/openapi.json")
    assert isinstance(app.state, State)
    assert [route.path for route in app.routes] == ["/healthz", "/readyz", "/livez", "/startupz"]
    assert not any(route.include_in_schema for route in app.routes)


def test_options_are_what_was_given():
    app = HawkAPI(title="T", version="1", description="D", debug=True, validation_error_status=422, max_body_size=5)
    assert (app.title, app.version, app.description, app.debug) == ("T", "1", "D", True)
    assert (app.validation_error_status, app.max_body_size) == (422, 5)


def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        HawkAPI("title")


def test_limits_and_the_short_form_of_their_body_are_the_same():
    assert HawkAPI(limits=Limits(body=5)).max_body_size == 5
    assert HawkAPI(max_body_size=5).options.limits == Limits(body=5)
    with pytest.raises(ValueError, match=r"short form of limits\.body"):
        HawkAPI(limits=Limits(), max_body_size=5)


@pytest.mark.parametrize("status", [399, 500, 0])
def test_a_validation_status_outside_of_4xx_is_refused(status):
    with pytest.raises(ValueError, match=f"400..499, not {status}"):
        HawkAPI(validation_error_status=status)


def test_a_negative_body_limit_is_refused():
    with pytest.raises(ValueError, match="body must be at least 0, not -1"):
        HawkAPI(max_body_size=-1)


def test_pools_of_threads_have_the_sizes_of_the_contract():
    assert Threads().sizes() == {"handlers": 40, "files": 8, "internal": 4, "cleanup": 4}


@pytest.mark.parametrize("name", ["handlers", "files", "internal", "cleanup"])
def test_a_pool_without_threads_is_refused(name):
    with pytest.raises(ValueError, match=rf"Threads\({name}=...\) needs at least 1 thread, not 0"):
        Threads(**{name: 0})


async def test_the_pools_have_the_sizes_that_were_asked_for():
    app = HawkAPI(threads=Threads(handlers=2, files=3))
    assert app.runtime().handlers.total_tokens == 2
    assert app.runtime().files.total_tokens == 3


def test_options_cannot_be_changed():
    with pytest.raises(AttributeError):
        HawkAPI().debug = True


def test_decorators_give_the_function_back():
    app = HawkAPI()
    assert app.get("/")(handler) is handler
    assert app.exception_handler(ValueError)(handler) is handler


async def test_prefix_and_tags_of_the_app_stand_before_those_of_the_router_and_the_route():
    app, router = HawkAPI(prefix="/app", tags=["app"]), Router(prefix="/router", tags=["router"])
    router.get("/x", tags=["route"])(handler)
    app.include_router(router)
    route = app.routes[0]
    assert (route.path, route.tags) == ("/app/router/x", ["app", "router", "route"])
    assert (await call(app, "GET", "/app/router/x")).status == 200


def test_routes_is_a_list_of_routes_in_order_that_cannot_change_the_app():
    app = HawkAPI()
    app.get("/a")(handler)
    app.post("/b")(handler)
    assert [(type(r), r.path) for r in app.routes[:2]] == [(Route, "/a"), (Route, "/b")]
    app.routes.clear()
    assert app.routes[1].path == "/b"


def test_a_route_after_the_include_of_its_router_raises_naming_both_places():
    app, router = HawkAPI(), Router()
    app.include_router(router)
    with pytest.raises(RuntimeError, match=r"/late by handler \(tests.*included at tests/app/test_application.py:\d+"):
        router.get("/late")(handler)
    with pytest.raises(RuntimeError, match="included at"):
        router.mount("/late", handler)


def test_a_conflict_is_refused_at_once_naming_both_handlers():
    app = HawkAPI()
    app.get("/x/{a}")(handler)
    with pytest.raises(ValueError, match=r"^Route conflict.*handler \(tests/app.*other \(tests/app"):

        @app.get("/x/{b}")
        async def other():
            """Comes second."""


def test_a_conflict_by_an_included_router_is_refused_too():
    app, router = HawkAPI(), Router(prefix="/x")
    app.get("/x/y")(handler)
    router.get("/y")(handler)
    with pytest.raises(ValueError, match=r"^Route conflict"):
        app.include_router(router)


def test_the_same_path_on_two_apps_is_no_conflict():
    for app in (HawkAPI(), HawkAPI()):
        app.get("/")(handler)


@pytest.mark.parametrize("order", ["HEAD first", "GET first"])
def test_two_handlers_for_head_alone_conflict(order):
    app = HawkAPI()
    if order == "GET first":
        app.get("/")(handler)
    app.add_route("/", handler, methods=["HEAD"])
    if order == "HEAD first":
        app.get("/")(handler)
    with pytest.raises(ValueError, match="Route conflict: HEAD /"):
        app.add_route("/", handler, methods=["HEAD"])


async def test_a_head_handler_goes_before_that_of_get_in_either_order():
    async def head():
        return None

    for first in (True, False):
        app = HawkAPI()
        if first:
            app.add_route("/", head, methods=["HEAD"])
        app.get("/")(handler)
        if not first:
            app.add_route("/", head, methods=["HEAD"])
        assert (await call(app, "HEAD", "/")).status == 204
        assert (await call(app, "GET", "/")).status == 200


def test_methods_given_as_one_text_are_refused():
    with pytest.raises(ValueError, match="not 'GET'"):
        HawkAPI().add_route("/", handler, methods="GET")


def test_a_url_has_the_parameters_of_the_route_percent_encoded():
    app = HawkAPI(prefix="/api")
    app.get("/users/{name}/items/{n:int}", name="item")(handler)
    assert app.url_for("item", name="a b/ü".replace("/", "?"), n=7) == "/api/users/a%20b%3F%C3%BC/items/7"


def test_a_url_of_a_route_without_parameters_is_its_path():
    app = HawkAPI()
    app.get("/")(handler)
    assert app.url_for("handler") == "/"


@pytest.mark.parametrize(
    ("name", "params", "text"),
    [
        ("nobody", {}, "known names: item, twin"),
        ("item", {}, "takes the parameters n; given: none"),
        ("item", {"n": 1, "m": 2}, "takes the parameters n; given: m, n"),
        ("twin", {}, "2 routes are named 'twin': /a by handler .*, /b by handler"),
    ],
)
def test_a_url_that_cannot_be_built_names_the_candidates(name, params, text):
    app = HawkAPI()
    app.get("/items/{n:int}", name="item")(handler)
    app.get("/a", name="twin")(handler)
    app.get("/b", name="twin")(handler)
    with pytest.raises(LookupError, match=text):
        app.url_for(name, **params)


@pytest.mark.parametrize("value", ["x", "", "1/2", 1.5])
def test_a_value_that_would_not_lead_back_to_the_route_is_refused(value):
    app = HawkAPI()
    app.get("/items/{n:int}", name="item")(handler)
    with pytest.raises(ValueError, match="does not fit"):
        app.url_for("item", n=value)


async def test_a_url_of_a_request_is_absolute_with_root_path_scheme_and_host():
    app = HawkAPI()

    @app.get("/items/{n:int}")
    async def item(request: Request, n: int):
        return request.url_for("item", n=n + 1)

    wire = await exchange(
        app, "GET", "/api/items/1", root_path="/api", scheme="https", headers=[("host", "example.com:8443")]
    )
    assert wire.body == b'"https://example.com:8443/api/items/2"'


async def test_a_url_of_a_request_to_a_mounted_app_is_one_of_that_app():
    inner, outer = HawkAPI(), HawkAPI()

    @inner.get("/items/{n:int}")
    async def item(request: Request, n: int):
        return request.url_for("item", n=n)

    outer.mount("/inner", inner)
    answer = await call(outer, "GET", "/inner/items/1", headers=[("host", "example.com")])
    assert answer.json() == "http://example.com/inner/items/1"

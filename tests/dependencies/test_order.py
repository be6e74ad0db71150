"""The order of checks: permissions, schemes, all parameters (the body last), dependencies, the handler."""

from typing import Annotated

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.security.base import SecurityScheme
from hawkapi.security.http_bearer import HTTPBearer
from hawkapi.security.permissions import PermissionPolicy
from hawkapi.validation.constraints import Form, Header
from tests.app.wire import Wire, exchange
from tests.asgi import call

JSON = {"type": "http.request", "body": b"{}"}


class Item(msgspec.Struct):
    name: str


class Scheme(SecurityScheme):
    """Writes down when it is asked, and refuses with its error."""

    def __init__(self, log, error=None):
        self.log, self.error = log, error

    @property
    def openapi_scheme(self):
        return {"type": "http", "scheme": "bearer"}

    async def __call__(self, request):
        self.log.append("scheme")
        if self.error is not None:
            raise self.error


def policy(log, granted=()):
    def resolver(request):
        log.append("permissions")
        return granted

    return PermissionPolicy(resolver)


async def test_permissions_then_schemes_then_the_body_then_dependencies_then_the_handler():
    app, log = HawkAPI(), []
    app.permission_policy = policy(log, ["read"])

    async def dependency():
        log.append("dependency")

    @app.post("/", permissions=["read"], dependencies=[Depends(dependency)])
    async def handler(body: dict[str, int], scheme: Annotated[None, Depends(Scheme(log))]):
        log.append("handler")

    wire = Wire(JSON)
    receive = wire.receive

    async def logged():
        log.append("body")
        return await receive()

    wire.receive = logged
    await exchange(app, "POST", "/", wire=wire)
    assert log == ["permissions", "scheme", "body", "dependency", "handler"]


@pytest.mark.parametrize("takes", ["body", "form"])
async def test_a_401_costs_no_body_read(takes):
    app = HawkAPI()

    @app.post("/body")
    async def with_body(body: Item, credentials=Depends(HTTPBearer())):  # noqa: B008 - that style
        """Is not called."""

    @app.post("/form")
    async def with_form(name: Annotated[str, Form()], credentials=Depends(HTTPBearer())):  # noqa: B008 - that style
        """Is not called."""

    wire = await exchange(app, "POST", f"/{takes}")
    assert (wire.status, wire.receives) == (401, 0)


@pytest.mark.parametrize("has_policy", [True, False])
async def test_a_403_costs_no_body_read(has_policy):
    app = HawkAPI()
    app.permission_policy = policy([]) if has_policy else None

    @app.post("/", permissions=["write"])
    async def handler(body: Item):
        """Is not called."""

    wire = await exchange(app, "POST", "/")
    assert (wire.status, wire.receives) == (403, 0)


async def test_a_scheme_inside_of_a_dependency_costs_none_either():
    app = HawkAPI()

    def user(body: Item, credentials=Depends(HTTPBearer())):  # noqa: B008 - that style
        """Is not called."""

    @app.post("/", dependencies=[Depends(user)])
    async def handler():
        """Is not called."""

    wire = await exchange(app, "POST", "/")
    assert (wire.status, wire.receives) == (401, 0)


async def test_permissions_are_looked_at_before_schemes():
    app, log = HawkAPI(), []
    app.permission_policy = policy(log)

    @app.get("/", permissions=["read"])
    async def handler(scheme: Annotated[None, Depends(Scheme(log, HTTPException(401)))]):
        """Is not called."""

    assert (await call(app, "GET", "/")).status == 403
    assert log == ["permissions"]


async def test_schemes_are_asked_before_parameters_are_bound():
    app = HawkAPI()

    @app.get("/{item_id}")
    async def handler(item_id: int, q: int, credentials=Depends(HTTPBearer())):  # noqa: B008 - that style
        """Is not called."""

    answer = await call(app, "GET", "/x", query=b"q=y")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_scheme_is_asked_once():
    app, log = HawkAPI(), []
    scheme = Scheme(log)

    def user(found: Annotated[None, Depends(scheme)]):
        """Takes it as well."""

    @app.get("/", dependencies=[Depends(scheme), Depends(user)])
    async def handler(found: Annotated[None, Depends(scheme)]):
        """Takes it once more."""

    await call(app, "GET", "/")
    assert log == ["scheme"]


async def test_errors_of_handler_and_dependencies_are_reported_together_those_of_the_body_last():
    app = HawkAPI()

    def inner(x_n: Annotated[int, Header()]):
        """Is not called."""

    def dependency(limit: int, item: Item, found: Annotated[None, Depends(inner)]):
        """Is not called."""

    @app.post("/{item_id}")
    async def handler(item_id: int, q: int, found: Annotated[None, Depends(dependency)]):
        """Is not called."""

    answer = await call(app, "POST", "/a", query=b"q=b&limit=c", headers=[("x-n", "d")], body=b"{}")
    errors = answer.json()["errors"]
    assert answer.json()["detail"] == "5 validation errors"
    assert {error["field"] for error in errors[:-1]} == {"item_id", "q", "limit", "x-n"}
    assert errors[-1]["field"] == "name"


async def test_no_dependency_runs_where_validation_fails():
    app, log = HawkAPI(), []

    async def plain():
        log.append("plain")

    async def opened():
        log.append("open")
        yield
        log.append("close")

    def opened_in_thread():
        log.append("open")
        yield
        log.append("close")

    @app.post("/", dependencies=[Depends(plain), Depends(opened), Depends(opened_in_thread)])
    async def handler(item: Item):
        """Is not called."""

    assert (await call(app, "POST", "/", body=b"{}")).status == 400
    assert log == []


async def test_a_plain_dependency_that_authenticates_runs_after_validation():
    app = HawkAPI()

    async def user(x_token: Annotated[str, Header()] = ""):
        if x_token != "good":
            raise HTTPException(401, "Who are you?")

    @app.get("/", dependencies=[Depends(user)])
    async def handler(q: int):
        """Is called in the end."""

    assert (await call(app, "GET", "/", query=b"q=x")).status == 400
    assert (await call(app, "GET", "/", query=b"q=1")).status == 401
    assert (await call(app, "GET", "/", query=b"q=1", headers=[("x-token", "good")])).status == 204


async def test_the_handler_is_not_called_where_a_dependency_fails():
    app, log = HawkAPI(), []

    async def refuses():
        raise HTTPException(409, "Conflict here", headers={"x-why": "so"})

    async def later():
        log.append("later")

    @app.get("/")
    async def handler(a: Annotated[None, Depends(refuses)], b: Annotated[None, Depends(later)]):
        log.append("handler")

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()["detail"], answer.headers["x-why"]) == (409, "Conflict here", "so")
    assert log == []


async def test_dependencies_run_in_the_order_of_the_parameters():
    app, log = HawkAPI(), []

    def inner():
        log.append("inner")

    async def first(found: Annotated[None, Depends(inner)]):
        log.append("first")

    def second():
        log.append("second")

    @app.get("/")
    async def handler(a: Annotated[None, Depends(first)], b: Annotated[None, Depends(second)]):
        log.append("handler")

    await call(app, "GET", "/")
    assert log == ["inner", "first", "second", "handler"]

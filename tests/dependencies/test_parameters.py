"""A dependency takes any parameter that a handler may take."""

from typing import Annotated, Any

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.pagination import CursorParams, PaginationParams
from hawkapi.requests.form_data import UploadFile
from hawkapi.requests.request import Request
from hawkapi.testing.client import TestClient
from hawkapi.validation.constraints import Body, Cookie, File, Form, Header, Path, Query
from tests.app.wire import Wire, exchange
from tests.asgi import call


class Item(msgspec.Struct):
    name: str


async def answer_of(dependency, method, path, route="/", **request):
    app = HawkAPI(container=request.pop("container", None))

    @app.post(route, status_code=200)
    async def handler(found: Annotated[Any, Depends(dependency)]):
        return found

    return await TestClient(app).async_post(path, **request)


async def test_query():
    def dependency(q: str, n: int = 3, many: Annotated[list[int], Query(alias="m")] = []):  # noqa: B006 - a default
        return [q, n, many]

    assert (await answer_of(dependency, "GET", "/?q=a&n=4&m=1&m=2")).json() == ["a", 4, [1, 2]]
    assert (await answer_of(dependency, "GET", "/?q=a")).json() == ["a", 3, []]


async def test_header():
    def dependency(x_token: Annotated[str, Header()]):
        return x_token

    assert (await answer_of(dependency, "GET", "/", headers={"x-token": "t"})).json() == "t"


async def test_cookie():
    def dependency(session: Annotated[str, Cookie()]):
        return session

    assert (await answer_of(dependency, "GET", "/", headers={"cookie": "session=s"})).json() == "s"


async def test_path():
    def dependency(item_id: int, name: Annotated[str, Path()]):
        return [item_id, name]

    assert (await answer_of(dependency, "GET", "/5/x", "/{item_id}/{name}")).json() == [5, "x"]
    assert (await answer_of(dependency, "GET", "/a/x", "/{item_id}/{name}")).status_code == 400


async def test_a_struct_as_body():
    def dependency(item: Item):
        return item.name

    assert (await answer_of(dependency, "POST", "/", json={"name": "a"})).json() == "a"
    assert (await answer_of(dependency, "POST", "/", json={"name": 1})).json()["errors"][0]["field"] == "name"


async def test_a_marked_body():
    def dependency(n: Annotated[int, Body(ge=1)]):
        return n

    assert (await answer_of(dependency, "POST", "/", json=2)).json() == 2
    assert (await answer_of(dependency, "POST", "/", json=0)).status_code == 400


async def test_form():
    def dependency(name: Annotated[str, Form()]):
        return name

    assert (await answer_of(dependency, "POST", "/", data={"name": "a"})).json() == "a"


async def test_file():
    async def dependency(report: UploadFile, more: Annotated[UploadFile, File()]):
        return [(await report.read()).decode(), more.filename]

    files = {"report": ("a.txt", b"abc"), "more": ("b.txt", b"")}
    assert (await answer_of(dependency, "POST", "/", files=files)).json() == ["abc", "b.txt"]


@pytest.mark.parametrize("asks", ["by name", "by annotation"])
async def test_request(asks):
    def by_name(request):
        return request.path

    def by_annotation(r: Request):
        return r.path

    dependency = by_name if asks == "by name" else by_annotation
    assert (await answer_of(dependency, "GET", "/")).json() == "/"


async def test_the_request_is_the_handlers_own():
    app = HawkAPI()

    async def dependency(request: Request):
        request.state.user = "me"
        return request

    @app.get("/")
    async def handler(request: Request, same: Annotated[Request, Depends(dependency)]):
        return [request.state.user, request is same]

    assert (await call(app, "GET", "/")).json() == ["me", True]


async def test_pagination():
    def pages(params: PaginationParams):
        return [params.offset, params.limit]

    def cursors(params: CursorParams):
        return [params.after, params.limit]

    assert (await answer_of(pages, "GET", "/?page=3&size=10")).json() == [20, 10]
    assert (await answer_of(cursors, "GET", "/?after=x&limit=5")).json() == ["x", 5]


async def test_a_service_of_the_container():
    class Service:
        name = "service"

    container = Container()
    container.singleton(Service, factory=Service)

    def dependency(service: Service):
        return service.name

    assert (await answer_of(dependency, "GET", "/", container=container)).json() == "service"


async def test_other_dependencies():
    def inner(q: str):
        return q

    async def dependency(first: Annotated[str, Depends(inner)], second=Depends(inner)):
        return [first, second]

    assert (await answer_of(dependency, "GET", "/?q=a")).json() == ["a", "a"]


async def test_a_constructor_takes_them_too():
    class Filter:
        def __init__(self, q: str, request: Request, x_token: Annotated[str, Header()] = "none"):
            self.found = [q, request.path, x_token]

    app = HawkAPI()

    @app.get("/")
    async def handler(found: Annotated[Filter, Depends(Filter)]):
        return found.found

    assert (await call(app, "GET", "/", query=b"q=a")).json() == ["a", "/", "none"]


async def test_handler_and_dependencies_may_take_the_same_parameter():
    app = HawkAPI()

    def dependency(q: int):
        return q + 1

    @app.get("/")
    async def handler(q: int, more: Annotated[int, Depends(dependency)]):
        return [q, more]

    assert (await call(app, "GET", "/", query=b"q=1")).json() == [1, 2]
    assert len((await call(app, "GET", "/", query=b"q=x")).json()["errors"]) == 1


async def test_the_same_name_may_mean_different_things():
    app = HawkAPI()

    def dependency(q: str = "default"):
        return q

    def of_header(q: Annotated[str, Header()]):
        return q

    @app.get("/")
    async def handler(q: int, text: Annotated[str, Depends(dependency)], header: Annotated[str, Depends(of_header)]):
        return [q, text, header]

    answer = await call(app, "GET", "/", query=b"q=1", headers=[("q", "h")])
    assert answer.json() == [1, "1", "h"]


async def test_handler_and_dependencies_may_take_the_same_body_which_is_read_once():
    app = HawkAPI()

    def dependency(item: Item):
        return item.name

    @app.post("/", status_code=200)
    async def handler(item: Item, name: Annotated[str, Depends(dependency)]):
        return [item.name, name]

    wire = await exchange(app, "POST", "/", wire=Wire({"type": "http.request", "body": b'{"name":"a"}'}))
    assert (wire.body, wire.receives) == (b'["a","a"]', 1)


async def test_the_body_that_was_bound_may_be_read_from_the_request():
    app = HawkAPI()

    async def dependency(request: Request):
        return (await request.body()).decode()

    @app.post("/", status_code=200)
    async def handler(item: Item, raw: Annotated[str, Depends(dependency)]):
        return [item.name, raw]

    assert (await call(app, "POST", "/", body=b'{"name":"a"}')).json() == ["a", '{"name":"a"}']


async def test_a_dependency_may_read_the_body_itself():
    async def dependency(request: Request):
        return len(await request.body())

    assert (await answer_of(dependency, "POST", "/", body=b"abc")).json() == 3

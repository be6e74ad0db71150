"""The seal: every user mistake at once, each with handler, file:line and the fix."""

import inspect
from typing import Annotated

import msgspec
import pytest

from hawkapi._errors import SealError
from hawkapi.app.application import HawkAPI
from hawkapi.requests.form_data import UploadFile
from hawkapi.responses.response import Response
from hawkapi.validation.constraints import Body, File, Form, Path, Query
from tests.asgi import call


class A(msgspec.Struct):
    a: int


class B(msgspec.Struct):
    b: int


def mistakes_of(app):
    with pytest.raises(SealError) as caught:
        app.seal()
    return caught.value.mistakes


def mistake(handler, **options):
    """Give the one mistake of an app whose only handler this is."""
    app = HawkAPI()
    app.post("/x/{id}", **options)(handler)
    (text,) = mistakes_of(app)
    line = inspect.unwrap(handler).__code__.co_firstlineno
    assert text.startswith(f"/x/{{id}}: {handler.__name__} (tests/app/test_compile.py:{line}): ")
    return text


def test_all_mistakes_of_all_handlers_are_reported_at_once():
    app = HawkAPI()

    @app.get("/one")
    async def one(*args):
        """Takes what no request gives."""

    @app.get("/two")
    async def two(a: "Missing"):  # noqa: F821 - that is the point
        """Names a type that is nowhere."""

    @app.post("/three")
    async def three(a: A, b: B, c: Annotated[str, Form()]):
        """Wants three bodies."""

    @app.get("/four")
    async def four(good: int):
        """Has no mistake."""

    found = mistakes_of(app)
    assert [text.partition(" (")[0] for text in found] == ["/one: one", "/two: two", "/three: three", "/three: three"]
    assert all("tests/app/test_compile.py:" in text for text in found)
    with pytest.raises(
        SealError, match=r"(?s)The app cannot be served: 4 mistakes\n  - /one.*\n  - /two.*\n  - /three"
    ):
        app.seal()


def test_an_app_that_could_not_be_sealed_may_be_repaired():
    app = HawkAPI()
    app.get("/bad")(lambda *args: None)
    mistakes_of(app)
    app.get("/more")(lambda *args: None)
    assert len(mistakes_of(app)) == 2


async def test_a_request_to_an_app_that_cannot_be_sealed_raises_the_mistakes():
    app = HawkAPI()
    app.get("/bad")(lambda *args: None)
    for _ in range(2):
        with pytest.raises(SealError, match="1 mistake"):
            await call(app, "GET", "/")


def test_variadic_parameters_are_a_mistake():
    def handler(id: str, **kwargs):
        """Takes what no request gives."""

    assert "parameter 'kwargs'" in mistake(handler)


def test_a_lambda_that_takes_anything_is_a_mistake():
    app = HawkAPI()
    app.get("/")(lambda *args: None)
    assert "parameter 'args'" in mistakes_of(app)[0]


def test_an_annotation_that_cannot_be_evaluated_is_a_mistake():
    async def handler(id: str, body: "Missing"):  # noqa: F821 - that is the point
        """Names a type that is nowhere."""

    assert "Missing" in mistake(handler)


def test_a_query_type_that_no_text_gives_is_a_mistake():
    async def handler(id: str, q: Annotated[complex, Query()]):
        """Wants a complex number."""

    assert "parameter 'q'" in mistake(handler)


def test_two_bodies_are_a_mistake():
    async def handler(id: str, a: A, b: B):
        """Wants two bodies."""

    assert "put them into one Struct" in mistake(handler)


def test_a_body_and_a_form_are_a_mistake():
    async def handler(id: str, a: A, b: Annotated[str, Form()]):
        """Wants two bodies."""

    assert "a request has one body" in mistake(handler)


def test_a_file_marker_on_anything_but_an_upload_is_a_mistake():
    async def handler(id: str, f: Annotated[str, File()]):
        """Wants a text as a file."""

    assert "UploadFile" in mistake(handler)


def test_a_path_marker_that_the_path_does_not_have_is_a_mistake():
    async def handler(other: Annotated[str, Path()]):
        """Names what is not there."""

    assert "'other'" in mistake(handler)


def test_a_body_type_that_cannot_be_decoded_is_a_mistake():
    async def handler(id: str, body: A | B):
        """Gives no way to tell the two apart."""

    text = mistake(handler)
    assert "parameter 'body'" in text
    assert "tagged" in text


def test_a_marked_body_type_that_cannot_be_decoded_is_a_mistake():
    async def handler(id: str, body: Annotated[A | B, Body()]):
        """Gives no way to tell the two apart."""

    assert "parameter 'body'" in mistake(handler)


def test_a_response_model_that_cannot_be_made_is_a_mistake():
    async def handler(id: str):
        """Returns one of two."""

    assert "response_model" in mistake(handler, response_model=A | B)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_generator_is_no_handler(is_async):
    async def stream(id: str):
        yield 1

    def sync_stream(id: str):
        yield 1

    assert "StreamingResponse" in mistake(stream if is_async else sync_stream)


async def test_forward_references_and_names_of_enclosing_functions_are_found():
    app = HawkAPI()

    class Local(msgspec.Struct):
        n: int

    @app.post("/")
    async def handler(body: Local) -> Local:
        return body

    @app.post("/later")
    async def later(body: "Later"):
        return body

    assert (await call(app, "POST", "/", body=b'{"n":1}')).body == b'{"n":1}'
    assert (await call(app, "POST", "/later", body=b'{"n":1}')).body == b'{"n":1}'


class Later(msgspec.Struct):
    n: int


async def test_sealing_twice_does_nothing():
    app = HawkAPI()
    app.seal()
    app.seal()
    assert (await call(app, "GET", "/")).status == 404


async def test_upload_parameters_are_read_without_a_marker():
    app = HawkAPI()

    @app.post("/")
    async def handler(f: UploadFile | None = None):
        return f is None

    assert "await request.form()" in app.explain("/")


def test_explain_prints_and_returns_the_source_of_what_serves_a_path(capsys):
    app = HawkAPI()

    @app.get("/items/{id}")
    async def read(id: int):
        return id

    @app.put("/items/{id}")
    def write(id: int) -> Response:
        return Response()

    both = app.explain("/items/{id}")
    assert "# GET, HEAD /items/{id} -> read (tests/app/test_compile.py:" in both
    assert "# PUT /items/{id} -> write (tests/app/test_compile.py:" in both
    assert both.count("async def endpoint(") == 2
    assert capsys.readouterr().out == both + "\n"
    one = app.explain("/items/{id}", method="put")
    assert "-> write" in one
    assert "-> read" not in one
    compile(one, "<explained>", "exec")


def test_explain_names_the_known_paths_if_there_is_no_such():
    app = HawkAPI()
    with pytest.raises(LookupError, match="none"):
        app.explain("/missing")
    app.get("/b")(lambda: 1)
    app.get("/a")(lambda: 1)
    with pytest.raises(LookupError, match="'/missing'; known paths: /a, /b"):
        app.explain("/missing")


def test_explain_of_a_route_with_a_mistake_says_what_it_is():
    app = HawkAPI()
    app.get("/")(lambda *args: 1)
    with pytest.raises(SealError, match="parameter 'args'"):
        app.explain("/")


def test_explaining_does_not_seal():
    app = HawkAPI()
    app.get("/")(lambda: 1)
    app.explain("/")
    app.get("/more")(lambda: 1)


def test_middleware_that_is_none_is_reported_beside_the_mistakes_of_its_handler():
    app = HawkAPI()

    @app.get("/", middleware=["nothing"])
    async def handler(*args): ...

    @app.websocket("/ws", middleware=["nothing"])
    async def socket(*args): ...

    with pytest.raises(SealError) as found:
        app.seal()
    assert [mistake.split(": ")[2][:14] for mistake in found.value.mistakes] == [
        "parameter 'arg" if i % 2 == 0 else "middleware 'no" for i in range(4)
    ]


def test_leaving_fields_out_where_there_is_no_model_is_a_mistake():
    app = HawkAPI()

    @app.get("/", response_model_exclude_none=True, response_model_exclude_defaults=True)
    async def handler(): ...

    with pytest.raises(SealError) as found:
        app.seal()
    (mistake,) = found.value.mistakes
    assert "response_model_exclude_none, response_model_exclude_defaults: there is no model; " in mistake

"""What a handler cannot be served with is told when the app is sealed, all at once, with the handler's place."""

import enum
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
import pytest

from hawkapi._errors import SealError
from hawkapi.app.application import HawkAPI
from hawkapi.requests.form_data import UploadFile
from hawkapi.validation.constraints import Body, File, Form, Path, Query
from tests.validation.echo import echo

HERE = os.path.relpath(__file__)
T = TypeVar("T")


class Item(msgspec.Struct):
    name: str


class Other(msgspec.Struct):
    name: str


class Unresolved(msgspec.Struct):
    x: "Nowhere"  # noqa: F821  # the point


class Nested(msgspec.Struct):
    items: list[Item]


class Ordered(msgspec.Struct, array_like=True):
    x: int


class Rate(enum.Enum):
    LOW = 1.5


@dataclass
class Box(Generic[T]):
    content: T


class Service: ...


def mistakes(app):
    with pytest.raises(SealError) as refused:
        app.seal()
    return refused.value.mistakes


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (
            Service,
            "No provider for Service; register it in the app's container: container.scoped(Service, factory=...)",
        ),
        (Callable[[int], int] | int, "Type unions containing a custom type"),
        (Rate, "Enums must contain either all str or all int values"),
        (Literal[True], "typing.Literal[True] cannot be made from text"),
        (Annotated[int, Query(ge=1.5)], "'float' object cannot be interpreted as an integer"),
        (Annotated[int, Query(pattern="x")], "Can only set `pattern` on a str type"),
        (Annotated[str, Query(ge=1)], "Can only set `ge` on a numeric type"),
        (Annotated[int | str, Query(ge=1)], "Can only set `ge` on a numeric type"),
        (Annotated[int, Query(ge=1, min_length=1)], "Cannot mix numeric constraints"),
        (Annotated[str, Query(pattern="(")], "unterminated subpattern"),
        (Annotated[int, Query(ge="x")], "`ge` must be an int or float, got str"),
        (Annotated[list[int], Query(ge=1)], "Can only set `ge` on a numeric type"),
        (Annotated[list[Item], Query()], "Item cannot be made from text"),
        (Annotated[set[int], Query()], "set[int] cannot be made from text"),
        (Annotated[dict, Query()], "dict cannot be made from text"),
        (Annotated[int, Path()], "Path() names 'p', which the route's path does not have"),
        (Annotated[int, Path(alias="id")], "Path() names 'id', which the route's path does not have"),
        (Annotated[str, File()], "File() takes UploadFile or list[UploadFile], not <class 'str'>"),
        (Annotated[Nested, Form()], "field 'items': Item cannot be made from text"),
        (Annotated[Box[int], Form()], "Form() takes types whose fields have names and are not generic"),
        (Annotated[Ordered, Form()], "Form() takes types whose fields have names and are not generic"),
        (Item | Other, "all Struct types must be tagged"),
        (Unresolved, "name 'Nowhere' is not defined"),
        (Annotated[Item, Body(ge=1)], "Can only set `ge` on a numeric type"),
    ],
)
def test_a_parameter_that_cannot_be_served_is_told(annotation, message):
    [mistake] = mistakes(echo(annotation, method="POST"))
    assert mistake.startswith("/: handler (tests/validation/echo.py:")
    assert "parameter 'p': " in mistake
    assert message in mistake


def test_args_and_kwargs_are_refused():
    def handler(*args, **kwargs): ...

    app = HawkAPI()
    app.get("/")(handler)
    line = inspect.getsourcelines(handler)[1]
    told = mistakes(app)
    assert [m.partition(": ")[2].partition(" take")[0] for m in told] == [
        f"handler ({HERE}:{line}): parameter 'args': *args and **kwargs",
        f"handler ({HERE}:{line}): parameter 'kwargs': *args and **kwargs",
    ]


@pytest.mark.parametrize("form", [Annotated[str, Form()], UploadFile, Annotated[Item, Form()]])
def test_one_body_cannot_be_both_json_and_form(form):
    def handler(a: Item, b: form): ...

    app = HawkAPI()
    app.post("/")(handler)
    [mistake] = mistakes(app)
    assert "a request has one body: 'a' reads it as JSON and 'b' as a form" in mistake


def test_one_body_is_taken_once():
    def handler(a: Item, b: dict): ...

    app = HawkAPI()
    app.post("/")(handler)
    [mistake] = mistakes(app)
    assert "'a', 'b' each take the whole JSON body; put them into one Struct" in mistake


def test_a_response_model_that_cannot_be_made_is_told():
    def handler(): ...

    app = HawkAPI()
    app.get("/", response_model=Item | Other)(handler)
    [mistake] = mistakes(app)
    assert "response_model: If a type union contains multiple Struct types" in mistake


def test_a_handler_that_yields_is_told():
    def generator():
        yield 1

    async def async_generator():
        yield 1

    app = HawkAPI()
    app.get("/a")(generator)
    app.get("/b")(async_generator)
    assert all("a handler returns its result, it does not yield" in mistake for mistake in mistakes(app))


def test_an_annotation_that_names_nothing_is_told():
    def handler(a: "Nowhere"): ...  # noqa: F821  # the point

    app = HawkAPI()
    app.get("/")(handler)
    [mistake] = mistakes(app)
    assert "its annotations cannot be evaluated: NameError" in mistake


def test_all_mistakes_of_an_app_are_told_at_once():
    def first(a: Service, b: Annotated[str, Query(ge=1)]): ...

    def second(c: Service): ...

    app = HawkAPI()
    app.get("/{x}")(first)
    app.get("/second")(second)
    told = mistakes(app)
    assert [m.partition(" ")[0] for m in told] == ["/{x}:", "/{x}:", "/second:"]

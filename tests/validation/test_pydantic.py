"""Pydantic v2 models as bodies and in them, through an app."""

from datetime import date
from typing import Annotated, Literal

import msgspec
import pydantic
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits
from hawkapi.validation.constraints import Form
from tests.asgi import call
from tests.validation.echo import echo, errors


class Item(pydantic.BaseModel):
    name: str
    price: Annotated[float, pydantic.Field(gt=0)] = 1.0
    day: date | None = None


class Order(pydantic.BaseModel):
    items: list[Item]
    password: Literal["a"] = "a"

    @pydantic.model_validator(mode="after")
    def check(self):
        if len(self.items) > 2:
            raise ValueError("too many items")
        return self


class Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", strict=True)
    day: date


class Aliased(pydantic.BaseModel):
    first_name: str = pydantic.Field(alias="firstName")


class Envelope(msgspec.Struct):
    item: Item
    more: list[Item] = []
    n: int = 0


async def post(annotation, body, **options):
    app = echo(annotation, method="POST", **options)
    return app, await call(app, "POST", "/", body=body)


@pytest.mark.parametrize(
    ("annotation", "body", "value"),
    [
        (Item, b'{"name":"a","day":"2024-01-02"}', Item(name="a", day=date(2024, 1, 2))),
        (Frozen, b'{"day":"2024-01-02"}', Frozen(day=date(2024, 1, 2))),
        (Aliased, b'{"firstName":"a"}', Aliased(firstName="a")),
        (Item | None, b'{"name":"a"}', Item(name="a")),
        (Item | None, b"null", None),
        (list[Item], b'[{"name":"a"}]', [Item(name="a")]),
        (dict[str, Item], b'{"x":{"name":"a"}}', {"x": Item(name="a")}),
        (Envelope, b'{"item":{"name":"a"},"more":[{"name":"b"}]}', Envelope(Item(name="a"), [Item(name="b")])),
    ],
)
async def test_a_model_is_made_of_the_body(annotation, body, value):
    app, answer = await post(annotation, body)
    assert answer.status in (200, 204), answer.body
    assert app.got == value


async def test_a_model_is_sent_by_its_aliases():
    _, answer = await post(Aliased, b'{"firstName":"a"}')
    assert answer.json() == {"firstName": "a"}


@pytest.mark.parametrize(
    ("annotation", "body", "found"),
    [
        (
            Item,
            b'{"price":0,"day":"x"}',
            [
                ("name", "Field required", None),
                ("price", "Input should be greater than 0", 0),
                ("day", "Input should be a valid date or datetime, input is too short", "x"),
            ],
        ),
        (Item, b"[]", [("$", "Input should be an object", [])]),
        (Order, b'{"items":[{"name":1},{}]}', [
            ("items[0].name", "Input should be a valid string", 1),
            ("items[1].name", "Field required", None),
        ]),
        (Order, b'{"items":[{"name":"a"},{"name":"b"},{"name":"c"}]}', [
            ("$", "Value error, too many items", {"items": [{"name": "a"}, {"name": "b"}, {"name": "c"}]})
        ]),
        (Order, b'{"items":[],"password":"hunter2"}', [("password", "Input should be 'a'", None)]),
        (Frozen, b'{"day":"2024-01-02","x":1}', [("x", "Extra inputs are not permitted", 1)]),
        (list[Item], b'[{"name":"a"},{"name":1,"price":-1}]', [
            ("[1].name", "Input should be a valid string", 1),
            ("[1].price", "Input should be greater than 0", -1),
        ]),
        (Envelope, b'{"item":{"name":1},"more":[{}],"n":"x"}', [
            ("item.name", "Input should be a valid string", 1),
            ("more[0].name", "Field required", None),
            ("n", "Expected `int`, got `str`", "x"),
        ]),
        (Envelope, b'{"item":{"name":1}}', [("item.name", "Input should be a valid string", 1)]),
        (Item | None, b'{"name":1}', [("name", "Input should be a valid string", 1)]),
        (dict[int, Item], b'{"1":{"name":[],"price":0}}', [
            ("[...]", "name: Input should be a valid string; price: Input should be greater than 0", None)
        ]),
        (Item, b"{", [("$", "Input data was truncated", None)]),
        (Item, b'{"name":"a","price":NaN}', [("$", "JSON is malformed: invalid character (byte 20)", None)]),
        (Item, b'{"name":"\xff"}', [("$", "Invalid JSON: invalid unicode code point at line 1 column 10", None)]),
        (Item, b"", [("body", "Request body is required", None)]),
    ],
)  # fmt: skip
async def test_all_errors_of_a_model_are_told_in_pydantics_words(annotation, body, found):
    _, answer = await post(annotation, body)
    assert errors(answer) == found


async def test_a_secret_stays_out_where_only_the_text_of_a_model_error_is_known():
    _, answer = await post(dict[int, Order], b'{"1":{"items":[],"password":"hunter2"}}')
    assert b"hunter2" not in answer.body
    assert errors(answer) == [("[...]", "password: Input should be 'a'", None)]


async def test_too_many_errors_of_one_model_are_only_counted():
    _, answer = await post(Order, b'{"items":[' + b"1," * 5000 + b"1]}")
    assert errors(answer) == [("$", "5001 errors", None)]


async def test_nesting_beyond_pydantic_is_an_error_without_the_body_in_it():
    app = HawkAPI(limits=Limits(nesting=100_000))
    _, answer = await post(Item, b'{"name":' + b"[" * 400 + b"]" * 400 + b"}", app=app)
    assert [(field, value) for field, _, value in errors(answer)] == [("$", None)]


@pytest.mark.parametrize("annotation", [Item, list[Item]])
async def test_nesting_beyond_the_decoder_is_an_error(annotation):
    app = HawkAPI(limits=Limits(nesting=1_000_000))
    _, answer = await post(annotation, b"[" * 300_000, app=app)
    assert [field for field, _, _ in errors(answer)] == ["$"]


class Login(pydantic.BaseModel):
    name: str = pydantic.Field(alias="user")
    age: int = 0
    tags: list[str] = []


async def test_a_form_can_be_a_model():
    app = echo(Annotated[Login, Form()], method="POST")
    headers = [("content-type", "application/x-www-form-urlencoded")]
    assert (await call(app, "POST", "/", headers=headers, body=b"user=a&age=3&tags=x")).status == 200
    assert app.got == Login(user="a", age=3, tags=["x"])
    assert errors(await call(app, "POST", "/", headers=headers, body=b"age=x")) == [
        ("user", "Field required", None),
        ("age", "Input should be a valid integer, unable to parse string as an integer", "x"),
    ]

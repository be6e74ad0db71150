from datetime import datetime
from pathlib import Path

import msgspec
import pydantic
import pytest

from hawkapi.pagination import Page
from hawkapi.routing.response_model import implied_model, response_shape
from hawkapi.serialization.encoder import encode_response, encode_response_msgpack


class Line(pydantic.BaseModel):
    at: datetime = pydantic.Field(serialization_alias="AT")

    @pydantic.field_serializer("at")
    def written(self, at):
        return at.strftime("%d %b %Y")


class Order(pydantic.BaseModel):
    order_id: int = pydantic.Field(serialization_alias="orderId")
    lines: list[Line] = []
    note: str | None = None
    site: pydantic.HttpUrl | None = None

    @pydantic.computed_field
    @property
    def twice(self) -> int:
        return self.order_id * 2


class OrderFull(Order):
    secret: pydantic.SecretStr = pydantic.SecretStr("secret")


class Strict(Order):
    model_config = pydantic.ConfigDict(extra="forbid")


class StrictFull(Strict):
    secret: str = "secret"


class Named(pydantic.BaseModel):
    user_name: str = pydantic.Field(alias="userName")


class Struct(msgspec.Struct):
    order_id: int
    secret: str = "secret"


LINE = Line(at=datetime(2024, 1, 2))
SENT = b'{"orderId":1,"lines":[{"AT":"02 Jan 2024"}],"note":null,"site":null,"twice":2}'


@pytest.mark.parametrize("returns", [Order, list[Order], dict[str, Order], Page[Order]])
def test_a_pydantic_model_is_implied_like_any_other(returns):
    assert implied_model(returns) == returns
    assert implied_model(returns | None) == returns


def test_a_pydantic_model_is_sent_as_it_is():
    shape = response_shape(Order, trusted=True)
    assert shape.exact is Order
    assert response_shape(Order).exact is None
    assert encode_response(Order(order_id=1, lines=[LINE])) == SENT


@pytest.mark.parametrize("encode", [encode_response, encode_response_msgpack])
@pytest.mark.parametrize("kind", [Order, OrderFull])
def test_what_is_filtered_is_sent_as_the_model_itself_is(kind, encode):
    order = Order(order_id=1, lines=[LINE])
    result = kind(order_id=1, lines=[LINE])
    assert encode(response_shape(Order).shape(result)) == encode(order)
    assert encode(response_shape(Order | None).shape(result)) == encode(order)
    assert encode(response_shape(list[Order], trusted=True).shape([result])) == encode([order])
    assert encode(response_shape(dict[str, Order]).shape({"a": result})) == encode({"a": order})
    assert encode(response_shape(Page[Order]).shape(Page([result], 1, 1, 1))) == encode(Page([order], 1, 1, 1))


def test_a_model_that_forbids_further_fields_filters_a_subclass_of_it():
    found = response_shape(list[Strict]).shape([StrictFull(order_id=1), Strict(order_id=1)])
    assert encode_response(found) == encode_response([Strict(order_id=1)] * 2)
    page = response_shape(Page[Strict]).shape(Page([Strict(order_id=1, lines=[LINE])], 1, 1, 1))
    assert encode_response(page) == encode_response(Page([Strict(order_id=1, lines=[LINE])], 1, 1, 1))


@pytest.mark.parametrize("result", [{"order_id": 1, "secret": "x"}, Struct(1)])
def test_dicts_and_other_objects_are_validated(result):
    assert encode_response(response_shape(Order).shape(result)) == encode_response(Order(order_id=1))


def test_an_alias_names_a_field_in_the_data_and_in_what_is_sent():
    shape = response_shape(Named, trusted=True).shape
    assert encode_response(shape({"userName": "a"})) == b'{"userName":"a"}'
    with pytest.raises(ValueError, match="userName: Field required"):
        shape({"user_name": "a"})


def test_a_page_of_exact_models_is_the_same_object():
    page = Page([Order(order_id=1)], 1, 1, 1)
    assert response_shape(Page[Order], trusted=True).shape(page) is page


@pytest.mark.parametrize("model", [Order, list[Order], Page[Order]])
def test_what_does_not_fit_is_told_with_its_place_and_without_its_data(model):
    wrong = {"order_id": "hunter2"}
    result = {Order: wrong, list[Order]: [wrong]}.get(model, Page([wrong], 1, 1, 1))
    with pytest.raises(ValueError, match=r"The result does not fit the response model: .*order_id: ") as failed:
        response_shape(model).shape(result)
    cause = failed.value.__cause__
    while cause is not None:
        assert "hunter2" not in str(cause)
        cause = cause.__cause__


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"exclude_none": True}, {"orderId": 1, "lines": [{"AT": "02 Jan 2024"}], "twice": 2}),
        ({"exclude_defaults": True}, {"orderId": 1, "lines": [{"AT": "02 Jan 2024"}], "twice": 2}),
        ({"exclude_unset": True}, {"orderId": 1, "lines": [{"AT": "02 Jan 2024"}], "note": None, "twice": 2}),
    ],
)
def test_fields_are_left_out_as_pydantic_does_it(options, left):
    order = Order(order_id=1, lines=[LINE], note=None)
    assert response_shape(Order, trusted=True, **options).shape(order) == left
    assert response_shape(list[Order], **options).shape([order]) == [left]


def test_fields_of_models_in_a_page_are_left_out():
    page = Page([OrderFull(order_id=1, lines=[LINE])], 1, 1, 1)
    found = response_shape(Page[Order], exclude_none=True).shape(page)
    assert found["items"] == [{"orderId": 1, "lines": [{"AT": "02 Jan 2024"}], "twice": 2}]


def test_a_dropped_field_may_be_of_any_type_that_pydantic_knows():
    class Filed(Order):
        path: Path = Path("/x")

    page = Page([Filed(order_id=1, site="http://a.b/")], 1, 1, 1)
    found = response_shape(Page[Order]).shape(page)
    assert encode_response(found) == encode_response(Page([Order(order_id=1, site="http://a.b/")], 1, 1, 1))


def test_a_type_that_pydantic_does_not_know_either_is_told():
    with pytest.raises(ValueError, match=r"builtins\.object has no JSON representation"):
        response_shape(Page[Order]).shape(object())

from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hawkapi.validation.body import body_decoder
from hawkapi.validation.single_error import SingleError
from hawkapi.validation.value_errors import value_errors
from tests.validation.test_oracle import BODIES, User, values


class Inner(msgspec.Struct):
    x: int


class Model(msgspec.Struct, rename={"b": "be"}):
    a: int
    b: str = ""
    inner: Inner | None = None
    kind: Literal["k"] = "k"
    anything: Any = None
    numbers: list[int] = []


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    a: int


class Tagged(msgspec.Struct, tag=True):
    a: int


class Ordered(msgspec.Struct, array_like=True):
    a: int


def found(model, body):
    try:
        body_decoder(model)(body)
    except ValueError as exc:
        error = SingleError.of(model).find(body, exc)
    return error and (error.field, error.message, error.value)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"a":"x"}', ("a", "Expected `int`, got `str`", "x")),
        (b'{"a":1,"be":[2]}', ("be", "Expected `str`, got `array`", [2])),
        (b"{}", ("a", "Object missing required field `a`", msgspec.UNSET)),
        (b'{"a":1,"inner":5}', ("inner", "Expected `object | null`, got `int`", 5)),
    ],
)
def test_the_one_error_of_a_body_is_found_with_its_value(body, error):
    assert found(Model, body) == error


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"x","be":1}',
        b'{"be":1}',
        b'{"a":1,"inner":{}}',
        b'{"a":1,"inner":{"x":"y"}}',
        b'{"a":1,"numbers":["x"]}',
        b'{"a":1,"kind":"z"}',
        b"[]",
        b'{"a":"x"',
        b"nope",
    ],
)
def test_any_other_body_is_left_to_the_whole_look(body):
    assert found(Model, body) is None


def test_an_unknown_field_is_left_to_the_whole_look():
    assert found(Closed, b'{"a":1,"b":2}') is None
    assert found(Closed, b'{"a":"x","b":2}') is None


def test_a_second_body_with_the_same_mistake_is_told_like_the_first():
    single = SingleError.of(Model)
    for text in ("x", "y"):
        body = msgspec.json.encode({"a": text})
        with pytest.raises(msgspec.ValidationError) as failed:
            body_decoder(Model)(body)
        assert single.find(body, failed.value).value == text


def test_a_generic_struct_is_a_plain_one():
    page = msgspec.defstruct("Page", [("items", int)])
    assert found(page, b'{"items":"x"}') == ("items", "Expected `int`, got `str`", "x")


@pytest.mark.parametrize("kind", [Tagged, Ordered, dict, int, list[Model], Model | None])
def test_types_without_fields_side_by_side_have_none(kind):
    assert SingleError.of(kind) is None


@settings(deadline=None, max_examples=400)
@given(st.sampled_from([User, Model, Closed, *(k for k in BODIES if SingleError.of(k))]), values)
def test_what_is_found_is_what_the_whole_look_finds(model, value):
    body = msgspec.json.encode(value)
    try:
        body_decoder(model)(body)
    except ValueError as exc:
        error = SingleError.of(model).find(body, exc)
        if error is not None:
            [other] = value_errors(msgspec.json.decode(body), model)
            assert (error.field, error.value) == (other.field, other.value)

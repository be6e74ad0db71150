import sys

import msgspec
import pydantic
import pytest

from hawkapi.serialization.encoder import encode_response
from hawkapi.serialization.pydantic import (
    decode_unknown,
    is_model_failure,
    is_pydantic_model,
    model_data,
    model_decoder,
    model_dumper,
    model_errors,
    plain_value,
)


class Model(pydantic.BaseModel):
    x: int


def test_a_model_is_known_as_one():
    assert is_pydantic_model(Model)
    assert not any(is_pydantic_model(kind) for kind in (int, Model(x=1), None, list[Model], msgspec.Struct))


def test_without_pydantic_nothing_is_a_model(monkeypatch):
    monkeypatch.delitem(sys.modules, "pydantic")
    assert not is_pydantic_model(Model)
    assert not is_model_failure(ValueError())
    assert "pydantic" not in sys.modules


def test_an_unknown_value_is_refused_where_pydantic_is_absent(monkeypatch):
    monkeypatch.delitem(sys.modules, "pydantic")
    with pytest.raises(TypeError, match=r"object has no JSON representation"):
        encode_response(object())


@pytest.mark.parametrize("body", [b'{"x":NaN}', b"{", b'{"x":"y"}', b"[]"])
def test_a_text_that_does_not_fit_is_a_value_error(body):
    with pytest.raises(ValueError, match=r"."):
        model_decoder(Model)(body)


def test_a_type_that_is_no_model_is_not_decoded():
    with pytest.raises(NotImplementedError, match=r"range cannot be decoded"):
        decode_unknown(range, 1)


def test_the_text_of_a_refusal_repeats_nothing_of_the_value():
    with pytest.raises(ValueError, match=r"^x: Input should be a valid integer, unable to parse string as an integer$"):
        decode_unknown(Model, {"x": "hunter2"})


class Rows(pydantic.BaseModel):
    rows: list[int]


def test_more_errors_than_can_be_looked_at_are_counted():
    with pytest.raises(pydantic.ValidationError) as failed:
        Rows.model_validate({"rows": ["x"] * 1001})
    assert list(model_errors(failed.value)) == [("", "1001 errors", msgspec.UNSET)]


def test_errors_come_with_path_message_and_value():
    with pytest.raises(pydantic.ValidationError) as failed:
        Rows.model_validate({"rows": [None]})
    assert list(model_errors(failed.value)) == [(".rows[0]", "Input should be a valid integer", None)]


def test_a_value_is_brought_to_a_model_and_sent_as_it_is():
    dump = model_dumper(list[Rows], exclude_unset=True)
    assert dump([{"rows": ["1"]}, Rows(rows=[2])]) == [{"rows": [1]}, {"rows": [2]}]


def test_errors_of_a_model_as_a_whole_have_no_place():
    with pytest.raises(ValueError, match=r"^Input should be a valid dictionary or object to extract fields from$"):
        model_dumper(Model)(1)


class Aliased(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    a: int = pydantic.Field(alias="A")
    b: int = pydantic.Field(validation_alias="B", serialization_alias="BB")
    c: int = pydantic.Field(validation_alias=pydantic.AliasChoices("C", "CC"))
    d: int = pydantic.Field(default=0, validation_alias=pydantic.AliasPath("d", 0))
    e: int = pydantic.Field(default=0, serialization_alias="E")


def test_the_data_of_a_model_make_it_again():
    data = {"A": 1, "B": 2, "C": 3, "d": [0], "e": 4, "further": 5}
    model = Aliased.model_validate(data)
    assert model_data(model) == data | {"d": 0}
    assert Aliased.model_validate(model_data(model) | {"d": [0]}) == model


def test_a_value_that_pydantic_knows_is_what_it_makes_of_it():
    assert plain_value(pydantic.SecretStr("x")) == "**********"
    assert plain_value(object()) is msgspec.UNSET


def test_without_pydantic_no_further_value_is_known(monkeypatch):
    monkeypatch.delitem(sys.modules, "pydantic_core")
    assert plain_value(pydantic.SecretStr("x")) is msgspec.UNSET

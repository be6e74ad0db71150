import sys

import msgspec
import pydantic
import pytest

from hawkapi.serialization.encoder import encode_response
from hawkapi.serialization.pydantic import (
    decode_unknown,
    is_model_failure,
    is_pydantic_model,
    model_decoder,
    model_errors,
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
    with pytest.raises(NotImplementedError, match=r"object cannot be decoded"):
        decode_unknown(object, 1)


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

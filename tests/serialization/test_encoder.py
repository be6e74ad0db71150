import enum
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
import pydantic
import pytest

from hawkapi.serialization.encoder import encode_response, encode_response_msgpack
from hawkapi.serialization.negotiation import encode_for_content_type


class Point(msgspec.Struct):
    x: int


@dataclass
class Pair:
    a: int


class Color(enum.Enum):
    RED = "red"


class Model(pydantic.BaseModel):
    first_name: str = pydantic.Field(alias="firstName")
    day: date


class Readonly(Mapping):
    def __getitem__(self, key):
        return {"a": Point(1)}[key]

    def __iter__(self):
        return iter(["a"])

    def __len__(self):
        return 1


CASES = [
    (None, None),
    ("hi", "hi"),
    ([1, 2.5, True], [1, 2.5, True]),
    ({"a": {"b": [1]}}, {"a": {"b": [1]}}),
    (Point(1), {"x": 1}),
    (Pair(1), {"a": 1}),
    (Color.RED, "red"),
    (OrderedDict(a=1), {"a": 1}),
    (Readonly(), {"a": {"x": 1}}),
    (date(2024, 1, 2), "2024-01-02"),
    (time(3, 4, 5), "03:04:05"),
    (timedelta(days=1), "P1D"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Decimal("1.10"), "1.10"),
    ({1}, [1]),
    (frozenset({1}), [1]),
    ((1, 2), [1, 2]),
    (Model(firstName="a", day=date(2024, 1, 2)), {"firstName": "a", "day": "2024-01-02"}),
    ([Model(firstName="a", day=date(2024, 1, 2))], [{"firstName": "a", "day": "2024-01-02"}]),
]


@pytest.mark.parametrize(("value", "plain"), CASES)
def test_json_holds_the_value(value, plain):
    assert msgspec.json.decode(encode_response(value)) == plain


@pytest.mark.parametrize(("value", "plain"), CASES)
def test_msgpack_holds_the_same(value, plain):
    assert msgspec.msgpack.decode(encode_response_msgpack(value)) == plain


def test_a_moment_is_text_in_json_and_native_in_msgpack():
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert encode_response(moment) == b'"2024-01-02T03:04:05Z"'
    assert msgspec.msgpack.decode(encode_response_msgpack(moment)) == moment


def test_bytes_are_base64_in_json_and_native_in_msgpack():
    assert encode_response(b"hi") == b'"aGk="'
    assert msgspec.msgpack.decode(encode_response_msgpack(b"hi")) == b"hi"


@pytest.mark.parametrize("encode", [encode_response, encode_response_msgpack])
@pytest.mark.parametrize("value", [object(), [object()], {"a": iter([])}, encode_response, Point])
def test_what_has_no_representation_is_a_type_error_that_names_the_type(encode, value):
    with pytest.raises(TypeError, match="has no JSON representation"):
        encode(value)


def test_nan_is_null_since_json_has_none():
    assert encode_response([float("nan"), float("inf")]) == b"[null,null]"


@pytest.mark.parametrize("content_type", ["application/msgpack", "application/x-msgpack"])
def test_both_names_of_msgpack_encode_as_such(content_type):
    assert encode_for_content_type({"a": 1}, content_type) == msgspec.msgpack.encode({"a": 1})


@pytest.mark.parametrize("content_type", ["application/json", "text/html", "", "application/msgpack "])
def test_every_other_type_is_json(content_type):
    assert encode_for_content_type({"a": 1}, content_type) == b'{"a":1}'

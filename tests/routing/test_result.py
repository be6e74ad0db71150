from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Generic, TypeVar

import msgspec
import pydantic
import pytest

from hawkapi.routing.result import PLAIN_ACCEPTS, encode_accepted, response_filter
from hawkapi.serialization.negotiation import negotiate_content_type

T = TypeVar("T")


class UserOut(msgspec.Struct):
    id: int
    name: str
    day: date | None = None


class UserFull(UserOut):
    password_hash: str = "x"


class Page(msgspec.Struct, Generic[T]):
    items: list[T]


class Model(pydantic.BaseModel):
    id: int
    shown: str = pydantic.Field(default="s", alias="Shown")


class ModelFull(Model):
    secret: str = "x"


@dataclass
class Row:
    id: int
    name: str
    extra: int = 1


@pytest.mark.parametrize(
    ("model", "result", "shaped"),
    [
        (UserOut, UserFull(1, "a", date(2024, 1, 2)), UserOut(1, "a", date(2024, 1, 2))),
        (UserOut, {"id": 1, "name": "a", "password_hash": "x"}, UserOut(1, "a")),
        (UserOut, Row(1, "a"), UserOut(1, "a")),
        (list[UserOut], [UserFull(1, "a"), {"id": 2, "name": "b", "x": 1}], [UserOut(1, "a"), UserOut(2, "b")]),
        (Page[UserOut], Page([UserFull(1, "a")]), Page([UserOut(1, "a")])),
        (dict[int, UserOut], {1: UserFull(1, "a")}, {1: UserOut(1, "a")}),
        (Model, ModelFull(id=1), Model(id=1)),
        (Model, {"id": 1, "Shown": "z", "secret": "x"}, Model(id=1, Shown="z")),
        (list[Model], [ModelFull(id=1)], [Model(id=1)]),
        (Model | None, ModelFull(id=1), Model(id=1)),
        (Page[Model], {"items": [{"id": 1, "x": 2}]}, Page([Model(id=1)])),
        (bytes, b"x", b"x"),
        (UserOut, MappingProxyType({"id": 1, "name": "a"}), UserOut(1, "a")),
    ],
)
def test_a_result_is_filtered_to_the_model_by_its_data(model, result, shaped):
    found = response_filter(model)(result)
    assert found == shaped
    assert type(found) is type(shaped)


@pytest.mark.parametrize(
    ("model", "result"), [(UserOut, {"id": "x", "name": "a"}), (UserOut, {}), (Model, {"id": "x"}), (list[Model], [1])]
)
def test_a_result_that_does_not_fit_is_an_error(model, result):
    with pytest.raises(ValueError, match=r"."):
        response_filter(model)(result)


@pytest.mark.parametrize("accept", sorted(PLAIN_ACCEPTS))
def test_every_header_that_is_taken_for_json_without_reading_means_json(accept):
    assert negotiate_content_type(accept.decode()) == "application/json"


@pytest.mark.parametrize(
    ("accept", "kind", "body"),
    [
        (b"text/plain", b"application/json", b"[1]"),
        (b"application/msgpack", b"application/msgpack", b"\x91\x01"),
        (b"application/x-msgpack;q=0.9", b"application/x-msgpack", b"\x91\x01"),
        (b"\xff\xfe", b"application/json", b"[1]"),
    ],
)
def test_a_result_is_encoded_as_the_client_accepts_it(accept, kind, body):
    assert encode_accepted([1], accept) == ((b"content-type", kind), body)

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, NamedTuple, TypedDict, TypeVar
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from hawkapi._signature import EMPTY
from hawkapi.pagination import CursorPage, Page
from hawkapi.responses.redirect import RedirectResponse
from hawkapi.responses.response import Response
from hawkapi.routing.response_model import implied_model, response_shape
from hawkapi.serialization.encoder import encode_response, encode_response_msgpack

T = TypeVar("T")


class Address(msgspec.Struct):
    city: str


class AddressFull(Address):
    secret: str = "secret"


class User(msgspec.Struct):
    id: int
    name: str = "a"


class UserFull(User):
    secret: str = "secret"


class Living(msgspec.Struct):
    id: int
    home: Address | None = None


class Node(msgspec.Struct):
    id: int
    below: "list[Node]" = []


class Cat(msgspec.Struct, tag=True):
    id: int


class CatFull(Cat, tag="Cat"):
    secret: str = "secret"


class Dog(msgspec.Struct, tag=True):
    id: int


@dataclass
class Row:
    id: int
    home: Address | None = None


@dataclass
class RowFull(Row):
    secret: str = "secret"


@dataclass
class Box(Generic[T]):
    content: T


class Keyed(TypedDict):
    id: int


class Pair(NamedTuple):
    first: Address
    second: int = 1


class Endless(NamedTuple):
    below: "list[Endless]"


class Chain(NamedTuple):
    below: "list[Chain]"
    user: User


class Plain(NamedTuple):
    a: int


class Rows(list[Any]):
    pass


class Foreign:
    pass


A, B, S = Address("x"), AddressFull("x"), UserFull(1)


# --- what an annotation implies


@pytest.mark.parametrize(
    "returns",
    [
        User,
        Row,
        Keyed,
        list[User],
        tuple[User, ...],
        tuple[list[User], int],
        set[Cat],
        dict[str, User],
        Page[User],
        CursorPage[list[User]],
        Box[User],
        Cat | Dog,
        User | list[User],
        Annotated[list[User], msgspec.Meta(max_length=3)],
        Annotated[User, msgspec.Meta(description="A user")],
        Pair,
        Node,
        Page[int],
    ],
)
def test_an_annotation_that_names_a_model_implies_it(returns):
    assert implied_model(returns) == returns


@pytest.mark.parametrize(
    "returns",
    [
        EMPTY,
        None,
        type(None),
        Any,
        object,
        str,
        dict,
        dict[str, int],
        dict[str, Any],
        list[dict[str, str]],
        Foreign,
        list[Foreign],
        tuple[Plain, Plain, Plain],
        Endless,
        tuple[int, str],
        int | None,
        Iterator[User],
        AsyncIterator[User],
        Response,
        Response | RedirectResponse | None,
        RedirectResponse | Any,
    ],
)
def test_an_annotation_without_a_model_implies_none(returns):
    assert implied_model(returns) is None


@pytest.mark.parametrize("returns", [User | Row, User | dict[str, int], User | Foreign])
def test_a_type_that_cannot_be_checked_implies_no_model(returns):
    assert implied_model(returns) is None


@pytest.mark.parametrize(
    ("returns", "model"),
    [
        (User | None, User),
        (User | RedirectResponse, User),
        (Response | list[User] | None, list[User]),
        (Cat | Dog | Response, Cat | Dog),
        (Annotated[User | None, "note"], Annotated[User, "note"]),
        (Annotated[User, "note"] | Response, Annotated[User, "note"]),
    ],
)
def test_response_objects_and_none_are_no_part_of_the_model(returns, model):
    assert implied_model(returns) == model


# --- what is sent as it is


@pytest.mark.parametrize(
    ("model", "exact"),
    [(User, User), (Annotated[User, "note"], User), (Page[int], Page), (Cat, Cat), (Box[int], Box)],
)
def test_the_class_alone_says_that_a_flat_model_needs_no_shaping(model, exact):
    assert response_shape(model, trusted=True).exact is exact


@pytest.mark.parametrize("model", [Living, Row, Node, Keyed, Page[User], list[User], Cat | Dog, dict[str, int]])
def test_the_class_alone_says_nothing_of_what_is_in_a_model(model):
    assert response_shape(model, trusted=True).exact is None


@pytest.mark.parametrize("options", [{}, {"trusted": True, "exclude_none": True}])
def test_a_model_that_always_shapes_has_no_exact_class(options):
    assert response_shape(User, **options).exact is None


@pytest.mark.parametrize(
    ("model", "result"),
    [
        (User, User(1)),
        (Living, Living(1)),
        (Living, Living(1, A)),
        (Row, Row(1, A)),
        (Box[Address], Box(A)),
        (list[User], [User(1), User(2)]),
        (list[User], []),
        (list[User], (User(1),)),
        (list[Living], [Living(1, A), Living(2)]),
        (list[list[User]], [[User(1)], [], [User(2)]]),
        (Page[User], Page([User(1)], 1, 1, 1)),
        (CursorPage[Living], CursorPage([Living(1, A)])),
        (dict[str, User], {"a": User(1)}),
        (dict[str, list[Living]], {"a": [Living(1, A)], "b": []}),
        (Cat | Dog, Cat(1)),
        (list[Cat | Dog | None], [Cat(1), None, Dog(2)]),
        (User | list[User], [User(1)]),
        (User | str, "text"),
        (tuple[list[User], int], ([User(1)], 1)),
        (list[tuple[int, Address]], [(1, A), (2, A)]),
        (list[tuple[int, Address]], []),
        (Pair, Pair(A)),
    ],
)
def test_a_trusted_result_that_is_exactly_the_model_is_the_same_object(model, result):
    assert response_shape(model, trusted=True).shape(result) is result


@pytest.mark.parametrize(
    ("model", "result", "sent"),
    [
        (User, S, '{"id":1,"name":"a"}'),
        (User, {"id": 1, "secret": "x"}, '{"id":1,"name":"a"}'),
        (Living, Living(1, B), '{"id":1,"home":{"city":"x"}}'),
        (Row, Row(1, B), '{"id":1,"home":{"city":"x"}}'),
        (Row, RowFull(1), '{"id":1,"home":null}'),
        (Box[Address], Box(B), '{"content":{"city":"x"}}'),
        (list[User], [User(1), S], '[{"id":1,"name":"a"},{"id":1,"name":"a"}]'),
        (list[User], [{"id": 1}], '[{"id":1,"name":"a"}]'),
        (list[User], Rows([S]), '[{"id":1,"name":"a"}]'),
        (list[Living], [Living(1), Living(2, B)], '[{"id":1,"home":null},{"id":2,"home":{"city":"x"}}]'),
        (Page[User], Page([S], 1, 1, 1), '{"items":[{"id":1,"name":"a"}],"total":1,"page":1,"size":1,"pages":1}'),
        (dict[str, User], {"a": S}, '{"a":{"id":1,"name":"a"}}'),
        (dict[str, User], msgspec.convert({"a": {"id": 1}}, dict[str, UserFull]), '{"a":{"id":1,"name":"a"}}'),
        (Cat | Dog, CatFull(1), '{"type":"Cat","id":1}'),
        (list[Living | None], [None, Living(1, B)], '[null,{"id":1,"home":{"city":"x"}}]'),
        (tuple[list[User], int], ([S], 1), '[[{"id":1,"name":"a"}],1]'),
        (tuple[list[User], int], [[User(1)], 1], '[[{"id":1,"name":"a"}],1]'),
        (Pair, Pair(B), '[{"city":"x"},1]'),
        (Keyed, {"id": 1, "secret": "x"}, '{"id":1}'),
        (list[Keyed], [{"id": 1, "secret": "x"}], '[{"id":1}]'),
        (Node, Node(1, [Node(2)]), '{"id":1,"below":[{"id":2,"below":[]}]}'),
        (Chain, Chain([Chain([], S)], S), '[[[[],{"id":1,"name":"a"}]],{"id":1,"name":"a"}]'),
    ],
)
@pytest.mark.parametrize("trusted", [True, False])
def test_what_is_more_than_the_model_is_filtered_wherever_it_stands(model, result, sent, trusted):
    assert encode_response(response_shape(model, trusted=trusted).shape(result)).decode() == sent


def test_a_tuple_of_another_length_does_not_fit():
    with pytest.raises(ValueError, match="Expected `array` of length 2"):
        response_shape(tuple[User, int], trusted=True).shape((User(1),))


def test_an_object_that_leads_back_to_itself_is_an_error_and_not_looked_at_for_ever():
    node = Node(1)
    node.below = [node, node]
    with pytest.raises(RecursionError):
        response_shape(Node, trusted=True).shape(node)


def test_a_model_that_is_given_is_validated_even_if_the_result_is_of_its_class():
    wrong: Any = User(id="x")
    assert response_shape(User, trusted=True).shape(wrong) is wrong
    with pytest.raises(ValueError, match=r"Expected `int`, got `str` - at `\$\.id`"):
        response_shape(User).shape(wrong)


# --- what does not fit


@pytest.mark.parametrize(
    ("model", "result", "text"),
    [
        (User, {"id": "hunter2"}, "Expected `int`, got `str` - at `$.id`"),
        (list[User], [{}], "Object missing required field `id` - at `$[0]`"),
        (Page[User], Page([{"id": "hunter2"}], 1, 1, 1), "Expected `int`, got `str` - at `$.items[0].id`"),
        (User, Foreign(), "test_response_model.Foreign has no JSON representation"),
        (dict[str, int], {"a": "hunter2"}, "Expected `int`, got `str` - at `$[...]`"),
    ],
)
@pytest.mark.parametrize("trusted", [True, False])
def test_a_result_that_does_not_fit_is_told_with_its_place_and_without_its_data(model, result, text, trusted):
    with pytest.raises(ValueError, match=r"^The result does not fit the response model: ") as failed:
        response_shape(model, trusted=trusted).shape(result)
    assert str(failed.value).endswith(text)
    assert "hunter2" not in str(failed.value)


# --- what is left out


class Many(msgspec.Struct, rename="camel"):
    first_id: int
    nothing: int | None = None
    number: int | None = 3
    texts: list[str] = []
    home: Address | None = None
    unset: int | UnsetType = UNSET
    free: dict[str, Any] = msgspec.field(default_factory=lambda: {"none": None})


class Sparse(msgspec.Struct, omit_defaults=True):
    a: int = 1
    b: int | None = None


class Listed(msgspec.Struct, array_like=True):
    a: int | None = None
    user: User | None = None


@dataclass
class Filled:
    a: int | None = None
    many: list[Many] = field(default_factory=list)


class Loose(TypedDict, total=False):
    a: int | None
    many: Many


NONE, DEFAULTS = {"exclude_none": True}, {"exclude_defaults": True}


def sent(model, result, **options):
    return msgspec.json.decode(encode_response(response_shape(model, **options).shape(result)))


@pytest.mark.parametrize(
    ("model", "result", "found"),
    [
        (Many, Many(1, number=None), {"firstId": 1, "texts": [], "free": {"none": None}}),
        (Living, {"id": 1, "home": None}, {"id": 1}),
        (list[Living], [Living(1), Living(2, B)], [{"id": 1}, {"id": 2, "home": {"city": "x"}}]),
        (dict[str, Living | None], {"a": None, "b": Living(1)}, {"a": None, "b": {"id": 1}}),
        (dict[str, list[Living]], {"a": [Living(1)]}, {"a": [{"id": 1}]}),
        (
            Page[Living],
            Page([Living(1)], 1, 1, 1),
            {"items": [{"id": 1}], "total": 1, "page": 1, "size": 1, "pages": 1},
        ),
        (CursorPage[Living], CursorPage([Living(1)]), {"items": [{"id": 1}], "has_more": False}),
        (list[Living | None], [None, Living(1)], [None, {"id": 1}]),
        (Living | str, "text", "text"),
        (tuple[Living, int | None], (Living(1), None), [{"id": 1}, None]),
        (Cat | Dog, Cat(1), {"type": "Cat", "id": 1}),
        (Sparse, Sparse(2), {"a": 2}),
        (Sparse, Sparse(1), {}),
        (Listed, Listed(None, User(1)), [None, {"id": 1, "name": "a"}]),
        (Filled, Filled(None, [Many(1)]), {"many": [{"firstId": 1, "number": 3, "texts": [], "free": {"none": None}}]}),
        (
            Loose,
            {"a": None, "many": Many(1, 2, None), "b": 1},
            {"many": {"firstId": 1, "nothing": 2, "texts": [], "free": {"none": None}}},
        ),
        (Loose, {}, {}),
        (Node, Node(1, [Node(2)]), {"id": 1, "below": [{"id": 2, "below": []}]}),
        (Box[Living], Box(Living(1)), {"content": {"id": 1}}),
    ],
)
def test_fields_of_models_that_are_none_are_left_out(model, result, found):
    assert sent(model, result, **NONE) == found
    assert sent(model, result, **NONE, trusted=True) == found


@pytest.mark.parametrize(
    ("model", "result", "found"),
    [
        (Many, Many(1), {"firstId": 1}),
        (
            Many,
            Many(1, 2, None, ["a"], A, 3, {}),
            {"firstId": 1, "nothing": 2, "number": None, "texts": ["a"], "home": {"city": "x"}, "unset": 3, "free": {}},
        ),
        (Filled, Filled(None, [Many(1)]), {"many": [{"firstId": 1}]}),
        (Filled, Filled(), {}),
        (
            Page[User],
            Page([User(1), User(2, "b")], 0, 1, 1),
            {"items": [{"id": 1}, {"id": 2, "name": "b"}], "total": 0, "page": 1, "size": 1, "pages": 0},
        ),
        (CursorPage[User], CursorPage([User(1)]), {"items": [{"id": 1}], "has_more": False}),
        (Loose, {"a": None}, {"a": None}),
    ],
)
def test_fields_of_models_at_their_default_are_left_out(model, result, found):
    assert sent(model, result, **DEFAULTS) == found


def test_a_struct_never_sends_what_is_unset():
    assert sent(Many, Many(1), exclude_unset=True) == msgspec.to_builtins(Many(1))


# --- what the encoders get


class Native(msgspec.Struct):
    at: datetime
    day: date
    price: Decimal
    key: UUID
    data: bytes
    free: Any


@pytest.mark.parametrize("options", [{}, {"trusted": True}, NONE])
def test_dates_bytes_and_numbers_stay_what_they_are(options):
    at = datetime(2024, 1, 2, tzinfo=UTC)
    value = Native(at, at.date(), Decimal("1.10"), UUID(int=1), b"\xff", b"\xff")
    shaped = response_shape(list[Native], **options).shape([value, msgspec.to_builtins(value) | {"free": b"\xff"}])
    assert encode_response_msgpack(shaped) == encode_response_msgpack([value, value])
    assert encode_response(shaped) == encode_response([value, value])


def test_a_list_of_lists_is_looked_at_wholly():
    shape = response_shape(list[list[User]], trusted=True, implied=True).shape
    assert shape([[User(1), UserFull(2), User(3)]]) == [[User(1), User(2), User(3)]]

import copy
import pickle
from typing import Generic, TypeVar

import msgspec
import pytest

from hawkapi._signature import read_signature
from hawkapi.pagination import CursorPage, CursorParams, Page, PaginationParams
from hawkapi.serialization.encoder import encode_response, encode_response_msgpack

T = TypeVar("T")


class Item(msgspec.Struct):
    id: int


class Larger(PaginationParams):
    max_size: int = 500


class Smaller(PaginationParams):
    size: int = 20


class Longer(CursorParams):
    limit: int = 200
    max_limit: int = 500


class Timed(Page[T], Generic[T], frozen=True):
    took: float


def test_the_first_page_is_wanted_by_default():
    params = PaginationParams()
    assert (params.page, params.size, params.max_size, params.limit, params.offset) == (1, 50, 100, 50, 0)


@pytest.mark.parametrize(
    ("page", "size", "limit", "offset"),
    [(3, 10, 10, 20), (0, 10, 10, 0), (-5, 10, 10, 0), (2, 0, 1, 1), (2, -7, 1, 1), (2, 1000, 100, 100)],
)
def test_page_and_size_are_brought_into_their_bounds(page, size, limit, offset):
    params = PaginationParams(page=page, size=size)
    assert (params.limit, params.offset) == (limit, offset)


def test_no_page_is_so_far_that_a_database_does_not_take_its_offset():
    assert PaginationParams(page=10**30).offset == 2**63 - 1
    assert PaginationParams(page=2**63 - 1, size=100).offset == 2**63 - 1


def test_a_subclass_sets_how_much_a_page_may_hold():
    assert Larger(size=1000).limit == 500
    assert Larger(page=3, size=500).offset == 1000


@pytest.mark.parametrize(("limit", "found"), [(10, 10), (0, 1), (-1, 1), (1000, 100)])
def test_the_limit_of_a_cursor_is_brought_into_its_bounds(limit, found):
    assert CursorParams(limit=limit).limit == found


def test_a_cursor_starts_at_the_beginning():
    assert CursorParams() == CursorParams(after=None, limit=50, max_limit=100)


def parameters(fn):
    return [(p.name, p.annotation, p.default) for p in read_signature(fn).parameters]


def test_page_and_size_are_read_from_the_query_and_nothing_else():
    read = PaginationParams.query_reader()
    assert parameters(read) == [("page", int, 1), ("size", int, 50)]
    assert read(page=2, size=1000) == PaginationParams(page=2, size=1000)


def test_after_and_limit_are_read_from_the_query_and_nothing_else():
    read = CursorParams.query_reader()
    assert parameters(read) == [("after", str | None, None), ("limit", int, 50)]
    assert read("abc", 7) == CursorParams(after="abc", limit=7)


@pytest.mark.parametrize(
    ("kind", "last"), [(Smaller, ("size", int, 20)), (Larger, ("size", int, 50)), (Longer, ("limit", int, 200))]
)
def test_the_defaults_of_a_subclass_are_those_of_its_parameters(kind, last):
    assert parameters(kind.query_reader())[-1] == last
    assert kind.query_reader()() == kind()


def test_what_is_read_is_of_the_subclass():
    assert Larger.query_reader()(size=400).limit == 400


@pytest.mark.parametrize(
    ("total", "size", "pages"),
    [(101, 10, 11), (100, 10, 10), (1, 10, 1), (0, 10, 0), (5, 0, 0), (5, -1, 0), (-5, 10, 0)],
)
def test_the_pages_are_counted(total, size, pages):
    assert Page([], total, 1, size).pages == pages


def test_a_page_is_sent_with_its_count():
    page = Page(items=[1], total=101, page=2, size=10)
    assert msgspec.json.encode(page) == b'{"items":[1],"total":101,"page":2,"size":10,"pages":11}'
    assert encode_response(page) == msgspec.json.encode(page)
    assert msgspec.msgpack.decode(encode_response_msgpack(page)) == msgspec.json.decode(msgspec.json.encode(page))


@pytest.mark.parametrize(("cursor", "more"), [("abc", b"true"), (None, b"false")])
def test_a_cursor_page_is_sent_with_whether_there_is_more(cursor, more):
    sent = msgspec.json.encode(CursorPage([1], cursor))
    assert sent == b'{"items":[1],"next_cursor":%s,"has_more":%s}' % (msgspec.json.encode(cursor), more)
    assert CursorPage([1]).has_more is False


@pytest.mark.parametrize("page", [Page([Item(1)], 101, 2, 10), CursorPage([Item(1)], "abc")])
def test_what_is_sent_can_be_read_again(page):
    kind = type(page)[Item]
    assert msgspec.json.decode(msgspec.json.encode(page), type=kind) == page
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(page), type=kind) == page
    assert msgspec.convert(msgspec.to_builtins(page), kind) == page


def test_what_is_computed_is_not_taken_from_anybody():
    data = {"items": [], "total": 5, "page": 1, "size": 5, "pages": 99}
    assert msgspec.convert(data, Page[int]).pages == 1
    assert Page(**data) == Page([], 5, 1, 5)
    assert msgspec.convert({"items": [], "has_more": True}, CursorPage[int]).has_more is False


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda page: pickle.loads(pickle.dumps(page))])
def test_a_copy_is_the_same_page(again):
    page = Page([1], 101, 2, 10)
    assert again(page) == page


def test_a_changed_page_is_counted_anew():
    assert msgspec.structs.replace(Page([1], 101, 2, 10), total=5).pages == 1
    with pytest.raises(AttributeError):
        Page([1], 101, 2, 10).total = 5


def test_a_page_takes_four_arguments():
    with pytest.raises(TypeError):
        Page([1], 101, 2, 10, 11)


def test_a_page_can_have_further_fields():
    page = Timed[int]([1], 1, 1, 1, 0.5)
    assert msgspec.json.encode(page) == b'{"items":[1],"total":1,"page":1,"size":1,"took":0.5,"pages":1}'
    assert msgspec.convert(msgspec.to_builtins(page), Timed[int]) == page


def test_the_items_are_of_the_type_that_the_page_names():
    with pytest.raises(msgspec.ValidationError, match=r"Expected `int`, got `str` - at `\$\.items\[0\]\.id`"):
        msgspec.convert({"items": [{"id": "x"}], "total": 1, "page": 1, "size": 1}, Page[Item])


def test_nothing_is_said_to_be_the_default_of_what_is_computed():
    """A default would stand in the API's documentation, and be left out with `response_model_exclude_defaults`."""
    schema = msgspec.json.schema(Page[int])["$defs"]["Page_int_"]
    assert schema["properties"]["pages"] == {"type": "integer"}

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.requests.errors import URITooLong
from hawkapi.requests.query_params import QueryParams, parse_query, parse_query_lists


def test_of_a_repeated_name_the_first_value_counts():
    params = QueryParams(b"a=1&a=2&b=3")
    assert params["a"] == params.get("a") == "1"
    assert params.getlist("a") == ["1", "2"]
    assert params.to_dict() == {"a": "1", "b": "3"}


def test_it_is_a_collection_of_names():
    params = QueryParams(b"a=1&a=2&b=3")
    assert len(params) == 2
    assert list(params) == ["a", "b"]
    assert "a" in params
    assert "c" not in params
    assert repr(params) == "QueryParams({'a': ['1', '2'], 'b': ['3']})"


def test_a_missing_name_is_a_key_error_or_the_default():
    params = QueryParams(b"")
    with pytest.raises(KeyError):
        params["a"]
    assert params.get("a") is None
    assert params.get("a", 5) == 5
    assert params.getlist("a") == []


def test_a_list_that_was_given_out_can_be_changed_by_its_owner():
    params = QueryParams(b"a=1")
    params.getlist("a").append("2")
    assert params.getlist("a") == ["1"]


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (b"", {}),
        (b"&&", {}),
        (b"a", {"a": ""}),
        (b"a=", {"a": ""}),
        (b"=1", {"": "1"}),
        (b"a=1=2", {"a": "1=2"}),
        (b"a=1&&b=2&", {"a": "1", "b": "2"}),
        (b"a+b=c%20d&&", {"a b": "c d"}),
        (b"a=%zz%4", {"a": "%zz%4"}),
        (b"a=%ff&b=\xff", {"a": "\ufffd", "b": "\ufffd"}),
        ("n=ö%C3%B6".encode(), {"n": "öö"}),
        (b"a=1&a=%32", {"a": "1"}),
    ],
)
def test_a_query_string_is_read_leniently(query, values):
    assert parse_query(query) == values
    assert {name: found[0] for name, found in parse_query_lists(query).items()} == values


def test_cve_2020_28473_a_semicolon_does_not_separate():
    assert parse_query(b"a=1;b=2") == {"a": "1;b=2"}


@pytest.mark.parametrize("parse", [parse_query, parse_query_lists, QueryParams])
@pytest.mark.parametrize("pair", [b"a=1", b"%61=1", b""])
def test_more_pairs_than_allowed_are_refused_unread(parse, pair):
    parse(b"&".join([pair] * 1000))
    with pytest.raises(URITooLong, match="more than 1000 parameters") as refused:
        parse(b"&".join([pair] * 1001))
    assert (refused.value.status, refused.value.title) == (414, "URI Too Long")


@given(st.lists(st.tuples(st.text(), st.text()).filter(any)))
def test_what_a_browser_encodes_comes_back(pairs):
    query = urlencode(pairs, errors="replace").encode()
    expected = {}
    for name, value in parse_qsl(query.decode(), keep_blank_values=True):
        expected.setdefault(name, []).append(value)
    assert parse_query_lists(query) == expected
    assert parse_query(query) == {name: values[0] for name, values in expected.items()}


@given(st.binary())
def test_no_query_string_makes_the_parsers_fail_or_disagree(query):
    lists = parse_query_lists(query)
    assert parse_query(query) == {name: values[0] for name, values in lists.items()}

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.requests.headers import Headers


@pytest.fixture
def headers():
    return Headers([(b"Host", b"x"), (b"accept", b"a"), (b"Accept", b"b"), (b"x-name", b"J\xf6rg")])


def test_names_are_found_in_any_case(headers):
    assert headers["host"] == headers["HOST"] == headers.get("Host") == "x"
    assert "ACCEPT" in headers
    assert "x-other" not in headers
    assert 1 not in headers


def test_the_first_of_repeated_headers_counts(headers):
    assert headers["accept"] == "a"
    assert headers.getlist("Accept") == ["a", "b"]


def test_a_missing_header_is_a_key_error_or_the_default(headers):
    with pytest.raises(KeyError, match="x-other"):
        headers["x-other"]
    assert headers.get("x-other") is None
    assert headers.get("x-other", "d") == "d"
    assert headers.getlist("x-other") == []


def test_iteration_gives_pairs_of_text(headers):
    assert list(headers) == [("host", "x"), ("accept", "a"), ("accept", "b"), ("x-name", "Jörg")]
    assert len(headers) == 4


def test_a_name_outside_latin_1_is_not_found(headers):
    assert headers.get("x-名") is None


def test_the_repr_shows_names_and_no_values():
    assert repr(Headers([(b"authorization", b"hush")])) == "Headers(authorization)"


def test_what_is_appended_to_the_raw_list_later_is_not_seen():
    raw = [(b"host", b"x")]
    headers = Headers(raw)
    raw.append((b"authorization", b"forged"))
    assert "authorization" not in headers


@given(st.lists(st.tuples(st.binary(), st.binary())), st.text())
def test_no_header_and_no_name_makes_a_lookup_fail(raw, name):
    headers = Headers(raw)
    assert (name in headers) == bool(headers.getlist(name))
    assert len(list(headers)) == len(headers)

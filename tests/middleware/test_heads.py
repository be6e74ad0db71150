import pytest

from hawkapi.middleware.heads import checked_name, settled, without


def test_a_head_with_a_list_is_itself():
    message = {"type": "http.response.start", "headers": []}
    assert settled(message) is message


@pytest.mark.parametrize("given", [{}, {"headers": ()}, {"headers": iter(())}])
def test_other_headers_become_a_list(given):
    message = {"type": "http.response.start", **given}
    assert settled(message) == {"type": "http.response.start", "headers": []}


def test_headers_of_a_name_are_left_out_in_any_case():
    headers = [(b"a", b"1"), (b"X-One", b"2"), (b"x-one", b"3"), (b"b", b"4")]
    message = {"headers": headers}
    assert without(message, b"x-one") == [(b"a", b"1"), (b"b", b"4")]
    assert len(headers) == 4


def test_where_none_are_nothing_is_left():
    assert without({}, b"x-one") == []


def test_a_name_is_in_lower_case():
    assert checked_name("header_name", "X-One") == b"x-one"


@pytest.mark.parametrize(
    ("name", "error"), [(b"x", TypeError), (None, TypeError), ("", ValueError), ("a b", ValueError)]
)
def test_what_is_no_name_is_told_by_the_argument(name, error):
    with pytest.raises(error, match="header_name"):
        checked_name("header_name", name)

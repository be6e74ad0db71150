import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.responses.head import content_length, header_name, header_value, raw_headers, response_head, with_defaults


def head(status=200, headers=(), *, content_type="text/plain", length=3, to_head=False):
    return response_head(status, headers, content_type=content_type, length=length, to_head=to_head)


def test_names_are_sent_in_lower_case():
    assert raw_headers({"X-Trace": "1"}) == [(b"x-trace", b"1")]


def test_pairs_may_repeat_a_name():
    assert raw_headers([("set-cookie", "a=1"), ("set-cookie", "b=2")]) == [
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
    ]


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é", "(", "a\n"])
def test_a_name_that_is_no_token_is_refused(name):
    with pytest.raises(ValueError, match="is no header name"):
        raw_headers({name: "1"})


def test_cve_2026_34519_line_breaks_and_nul_leave_values():
    assert header_value("a\r\nset-cookie: b\0") == b"aset-cookie: b"


@pytest.mark.parametrize("code", [*range(9), *range(10, 32), 127])
def test_no_control_character_leaves_in_a_value(code):
    assert header_value(f"a{chr(code)}b") == b"ab"


def test_a_tab_in_a_value_stays():
    assert header_value("a\tb") == b"a\tb"


def test_white_space_round_a_value_is_not_part_of_it():
    assert header_value(" \ta b\t") == b"a b"


def test_values_are_latin_1_where_they_fit():
    assert header_value("é") == b"\xe9"


def test_values_beyond_latin_1_are_utf_8():
    assert header_value("→") == "→".encode()


def test_a_lone_surrogate_becomes_a_question_mark():
    assert header_value("\ud800") == b"?"


@given(st.text())
def test_whatever_the_value_it_is_one_line(value):
    assert not set(header_value(value)) & set(b"\r\n\0")


@given(st.text())
def test_a_name_is_a_token_or_refused(name):
    try:
        encoded = header_name(name)
    except ValueError:
        return
    assert encoded
    assert encoded.isascii()
    assert not set(encoded) & set(b"\r\n\0 :()")


def test_the_content_type_stands_with_the_length():
    assert head() == [(b"content-type", b"text/plain"), (b"content-length", b"3")]


def test_each_head_is_a_new_list():
    assert head() is not head()


def test_a_given_content_type_wins():
    assert head(headers={"Content-Type": "text/css"}) == [(b"content-type", b"text/css"), (b"content-length", b"3")]


def test_without_a_content_type_none_is_sent():
    assert head(content_type=None) == [(b"content-length", b"3")]


def test_a_given_length_gives_way_to_that_of_the_body():
    assert head(headers={"Content-Length": "99", "x-a": "b"}) == [
        (b"content-type", b"text/plain"),
        (b"x-a", b"b"),
        (b"content-length", b"3"),
    ]


def test_to_head_a_given_length_counts():
    assert (b"content-length", b"99") in head(headers={"content-length": "99"}, to_head=True)


def test_to_head_the_length_of_the_body_is_told():
    assert head(to_head=True) == head()


def test_only_one_given_length_is_sent():
    headers = [("content-length", "1"), ("Content-Length", "2")]
    assert head(headers=headers, to_head=True).count((b"content-length", b"1")) == 1
    assert (b"content-length", b"2") not in head(headers=headers, to_head=True)


def test_a_given_length_that_is_no_number_is_dropped():
    assert head(headers={"content-length": "x"}, to_head=True)[-1] == (b"content-length", b"3")


@pytest.mark.parametrize("status", [100, 103, 204])
def test_where_there_is_never_content_neither_type_nor_length_is_sent(status):
    assert head(status, {"x-a": "b", "content-length": "3"}) == [(b"x-a", b"b")]


def test_a_304_tells_a_given_length():
    assert head(304, {"content-length": "99"}) == [(b"content-length", b"99")]


def test_a_304_tells_the_length_of_its_content():
    assert head(304) == [(b"content-length", b"3")]


def test_a_304_without_content_tells_no_length():
    assert head(304, length=0) == []


def test_a_stream_has_no_length():
    assert head(length=None) == [(b"content-type", b"text/plain")]


def test_a_stream_keeps_the_length_it_was_given():
    assert (b"content-length", b"9") in head(headers={"Content-Length": "9"}, length=None)


def test_transfer_codings_are_left_to_the_server():
    assert head(headers={"Transfer-Encoding": "chunked"}) == head()


@pytest.mark.parametrize("length", [0, 1023, 1024, 10**12])
def test_lengths_of_every_size_are_written(length):
    assert content_length(length) == (b"content-length", str(length).encode())


def test_defaults_give_way_to_given_headers_in_any_case():
    assert with_defaults({"Cache-Control": "x"}, {"cache-control": "y", "etag": "z"}) == [
        ("etag", "z"),
        ("Cache-Control", "x"),
    ]

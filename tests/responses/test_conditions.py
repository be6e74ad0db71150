import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.responses.conditions import Validators, conditions_of, is_fresh, wanted_spans

NOW = Validators('W/"a,b"', "Sun, 06 Nov 1994 08:49:37 GMT")


def fresh(**headers):
    return is_fresh({name.replace("_", "-").encode(): value for name, value in headers.items()}, NOW)


def test_without_a_condition_nothing_is_fresh():
    assert not fresh()


@pytest.mark.parametrize("tags", ["*", " * ", 'W/"a,b"', '"a,b"', '"x", W/"a,b"', 'W/"x" , "a,b"', '"x""a,b"'])
def test_a_tag_in_the_list_is_enough(tags):
    assert fresh(if_none_match=tags)


@pytest.mark.parametrize("tags", ["", '"x"', "a,b", '"a', 'W/"a","b"', '"*"'])
def test_another_tag_is_not(tags):
    assert not fresh(if_none_match=tags)


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Mon, 07 Nov 1994 00:00:00 GMT",
    ],
)
def test_not_modified_since_is_fresh(date):
    assert fresh(if_modified_since=date)


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 06 Nov 1994 08:49:36 GMT",
        "",
        "yesterday",
        "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT" + " " * 100,
        "Sun, 99 Nov 1994 99:99:99 GMT",
    ],
)
def test_modified_since_or_no_date_is_not_fresh(date):
    assert not fresh(if_modified_since=date)


def test_a_date_without_zone_is_gmt_wherever_we_are(monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Honolulu")
    time.tzset()
    try:
        assert not fresh(if_modified_since="Sun Nov  6 08:49:36 1994")
        assert fresh(if_modified_since="Sun Nov  6 08:49:37 1994")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_tags_go_before_the_date():
    assert not fresh(if_none_match='"x"', if_modified_since=NOW.modified)


def test_a_last_modified_that_is_no_date_is_never_fresh():
    assert not is_fresh({b"if-modified-since": NOW.modified}, Validators('"a"', "long ago"))


def test_repeated_headers_are_one_list():
    scope = {"headers": [(b"if-none-match", b'"a"'), (b"accept", b"*"), (b"if-none-match", b'"b"')]}
    assert conditions_of(scope) == {b"if-none-match": '"a", "b"'}


def test_a_bare_scope_has_no_conditions():
    assert conditions_of({}) == {}


def test_two_range_headers_are_no_range():
    conditions = conditions_of({"headers": [(b"range", b"bytes=0-1"), (b"range", b"bytes=2-3")]})
    assert wanted_spans(conditions, NOW, 10) is None


@given(st.text(alphabet='W/"ab,* \t') | st.text())
def test_whatever_the_tags_there_is_an_answer(tags):
    assert fresh(if_none_match=tags) in (True, False)


@given(st.text(alphabet="SunNov0123456789:+-, GMT", max_size=70) | st.text())
def test_whatever_the_date_there_is_an_answer(date):
    assert fresh(if_modified_since=date) in (True, False)

import pytest

from hawkapi.middleware.vary import with_vary

OTHER = (b"x-other", b"1")


def vary(*values, name=b"Origin"):
    headers = with_vary([OTHER, *((b"vary", value) for value in values)], name)
    assert headers[0] == OTHER
    return [value for _, value in headers[1:]]


def test_without_vary_one_is_added():
    assert vary() == [b"Origin"]


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (b"Accept", b"Accept, Origin"),
        (b"Accept, Cookie", b"Accept, Cookie, Origin"),
        (b"x-origin", b"x-origin, Origin"),
        (b"", b"Origin"),
        (b" , ", b"Origin"),
    ],
)
def test_cve_2026_48587_and_2026_6907_vary_is_appended_to_and_never_replaced(value, result):
    assert vary(value) == [result]


@pytest.mark.parametrize("value", [b"Origin", b"origin", b"accept,ORIGIN ,cookie", b"*", b"Accept, *"])
def test_what_is_covered_already_stays_as_it_is(value):
    assert vary(value) == [value]


def test_of_several_lines_any_may_cover_it():
    assert vary(b"Accept", b"origin", b"Cookie") == [b"Accept", b"origin", b"Cookie"]


def test_of_several_lines_the_last_is_appended_to():
    assert vary(b"Accept", b"Cookie") == [b"Accept", b"Cookie, Origin"]


def test_the_name_may_be_written_in_any_case():
    assert with_vary([(b"Vary", b"Accept")], b"Origin") == [(b"Vary", b"Accept, Origin")]
    assert with_vary([(b"VARY", b"origin")], b"Origin") == [(b"VARY", b"origin")]


@pytest.mark.parametrize("value", [b"Accept", b"Origin"])
def test_the_list_that_was_given_stays_as_it_is(value):
    given = [(b"vary", value)]
    result = with_vary(given, b"Origin")
    assert given == [(b"vary", value)]
    assert result is not given

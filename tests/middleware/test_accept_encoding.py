import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.middleware.accept_encoding import choose_coding

OFFERED = (b"zstd", b"br", b"gzip")


def chosen(*accepted, offered=OFFERED):
    return choose_coding([(b"host", b"x"), *((b"accept-encoding", value) for value in accepted)], offered)


def test_a_client_that_says_nothing_takes_nothing():
    assert chosen() is None


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (b"", None),
        (b"gzip", b"gzip"),
        (b"GZip", b"gzip"),
        (b"x-gzip", b"gzip"),
        (b"gzip, deflate, br, zstd", b"zstd"),
        (b"gzip, deflate, br", b"br"),
        (b"deflate", None),
        (b"gzip;q=1, br;q=0.9, zstd;q=0.8", b"gzip"),
        (b"gzip ; Q = 0.5 ,\tbr;q=0.501", b"br"),
        (b"gzip;q=0", None),
        (b"gzip;q=0.000, br;q=0.", None),
        (b"*", b"zstd"),
        (b"*;q=0", None),
        (b"*, zstd;q=0", b"br"),
        (b"gzip;q=0.5, *;q=0.1", b"gzip"),
        (b"gzip, *;q=0", b"gzip"),
        (b"identity", None),
        (b"identity;q=0", None),
        (b"identity;q=0, gzip;q=0.1", b"gzip"),
        (b"identity, gzip", b"gzip"),
        (b"identity, gzip;q=0.5", None),
        (b"identity;q=0.5, gzip;q=0.5", b"gzip"),
        (b"zstd;q=0, br;q=0, gzip;q=0.5, *", None),
    ],
)
def test_the_highest_weight_wins_and_of_equal_ones_what_is_offered_first(accepted, coding):
    assert chosen(accepted) == coding


@pytest.mark.parametrize("weight", [b"q=", b"q=x", b"q=-1", b"q=1.1", b"q=2", b"q=nan", b"q=1e0", b"v=1", b"q=0.1234"])
def test_a_weight_that_cannot_be_read_is_no_consent(weight):
    assert chosen(b"gzip;" + weight) is None
    assert chosen(b"gzip;" + weight + b", br;q=0.1") == b"br"


def test_several_headers_are_one_list():
    assert chosen(b"br;q=0.1", b"gzip") == b"gzip"


def test_what_is_not_offered_is_not_chosen():
    assert chosen(b"br, gzip;q=0.1", offered=(b"gzip",)) == b"gzip"


def test_a_long_header_is_understood_too():
    assert chosen(b"a, " * 1000 + b"gzip") == b"gzip"


@given(st.binary(max_size=60) | st.text("gzip,;q=01.* \tbr-x", max_size=60).map(str.encode))
def test_whatever_comes_has_an_answer(accepted):
    assert chosen(accepted) in (None, *OFFERED)

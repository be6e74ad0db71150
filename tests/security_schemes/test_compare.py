import pytest

from hawkapi.security.compare import constant_time_equal

VALUES = ["", "a", "abc", "abd", "\0", "é", "€", "\ud800", "\udfff", "😀", "e\u0301"]


@pytest.mark.parametrize("given", VALUES)
@pytest.mark.parametrize("expected", VALUES)
def test_any_text_is_compared_by_what_is_in_it(given, expected):
    assert constant_time_equal(given, expected) is (given == expected)


def test_text_equals_its_utf_8():
    assert constant_time_equal("é", "é".encode()) is True
    assert constant_time_equal(b"\xc3\xa9", "é") is True
    assert constant_time_equal(b"\xe9", "é") is False
    assert constant_time_equal(b"\xff", b"\xff") is True


def test_the_comparison_is_that_of_hmac(monkeypatch):
    compared = []
    monkeypatch.setattr("hawkapi.security.compare.compare_digest", lambda *pair: compared.append(pair))
    constant_time_equal("a", b"b")
    assert compared == [(b"a", b"b")]

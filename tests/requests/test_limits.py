import pytest

from hawkapi.requests.limits import Limits


def test_the_defaults_are_those_that_are_promised():
    limits = Limits()
    assert limits.body == 10 * 1024 * 1024
    assert (limits.fields, limits.files, limits.field_size) == (1000, 1000, 1024 * 1024)
    assert (limits.part_headers, limits.part_header_size) == (16, 8192)
    assert (limits.spool, limits.nesting) == (1024 * 1024, 512)
    assert (limits.query_pairs, limits.cookies, limits.path) == (1000, 8192, 8192)
    assert limits.websocket_message == 16 * 1024 * 1024


def test_zero_forbids_files_altogether():
    assert Limits(files=0).files == 0


@pytest.mark.parametrize(("name", "value"), [("body", -1), ("nesting", 0), ("part_header_size", 127)])
def test_a_limit_below_what_can_work_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"Limits\.{name} must be at least {value + 1}, not {value}"):
        Limits(**{name: value})

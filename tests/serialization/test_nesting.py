import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.serialization.nesting import too_deep


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'{"[{\\"[":', b"}")])
def test_exactly_the_limit_is_fine_and_one_more_is_not(opening, closing):
    text = opening * 10 + b"1" + closing * 10
    assert not too_deep(text, 10)
    assert too_deep(text, 9)


def test_many_objects_beside_each_other_are_not_deep():
    assert not too_deep(b"[" + b",".join([b"{}"] * 1000) + b"]", 2)
    assert too_deep(b"[" + b",".join([b"{}"] * 1000) + b"]", 1)


@pytest.mark.parametrize("string", [b"[[[[[[", b'\\"[[[[[', b"\\\\", b'[\\\\\\"[[[[', b"[[[\n[[["])
def test_brackets_in_strings_do_not_count(string):
    assert not too_deep(b'["' + string + b'",[]]', 2)


@pytest.mark.parametrize("text", [b'"[[[[[[[', b'"[[[[[[[\\', b'["\\"[[[[[['])
def test_a_string_that_does_not_end_holds_everything_after_it(text):
    assert not too_deep(text, 2)


def test_openings_that_are_never_closed_count():
    assert too_deep(b"[" * 513, 512)
    assert not too_deep(b"[" * 512, 512)


values = st.recursive(
    st.none() | st.integers() | st.text('[]{}"\\a', max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('[{"\\'), inner, max_size=4),
)


def depth_of(value):
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(values)
def test_it_agrees_with_a_decoder(value):
    text, depth = json.dumps(value).encode(), depth_of(value)
    assert not too_deep(text, depth)
    assert depth == 0 or too_deep(text, depth - 1)


@given(st.binary(), st.integers(0, 5))
def test_no_text_makes_it_fail(text, limit):
    assert too_deep(text, limit) in {True, False}


@given(st.text("[]{}", max_size=60), st.integers(0, 8))
def test_it_agrees_with_counting_level_by_level(text, limit):
    level = deepest = 0
    for bracket in text:
        level += 1 if bracket in "[{" else -1
        deepest = max(deepest, level)
    assert too_deep(text.encode(), limit) == (deepest > limit)


@given(st.text('\\"[]a', max_size=30))
def test_strings_are_skipped_as_a_decoder_skips_them(inside):
    string = json.dumps(inside).encode()
    assert not too_deep(b"[" + string + b",[]]", 2)
    assert too_deep(b"[" + string + b",[]]", 1)

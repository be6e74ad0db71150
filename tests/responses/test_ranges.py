import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.responses.ranges import MAX_RANGES, parse_ranges


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=2-5", [(2, 6)]),
        ("bytes=5-", [(5, 10)]),
        ("bytes=-3", [(7, 10)]),
        ("bytes=-99", [(0, 10)]),
        ("bytes=0-99", [(0, 10)]),
        ("BYTES = 0-1", [(0, 2)]),
        ("bytes=0-1, 5-6", [(0, 2), (5, 7)]),
        ("bytes=5-6,\t0-1", [(0, 2), (5, 7)]),
        ("bytes=0-4,2-7", [(0, 8)]),
        ("bytes=0-1,2-3", [(0, 4)]),
        ("bytes=0-8,2-3", [(0, 9)]),
        ("bytes=0-1,20-30", [(0, 2)]),
        ("bytes=0-" + "9" * 500, [(0, 10)]),
    ],
)
def test_ranges_become_spans(header, spans):
    assert parse_ranges(header, 10) == spans


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=" + "9" * 500 + "-"])
def test_what_lies_outside_cannot_be_satisfied(header):
    assert parse_ranges(header, 10) == []


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-1"])
def test_of_nothing_there_is_no_range(header):
    assert parse_ranges(header, 0) == []


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "lines=0-1",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=1",
        "bytes=0-1,",
        "bytes=٣-",
        "bytes=+1-2",
    ],
)
def test_what_is_no_range_of_bytes_is_ignored(header):
    assert parse_ranges(header, 10) is None


@pytest.mark.parametrize(("count", "ignored"), [(MAX_RANGES, False), (MAX_RANGES + 1, True)])
def test_cve_2025_62727_the_number_of_ranges_is_bounded(count, ignored):
    header = "bytes=" + ",".join(f"{2 * i}-{2 * i}" for i in range(count))
    assert (parse_ranges(header, 10_000) is None) is ignored


def test_an_endless_header_is_ignored():
    assert parse_ranges("bytes=0-" + "1" * 10_000, 10) is None


@given(st.text(alphabet="bytes=0123456789-, \t") | st.text(), st.integers(0, 100))
def test_spans_are_inside_sorted_and_apart(text, size):
    for header in (text, "bytes=" + text):
        spans = parse_ranges(header, size) or []
        edges = [edge for span in spans for edge in span]
        assert edges == sorted(set(edges))
        assert all(0 <= edge <= size for edge in edges)

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.routing.converters import CONVERTERS, parse_path
from hawkapi.routing.radix import RouteTable
from hawkapi.validation.coerce import INVALID

ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


def table(*paths):
    made = RouteTable()
    for path in paths:
        made.add(parse_path(path), path)
    return made


@pytest.mark.parametrize("path", ["/", "/a", "/a/b"])
def test_a_static_path_is_found(path):
    assert table("/", "/a", "/a/b").find(path) == (path, ())


@pytest.mark.parametrize("path", ["/b", "/a/c", "/a/b/c", "", "a", "*", "a/b", "@evil", "//a", "/a//b", "/a//"])
def test_any_other_path_is_not(path):
    assert table("/", "/a", "/a/b").find(path) is None


@pytest.mark.parametrize("path", ["x", "*", "@evil", "x/y", "x/y/z"])
def test_a_path_without_its_first_slash_matches_no_parameter(path):
    assert table("/{a}", "/{a}/{b}").find(path) is None


def test_one_trailing_slash_is_ignored():
    found = table("/a", "/b/{x}", "/{x}/c/{y}")
    assert found.find("/a/") == ("/a", ())
    assert found.find("/b/1/") == ("/b/{x}", ("1",))
    assert found.find("/1/c/2/") == ("/{x}/c/{y}", ("1", "2"))


def test_a_second_trailing_slash_is_an_empty_segment():
    found = table("/a", "/b/{x}", "/{x}/c/{y}")
    assert [found.find(path) for path in ("/a//", "/b/1//", "/1/c/2//")] == [None, None, None]


def test_a_parameter_takes_no_empty_segment():
    found = table("/a/{x}", "/{x}/b/{y}")
    assert [found.find(path) for path in ("/a/", "/a", "//b/1", "/1/b/")] == [None, None, None, None]


@pytest.mark.parametrize(
    ("segment", "template", "value"),
    [
        (ID, "/x/{a:uuid}", UUID(ID)),
        ("12", "/x/{b:int}", 12),
        ("1.5", "/x/{c:float}", 1.5),
        ("ada", "/x/{d}", "ada"),
        ("fixed", "/x/fixed", None),
    ],
)
@pytest.mark.parametrize("suffix", ["", "/{tail:int}/end"])
def test_the_most_specific_segment_wins(segment, template, value, suffix):
    found = table(*(path + suffix for path in ("/x/{d}", "/x/{c:float}", "/x/fixed", "/x/{b:int}", "/x/{a:uuid}")))
    expected = () if value is None else (value,)
    if suffix:
        assert found.find(f"/x/{segment}/3/end") == (template + suffix, (*expected, 3))
    else:
        assert found.find(f"/x/{segment}") == (template, expected)


def test_a_static_segment_that_leads_nowhere_is_left_again():
    found = table("/users/me/{part}", "/users/{user}/settings", "/{kind}/me/settings/all")
    assert found.find("/users/me/settings") == ("/users/me/{part}", ("settings",))
    assert found.find("/users/ada/settings") == ("/users/{user}/settings", ("ada",))
    assert found.find("/users/me/settings/all") == ("/{kind}/me/settings/all", ("users",))


def test_parameters_of_a_way_that_was_left_are_forgotten():
    found = table("/{a:int}/x/{b}/end", "/{c}/x/{d}/stop")
    assert found.find("/1/x/2/stop") == ("/{c}/x/{d}/stop", ("1", "2"))


def test_ways_that_share_a_parameter_share_its_node():
    found = table("/{a:int}/x", "/{b:int}/y")
    assert found.find("/1/x") == ("/{a:int}/x", (1,))
    assert found.find("/1/y") == ("/{b:int}/y", (1,))


def naive(paths, path):
    """Sort all patterns that match by what stands in each segment, most specific first."""
    if not path.startswith("/"):
        return None
    segments = (path[:-1] if path.endswith("/") and len(path) > 1 else path).split("/")[1:]
    best = None
    for pattern in map(parse_path, paths):
        if len(pattern.segments) != len(segments):
            continue
        ranks, values = [], []
        for wanted, segment in zip(pattern.segments, segments, strict=True):
            if isinstance(wanted, str):
                if wanted != segment:
                    break
                ranks.append(-1)
                continue
            value = wanted.converter.convert(segment) if segment else INVALID
            if value is INVALID:
                break
            ranks.append(wanted.converter.rank)
            values.append(value)
        else:
            if best is None or ranks < best[0]:
                best = (ranks, pattern.path, tuple(values))
    return best and best[1:]


pieces = st.sampled_from(["a", "b", "1", "1.5", ID])
segments = st.one_of(pieces, st.sampled_from(["int", "float", "uuid", "str"]).map(lambda name: "{:" + name + "}"))


def named(shape):
    return "/" + "/".join(s.replace("{:", f"{{p{i}:") for i, s in enumerate(shape))


patterns = st.lists(st.lists(segments, min_size=1, max_size=4).map(tuple), unique=True, max_size=12)
requests = st.lists(st.one_of(pieces, st.sampled_from(["", "x"])), max_size=5).map(lambda found: "/" + "/".join(found))


@given(patterns, st.lists(st.one_of(requests, st.text(max_size=6)), max_size=8))
def test_the_table_finds_what_a_scan_of_all_patterns_finds(shapes, paths):
    declared = [named(shape) for shape in shapes]
    found = table(*declared)
    for path in paths:
        assert found.find(path) == naive(declared, path)


def test_ranks_follow_the_converters():
    assert sorted(CONVERTERS.values(), key=lambda c: c.rank) == [CONVERTERS[n] for n in ("uuid", "int", "float", "str")]

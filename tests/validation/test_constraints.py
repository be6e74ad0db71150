import msgspec
import pytest

from hawkapi.validation.constraints import CONSTRAINTS, Body, Cookie, File, Form, Header, Path, Query

MARKERS = [Body, Cookie, File, Form, Header, Path, Query]


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_knows_what_it_was_given(marker):
    given = {"alias": "a", "description": "d", "default": 1, "example": 2, "ge": 0, "le": 9, "gt": -1, "lt": 10}
    given |= {"min_length": 1, "max_length": 2, "pattern": "x", "multiple_of": 3}
    made = marker(**given)
    assert {name: getattr(made, name) for name in given} == given
    assert made.source == marker.__name__.lower()


def test_a_marker_without_a_default_has_none():
    assert not Query().has_default()
    assert Query().get_default() is ...


@pytest.mark.parametrize("default", [None, 0, "x"])
def test_any_value_may_be_the_default(default):
    assert Query(default=default).has_default()
    assert Query(default=default).get_default() == default


def test_a_default_factory_is_called_each_time():
    marker = Query(default_factory=list)
    assert marker.has_default()
    assert marker.get_default() == []
    assert marker.get_default() is not marker.get_default()


def test_default_and_default_factory_exclude_each_other():
    with pytest.raises(ValueError, match=r"Header\(\) takes either default or default_factory, not both"):
        Header(default=1, default_factory=list)


def test_constraints_become_a_meta():
    assert Query(ge=1, multiple_of=2).meta() == msgspec.Meta(ge=1, multiple_of=2)
    assert Query(description="x").meta() is None
    assert all(name in CONSTRAINTS for name in ("ge", "multiple_of"))


def test_the_repr_names_the_alias():
    assert repr(Query()) == "Query()"
    assert repr(Header(alias="x-id")) == "Header(alias='x-id')"

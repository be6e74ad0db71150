from typing import Any, NamedTuple

import msgspec
import pytest

from hawkapi.validation import value_errors as module
from hawkapi.validation.value_errors import failure_error, value_errors


class Odd(msgspec.Struct):
    x: int = msgspec.field(name="a.b", default=0)
    y: int = msgspec.field(name="c[", default=0)
    z: int = 0


class Row(NamedTuple):
    odd: Odd
    counts: dict[str, int] = {}  # noqa: RUF012  # a default of a NamedTuple


class Chain(msgspec.Struct, forbid_unknown_fields=True):
    next: "Chain | None" = None


def found(data, annotation):
    return [(error.field, error.message, error.value) for error in value_errors(data, annotation)]


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        ([{"z": "x"}], "[0].z", "x"),
        ([{"a.b": "x"}], "[0].a.b", msgspec.UNSET),
        ([{"c[": "x"}], "[0].c[", msgspec.UNSET),
        ([{}, {"k": "x"}], "[1][...]", msgspec.UNSET),
        ([{"z": [1]}], "[0].z", [1]),
    ],
)
def test_inside_what_is_looked_at_as_one_the_value_is_found_where_its_path_is_plain(data, field, value):
    [(at, _, got)] = found(data, Row)
    assert (at, got) == (field, value)


def test_a_text_of_a_user_that_looks_like_a_path_is_no_obstacle():
    error = failure_error(ValueError("see `$.a`"), {"a": 1})
    assert (error.field, error.message, error.value) == ("$", "see `$.a`", {"a": 1})


def test_the_look_ends_after_so_many_values(monkeypatch):
    monkeypatch.setattr(module, "MOST_VALUES", 10)
    assert found([1] * 20 + ["x"], list[int]) == []
    assert found([1] * 5 + ["x"], list[int]) == [("[5]", "Expected `int`, got `str`", "x")]


def test_asking_models_as_a_whole_counts_so_that_nesting_them_stays_linear(monkeypatch):
    checked = []
    check = module._Walk._check

    def counting(self, value, annotation, path):
        checked.append(value)
        check(self, value, annotation, path)

    monkeypatch.setattr(module._Walk, "_check", counting)
    monkeypatch.setattr(module, "MOST_VALUES", 1000)
    data: Any = {}
    for _ in range(400):
        data = {"next": data}
    assert found(data, Chain) == []
    assert len(checked) < 60  # of 400: each asks about all that is in it


def test_a_model_with_an_error_inside_is_not_asked_as_a_whole():
    assert found({"next": {"next": 5, "x": 1}}, Chain) == [("next.next", "Expected `object | null`, got `int`", 5)]

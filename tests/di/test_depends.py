from functools import partial
from typing import Annotated, get_type_hints

import pytest

from hawkapi.di.depends import Depends, Security, SecurityScopes


def get_db(): ...


class Checker:
    __hash__ = None

    def __eq__(self, other):
        return isinstance(other, Checker)

    def __call__(self): ...


@pytest.mark.parametrize(
    ("marker", "text"),
    [
        (Depends(get_db), "Depends(get_db)"),
        (Depends(name="x"), "Depends(name='x')"),
        (Depends(), "Depends()"),
        (Depends(int, name="x"), "Depends(int, name='x')"),
        (Depends(partial(get_db)), "Depends(get_db)"),
        (Security(get_db), "Security(get_db)"),
        (Security(get_db, scopes=["a"], name="x"), "Security(get_db, name='x', scopes=['a'])"),
        (SecurityScopes(["a"]), "SecurityScopes(['a'])"),
    ],
)
def test_the_repr_is_what_was_written(marker, text):
    assert repr(marker) == text


def test_what_was_given_are_attributes():
    assert (Depends(get_db, name="x").dependency, Depends(get_db, name="x").name) == (get_db, "x")
    assert (Depends().dependency, Depends().name) == (None, None)
    assert Security(get_db, scopes=("a", "b")).scopes == ["a", "b"]
    assert Security().scopes == []


def test_two_that_ask_for_the_same_are_equal():
    assert Depends(get_db) == Depends(get_db)
    assert hash(Depends(get_db)) == hash(Depends(get_db))
    assert Depends(get_db) != Depends(get_db, name="x")
    assert Depends(get_db) != Security(get_db)
    assert Security(get_db, scopes=["a"]) != Security(get_db, scopes=["b"])
    assert Depends() != "Depends()"


def test_an_object_without_a_hash_can_be_depended_on_where_annotations_are_joined():
    def handler(checked: Annotated[int, Depends(Checker())] | None): ...

    assert hash(Depends(Checker())) == hash(Depends(Checker()))
    assert "checked" in get_type_hints(handler, include_extras=True)


@pytest.mark.parametrize("marker", [Depends, Security])
def test_what_cannot_be_called_is_refused(marker):
    with pytest.raises(TypeError, match=r"takes a callable or a type, not 'replica'; a name goes into name="):
        marker("replica")


def test_scopes_as_a_text_are_refused_as_they_would_be_read_letter_by_letter():
    with pytest.raises(TypeError, match=r"not a str: scopes=\['items'\]"):
        Security(get_db, scopes="items")
    with pytest.raises(TypeError, match="not a str"):
        SecurityScopes("items")


def test_scopes_are_a_list_and_a_text():
    scopes = SecurityScopes(("items:read", "me"))
    assert scopes.scopes == ["items:read", "me"]
    assert scopes.scope_str == "items:read me"
    assert SecurityScopes().scope_str == ""

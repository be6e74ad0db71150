import sys
from types import ModuleType

import pytest

from hawkapi._lazy import attach


@pytest.fixture
def face(monkeypatch):
    module = ModuleType("hawk_test_face")
    module.there = 1
    monkeypatch.setitem(sys.modules, "hawk_test_face", module)
    return module, *attach("hawk_test_face", {"Decimal": "decimal", "lost": "decimal"})


def test_a_name_is_loaded_from_the_module_that_defines_it(face):
    from decimal import Decimal

    _, getattr_, _ = face
    assert getattr_("Decimal") is Decimal


def test_a_name_once_used_is_an_ordinary_attribute(face):
    module, getattr_, _ = face
    value = getattr_("Decimal")
    assert vars(module)["Decimal"] is value


def test_an_unknown_name_is_an_attribute_error_that_names_the_package(face):
    _, getattr_, _ = face
    with pytest.raises(AttributeError, match=r"module 'hawk_test_face' has no attribute 'Nothing'"):
        getattr_("Nothing")


def test_dir_lists_what_is_there_and_what_can_be_loaded(face):
    _, _, dir_ = face
    assert {"there", "Decimal"} <= set(dir_())
    assert dir_() == sorted(dir_())


@pytest.mark.parametrize("name", ["hawkapi", "hawkapi.routing", "hawkapi.validation", "hawkapi.serialization"])
def test_every_name_of_a_face_resolves(name):
    face = __import__(name, fromlist=["__all__"])
    assert {public for public in face.__all__ if getattr(face, public, None) is None} == set()

from uuid import UUID

import pytest

from hawkapi.routing.converters import CONVERTERS, parse_path
from hawkapi.validation.coerce import INVALID

ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


@pytest.mark.parametrize(
    ("converter", "text", "value"),
    [
        ("str", "a b", "a b"),
        ("int", "42", 42),
        ("int", "-7", -7),
        ("int", "007", 7),
        ("int", str(2**63 - 1), 2**63 - 1),
        ("int", str(-(2**63)), -(2**63)),
        ("float", "1.5", 1.5),
        ("float", "-1e3", -1000.0),
        ("float", "7", 7.0),
        ("uuid", ID, UUID(ID)),
        ("uuid", ID.upper(), UUID(ID)),
    ],
)
def test_a_segment_becomes_a_value(converter, text, value):
    found = CONVERTERS[converter].convert(text)
    assert found == value
    assert type(found) is CONVERTERS[converter].kind


@pytest.mark.parametrize(
    ("converter", "text"),
    [
        *[("int", text) for text in ("", "x", "+1", "--1", "1_0", " 1", "1 ", "1\n", "1.0", "١٢", "²", "-")],
        *[("int", str(2**63)), ("int", str(-(2**63) - 1)), ("int", "9" * 5000)],
        *[
            ("float", text)
            for text in ("", "x", "nan", "inf", "-Infinity", "1e999", "1_0", "0x1p3", "1.5\n", "\uff11.\uff15", ".")
        ],
        *[("uuid", text) for text in ("", ID.replace("-", ""), "{" + ID + "}", "urn:uuid:" + ID, ID + "\n", ID[:-1])],
    ],
)
def test_a_segment_that_is_no_such_value_is_invalid(converter, text):
    assert CONVERTERS[converter].convert(text) is INVALID


def test_a_static_path_is_its_own_shape():
    pattern = parse_path("/a/b/")
    assert (pattern.path, pattern.segments, pattern.shape, pattern.names) == ("/a/b", ("a", "b"), "/a/b", ())


def test_the_root_keeps_its_slash():
    assert parse_path("/").path == "/"


def test_parameters_are_known_by_name_and_kind_in_order():
    pattern = parse_path("/users/{user_id:int}/files/{name}")
    assert pattern.names == ("user_id", "name")
    assert pattern.kinds == {"user_id": int, "name": str}


def test_the_shape_leaves_the_names_out():
    assert parse_path("/{a:int}/x/{b}").shape == parse_path("/{c:int}/x/{d:str}").shape == "/{:int}/x/{:str}"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("users", "starts with '/'"),
        ("/{a}/{a}", "names the parameter 'a' twice"),
        ("/x{a}", "takes a whole segment"),
        ("/{a}x", "takes a whole segment"),
        ("/{a}{b}", "takes a whole segment"),
        ("/{a", "takes a whole segment"),
        ("/a}", "takes a whole segment"),
        ("/{}", "'' is no parameter name"),
        ("/{1a}", "'1a' is no parameter name"),
        ("/{a:integer}", "Unknown converter 'integer' in path '/{a:integer}'; known are float, int, str, uuid"),
    ],
)
def test_a_path_that_cannot_be_read_is_refused(path, message):
    with pytest.raises(ValueError, match=message):
        parse_path(path)

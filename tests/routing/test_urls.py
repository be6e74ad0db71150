import os
from uuid import UUID

import pytest

from hawkapi.app.application import HawkAPI

HERE = os.path.relpath(__file__)
ID = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def handler(): ...


def url(path, /, **params):
    app = HawkAPI()
    app.get(path, name="it")(handler)
    return app.url_for("it", **params)


@pytest.mark.parametrize(
    ("path", "params", "expected"),
    [
        ("/", {}, "/"),
        ("/a b/ü", {}, "/a%20b/%C3%BC"),
        ("/u/{id:int}", {"id": 42}, "/u/42"),
        ("/u/{id:int}", {"id": "42"}, "/u/42"),
        ("/u/{id:uuid}", {"id": ID}, f"/u/{ID}"),
        ("/u/{x:float}", {"x": 1e300}, "/u/1e%2B300"),
        ("/{a}/x/{b}", {"a": "ü", "b": "a b?#%"}, "/%C3%BC/x/a%20b%3F%23%25"),
        ("/{name}", {"name": "x"}, "/x"),
    ],
)
def test_a_url_is_the_path_with_its_values_percent_encoded(path, params, expected):
    assert url(path, **params) == expected


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/{x:int}", "a"),
        ("/{x:int}", 2**63),
        ("/{x:int}", True),
        ("/{x:float}", float("nan")),
        ("/{x:uuid}", "6ba7"),
        ("/{x}", ""),
        ("/{x}", "a/b"),
        ("/{x}", "."),
        ("/{x}", ".."),
    ],
)
def test_a_value_that_would_not_lead_back_is_refused(path, value):
    with pytest.raises(ValueError, match=r"does not fit the path parameter {x:"):
        url(path, x=value)


@pytest.mark.parametrize("params", [{}, {"b": 1}, {"a": 1, "b": 2}])
def test_missing_and_surplus_parameters_are_refused_naming_what_is_wanted(params):
    with pytest.raises(LookupError, match=r"Route 'it' \(/x/{a}\) takes the parameters a; given: "):
        url("/x/{a}", **params)


def test_a_route_without_parameters_says_so():
    with pytest.raises(LookupError, match=r"takes the parameters none; given: a"):
        url("/x", a=1)


def test_an_unknown_name_lists_the_known_ones():
    app = HawkAPI()
    app.get("/b", name="b")(handler)
    app.get("/a", name="a")(handler)
    with pytest.raises(LookupError, match=r"No route is named 'c'; known names: a, b"):
        app.url_for("c")


def test_an_app_without_routes_has_no_names():
    with pytest.raises(LookupError, match=r"known names: none"):
        HawkAPI().url_for("c")


def test_a_name_that_two_routes_share_is_refused_naming_both():
    app = HawkAPI()
    app.get("/a")(handler)
    app.post("/b")(handler)
    with pytest.raises(LookupError, match=rf"2 routes are named 'handler': /a by handler .{HERE}:.*, /b by handler"):
        app.url_for("handler")

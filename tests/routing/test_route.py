import pytest

from hawkapi.routing.route import Route


def documented():
    """First line.

    More.
    """


def bare(): ...


class Caller:
    def __call__(self): ...


def test_a_route_can_be_made_by_hand():
    route = Route(path="/x", handler=bare, methods=frozenset({"GET"}))
    assert (route.path, route.handler, route.methods) == ("/x", bare, {"GET"})
    assert (route.status_code, route.tags, route.permissions, route.deprecated) == (200, [], None, False)


def test_a_route_is_immutable():
    route = Route(path="/x", handler=bare, methods=frozenset({"GET"}))
    with pytest.raises(AttributeError):
        route.path = "/y"


def test_the_name_is_the_handlers_by_default():
    assert Route(path="/", handler=bare, methods=frozenset()).name == "bare"
    assert Route(path="/", handler=Caller(), methods=frozenset()).name == "Caller"
    assert Route(path="/", handler=bare, methods=frozenset(), name="own").name == "own"


def test_the_summary_is_the_first_line_of_the_docstring_by_default():
    assert Route(path="/", handler=documented, methods=frozenset()).summary == "First line."
    assert Route(path="/", handler=bare, methods=frozenset()).summary is None
    assert Route(path="/", handler=documented, methods=frozenset(), summary="own").summary == "own"

import json
from textwrap import dedent

import pytest

from hawkapi.di import Container, Depends
from hawkapi.di.introspection import container_graph, to_mermaid


class Database: ...


class Session: ...


class Report: ...


def make_database(): ...


@pytest.fixture
def container():
    container = Container()
    container.singleton(Database, factory=make_database)
    container.singleton(Database, name="replica", factory=make_database)
    container.scoped(Session, factory=lambda a=Depends(Database), b=Depends(Database, name="replica"), c=4: ...)
    container.transient(Report, factory=lambda session=Depends(Session), again=Depends(Session): ...)
    return container


def test_the_graph_tells_all_providers_and_what_they_need(container):
    graph = container_graph(container)
    assert list(graph) == ["Database", "Database[replica]", "Session", "Report"]
    assert graph["Database"] == {
        "lifecycle": "singleton",
        "factory": repr(make_database),
        "name": None,
        "dependencies": [],
    }
    assert graph["Database[replica]"]["name"] == "replica"
    assert graph["Session"]["dependencies"] == ["Database", "Database[replica]"]
    assert graph["Report"]["dependencies"] == ["Session"]
    assert json.loads(json.dumps(graph)) == graph


def test_the_picture_has_a_node_for_each_and_an_arrow_for_each_need(container):
    assert to_mermaid(container) == dedent("""\
        graph TD
            Database(["Database<br/>singleton"])
            Database_replica(["Database[replica]<br/>singleton"])
            Session[["Session<br/>scoped"]]
            Report(("Report<br/>transient"))
            Session --> Database
            Session --> Database_replica
            Report --> Session""")


def test_nothing_is_told_of_an_empty_container():
    assert container_graph(Container()) == {}
    assert to_mermaid(Container()) == "graph TD"


def test_names_are_escaped_for_the_picture():
    container = Container()
    end, german = type("End", (), {}), type("Größe", (), {})
    for service_type, name in [
        (end, None),
        (german, None),
        ("数据", None),
        (Session, 'a"] --> <b>'),
        (dict[str, int], None),
    ]:
        container.singleton(service_type, name=name, factory=object)
    assert to_mermaid(container).splitlines()[1:] == [
        '    End_(["End<br/>singleton"])',
        '    Gr_e(["Größe<br/>singleton"])',
        '    service(["#39;数据#39;<br/>singleton"])',
        '    Session_a_b(["Session[a#34;] #45;#45;#62; #60;b#62;]<br/>singleton"])',
        '    dict_str_int(["dict[str, int]<br/>singleton"])',
    ]


def test_types_of_the_same_name_are_told_apart():
    container = Container()
    for module in ("models", "schemas", "schemas", "schemas"):
        container.singleton(type("User", (), {"__module__": module}), factory=object)
    assert list(container_graph(container)) == ["models.User", "schemas.User", "schemas.User_2", "schemas.User_3"]
    assert [line.strip().partition("(")[0] for line in to_mermaid(container).splitlines()[1:]] == [
        "models_User",
        "schemas_User",
        "schemas_User_2",
        "schemas_User_3",
    ]


def test_a_container_with_mistakes_is_told_as_well():
    container = Container()
    container.scoped(Session, factory=lambda session=Depends(Session), missing=Depends(Database): ...)
    container.scoped(dict, factory=dict)
    assert container_graph(container)["Session"]["dependencies"] == ["Session"]
    assert container_graph(container)["dict"]["dependencies"] == []

import pytest

from hawkapi.cli.target import TargetError, load_asgi
from tests.cli.project import APP


@pytest.fixture
def folder(project, monkeypatch):
    monkeypatch.syspath_prepend(project)
    (project / "main.py").write_text(APP)
    return project


def refusal(reference):
    with pytest.raises(TargetError) as error:
        load_asgi(reference)
    return str(error.value)


def test_an_app_is_found_by_module_and_attribute(folder):
    assert load_asgi("main:app").title == "HawkAPI"
    assert load_asgi("main:plain").__name__ == "plain"


@pytest.mark.parametrize("reference", ["app", "", ":", "main:", ":app", "main:app:more", "main:app()", "main.py"])
def test_a_malformed_reference_is_told_the_format(reference):
    assert refusal(reference) == (
        f"invalid app reference '{reference}'. Expected format: module:attribute (e.g. main:app)"
    )


@pytest.mark.parametrize("module", ["nope", "nope.main", "..nope", "main.nope"])
def test_a_module_that_is_not_there_is_named(module, folder):
    assert refusal(f"{module}:app").startswith(f"could not import module '{module}': ")


def test_an_attribute_that_is_not_there_is_named(folder):
    assert refusal("main:nope") == "module 'main' has no attribute 'nope'"


@pytest.mark.parametrize(
    ("attribute", "kind"),
    [("number", "of type int"), ("Shout", "the class Shout"), ("make_app", "of type function")],
)
def test_what_is_no_app_is_refused_by_its_kind(attribute, kind, folder):
    assert refusal(f"main:{attribute}") == f"'main:{attribute}' is not an ASGI app but {kind}"


def test_an_error_of_the_module_is_one_line_with_its_place(folder):
    (folder / "broken.py").write_text("value = 1\n1 / 0\n")
    place = folder / "broken.py"
    assert refusal("broken:app") == f"could not import module 'broken': ZeroDivisionError: division by zero ({place}:2)"


def test_a_syntax_error_says_where_it_is(folder):
    (folder / "broken.py").write_text("def f(:\n")
    assert refusal("broken:app") == "could not import module 'broken': invalid syntax (broken.py, line 1)"


def test_a_module_that_exits_is_an_error_too(folder):
    (folder / "quitter.py").write_text("raise SystemExit('bye')")
    assert "SystemExit: bye" in refusal("quitter:app")


def test_an_import_inside_the_module_that_fails_names_what_is_missing(folder):
    (folder / "needy.py").write_text("import no_such_library")
    assert refusal("needy:app") == "could not import module 'needy': No module named 'no_such_library'"

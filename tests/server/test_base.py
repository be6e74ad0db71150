import sys

import pytest

from hawkapi._errors import MissingExtraError
from hawkapi.server.base import BACKENDS, SERVERS, BackendError, choose, require


@pytest.mark.parametrize(
    ("server", "backend", "chosen"),
    [
        ("auto", "auto", ("uvicorn", "uvloop")),
        ("auto", "asyncio", ("uvicorn", "asyncio")),
        ("auto", "uvloop", ("uvicorn", "uvloop")),
        ("auto", "trio", ("anycorn", "trio")),
        ("uvicorn", "auto", ("uvicorn", "uvloop")),
        ("anycorn", "auto", ("anycorn", "trio")),
        ("granian", "auto", ("granian", "uvloop")),
        ("granian", "asyncio", ("granian", "asyncio")),
    ],
)
def test_what_is_left_open_is_chosen(server, backend, chosen):
    assert choose(server, backend) == chosen


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_has_a_server(backend):
    server, _ = choose(backend=backend)
    assert backend in SERVERS[server].backends


@pytest.mark.parametrize(
    ("server", "backend", "able"), [("granian", "trio", "uvloop, asyncio"), ("anycorn", "uvloop", "trio")]
)
def test_a_pair_that_does_not_fit_is_an_error_that_says_what_does(server, backend, able):
    with pytest.raises(BackendError, match=f"'{server}' does not run the backend '{backend}', but {able}"):
        choose(server, backend)


@pytest.mark.parametrize(
    ("server", "backend", "library", "extra"),
    [
        ("auto", "auto", "uvicorn", "uvicorn"),
        ("auto", "uvloop", "uvloop", "uvicorn"),
        ("auto", "trio", "trio", "trio"),
        ("auto", "trio", "anycorn", "trio"),
        ("granian", "auto", "granian", "granian"),
    ],
)
def test_a_missing_library_names_the_extra_that_brings_it(server, backend, library, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'hawkapi\[{extra}\]'"):
        choose(server, backend)


def test_asyncio_is_taken_where_uvloop_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert choose() == ("uvicorn", "asyncio")


def test_a_missing_library_names_the_feature_that_wanted_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(MissingExtraError, match=r"^Reloading needs the 'standard' extra"):
        require("Reloading", "watchfiles")

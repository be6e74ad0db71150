import sys

import pytest

from hawkapi._errors import MissingExtraError
from hawkapi.server.base import BACKENDS, require_backend, require_libraries


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_of_the_table_can_be_had_with_the_development_extra(backend):
    require_backend(backend)


@pytest.mark.parametrize(
    ("backend", "library", "extra"),
    [
        ("auto", "uvicorn", "uvicorn"),
        ("asyncio", "uvicorn", "uvicorn"),
        ("uvloop", "uvloop", "uvicorn"),
        ("trio", "trio", "trio"),
        ("trio", "anycorn", "trio"),
    ],
)
def test_a_missing_server_names_the_extra_that_brings_it(backend, library, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'hawkapi\[{extra}\]'"):
        require_backend(backend)


def test_a_missing_library_names_the_feature_that_wanted_it():
    with pytest.raises(MissingExtraError, match=r"^Reloading needs the 'standard' extra"):
        require_libraries("Reloading", ["no_such_library_anywhere"], "standard")

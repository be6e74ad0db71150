"""What is wrong with dependencies is told when the app is sealed."""

from typing import Annotated

import pytest

from hawkapi._errors import SealError
from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.security.base import SecurityScheme


def mistakes_of(handler):
    app = HawkAPI()
    app.get("/")(handler)
    with pytest.raises(SealError) as found:
        app.seal()
    return found.value.mistakes


class SyncScheme(SecurityScheme):
    openapi_scheme = {"type": "http", "scheme": "bearer"}  # noqa: RUF012  # nobody changes it

    def __call__(self, request):
        return "token"


def test_a_scheme_that_is_not_awaited_is_a_mistake():
    async def handler(token: Annotated[str, Depends(SyncScheme())]): ...

    (mistake,) = mistakes_of(handler)
    assert "the security scheme SyncScheme (tests/routing/test_dependencies.py:" in mistake
    assert "make it async" in mistake


def test_a_dependency_whose_annotations_cannot_be_read_is_named_with_its_place():
    async def unreadable(x: "Nowhere"): ...  # noqa: F821  # that is the mistake

    async def handler(found: Annotated[str, Depends(unreadable)]): ...

    (mistake,) = mistakes_of(handler)
    assert "handler (tests/routing/test_dependencies.py:" in mistake
    assert "unreadable (tests/routing/test_dependencies.py:" in mistake
    assert "name 'Nowhere' is not defined" in mistake


def test_a_type_must_come_from_somewhere():
    async def handler(found=Depends()): ...

    (mistake,) = mistakes_of(handler)
    assert mistake.endswith("parameter 'found': Depends() takes the type from the annotation, and there is none")


def test_a_named_service_that_nobody_provides_is_asked_for_with_its_name():
    async def handler(found: Annotated[int, Depends(name="main")]): ...

    (mistake,) = mistakes_of(handler)
    assert "No provider for int named 'main'; " in mistake
    assert mistake.endswith("container.scoped(int, factory=..., name='main')")


def test_a_mistake_further_in_tells_the_way_to_it():
    async def inner(**options): ...

    async def outer(found: Annotated[str, Depends(inner)]): ...

    async def handler(found: Annotated[str, Depends(outer)]): ...

    (mistake,) = mistakes_of(handler)
    assert "through outer (tests/routing/test_dependencies.py:" in mistake
    assert ": inner (tests/routing/test_dependencies.py:" in mistake

"""Guards that are passed by in silence at c546bd9."""

from dataclasses import dataclass
from typing import Annotated

import pytest

from hawkapi._errors import SealError
from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.validation.constraints import Header
from tests.asgi import call


def user():
    return "ada"


def guard():
    raise HTTPException(403)


async def two_in_an_annotation(x: Annotated[str, Depends(user), Depends(guard)]): ...


async def an_annotation_and_a_default(x: Annotated[str, Depends(guard)] = Depends(user)): ...


async def in_a_wider_union(x: Annotated[str, Depends(guard)] | int | None = None): ...


async def a_marker_uncalled(x: Annotated[str, Header] = "d"): ...


@pytest.mark.parametrize(
    "handler", [two_in_an_annotation, an_annotation_and_a_default, in_a_wider_union, a_marker_uncalled]
)
def test_it_is_a_mistake(handler):
    app = HawkAPI()
    app.get("/")(handler)
    with pytest.raises(SealError):
        app.seal()


@dataclass
class Account:
    name: str


async def test_an_optional_service_is_not_made_of_the_body():
    app = HawkAPI(container=Container())
    app.container.singleton(Account, factory=lambda: Account("ours"))

    @app.post("/")
    async def handler(account: Account | None = None):
        return account.name

    assert (await call(app, "POST", "/", body=b'{"name":"theirs"}')).json() == "ours"


class Service: ...


def test_an_optional_class_that_nobody_provides_is_named_with_the_fix():
    app = HawkAPI()

    @app.get("/")
    async def handler(service: Service | None = None): ...

    with pytest.raises(SealError, match="No provider for Service; register it"):
        app.seal()

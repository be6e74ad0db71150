"""What somebody wrote to be asked is asked, or is a mistake at the seal: nothing is passed by in silence."""

from typing import Annotated, Any, Optional

import pytest

from hawkapi._errors import SealError
from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends, Security
from hawkapi.exceptions import HTTPException
from hawkapi.pagination import CursorParams, PaginationParams
from hawkapi.routing.router import Router
from hawkapi.security.http_bearer import HTTPBearer
from hawkapi.validation.constraints import Header
from tests.asgi import call


def current_user():
    return "ada"


def guard():
    raise HTTPException(403)


class Service: ...


def serving(handler, **options):
    app = HawkAPI(container=Container())
    app.get("/", **options)(handler)
    return app


def mistake_of(app):
    with pytest.raises(SealError) as found:
        app.seal()
    (mistake,) = found.value.mistakes
    return mistake


# Optional annotations

OPTIONAL_USER = [
    Annotated[str, Depends(current_user)] | None,
    Optional[Annotated[str, Depends(current_user)]],  # noqa: UP045 - both spellings
    Annotated[Annotated[str, Depends(current_user)] | None, "of the app"],
]


@pytest.mark.parametrize("annotation", OPTIONAL_USER)
async def test_a_dependency_in_an_optional_annotation_is_asked_and_not_the_client(annotation):
    async def handler(user: annotation = None):
        return user

    assert (await call(serving(handler), "GET", "/", query=b"user=eve")).json() == "ada"


@pytest.mark.parametrize("annotation", OPTIONAL_USER)
async def test_it_is_asked_without_a_default_value_too(annotation):
    async def handler(user: annotation):
        return user

    assert (await call(serving(handler), "GET", "/", query=b"user=eve")).json() == "ada"


async def test_a_guard_in_an_optional_annotation_refuses():
    async def handler(found: Annotated[None, Depends(guard)] | None = None):
        """Is not called."""

    assert (await call(serving(handler), "GET", "/")).status == 403


async def test_a_service_in_an_optional_annotation_is_found():
    async def handler(service: Annotated[Service, Depends()] | None = None):
        return service is not None

    app = serving(handler)
    app.container.singleton(Service, factory=Service)
    assert (await call(app, "GET", "/")).json() is True


async def test_dependencies_may_have_optional_annotations_of_their_own():
    def shouted(user: Annotated[str, Depends(current_user)] | None = None):
        return user.upper()

    async def handler(user: Annotated[str, Depends(shouted)]):
        return user

    assert (await call(serving(handler), "GET", "/", query=b"user=eve")).json() == "ADA"


@pytest.mark.parametrize(
    "annotation",
    [Annotated[str, Header()] | None, Optional[Annotated[str, Header()]]],  # noqa: UP045 - both spellings
)
async def test_a_header_in_an_optional_annotation_is_a_header(annotation):
    async def handler(x_key: annotation = None):
        return [x_key]

    app = serving(handler)
    assert (await call(app, "GET", "/", query=b"x_key=q", headers=[("x-key", "h")])).json() == ["h"]
    assert (await call(app, "GET", "/", query=b"x_key=q")).json() == [None]


# Lists of dependencies


def of_the_route(dependencies):
    app = HawkAPI(container=Container())
    app.get("/", dependencies=dependencies)(current_user)
    return app


def of_the_router(dependencies):
    app, router = HawkAPI(container=Container()), Router(dependencies=dependencies)
    router.get("/")(current_user)
    app.include_router(router)
    return app


def of_the_app(dependencies):
    app = HawkAPI(container=Container(), dependencies=dependencies)
    app.get("/")(current_user)
    return app


def of_a_websocket(dependencies):
    app = HawkAPI(container=Container())

    @app.websocket("/", dependencies=dependencies)
    async def handler(ws):
        """Is not called."""

    return app


everywhere = pytest.mark.parametrize("declared", [of_the_route, of_the_router, of_the_app, of_a_websocket])


@everywhere
def test_a_name_that_nobody_is_registered_under_is_a_mistake(declared):
    mistake = mistake_of(declared([Depends(guard, name="typo")]))
    assert "dependencies: No provider for guard" in mistake
    assert "named 'typo'" in mistake


@everywhere
def test_a_depends_without_a_dependency_is_a_mistake(declared):
    assert "dependencies: Depends() takes the type from the annotation, and there is none" in mistake_of(
        declared([Depends()])
    )


# Classes of security schemes


@everywhere
def test_the_class_of_a_scheme_is_a_mistake(declared):
    mistake = mistake_of(declared([Depends(HTTPBearer)]))
    assert "Depends(HTTPBearer (" in mistake
    assert mistake.endswith("asks nobody: write Depends(HTTPBearer(...))")


def test_the_class_of_a_scheme_as_a_parameter_is_a_mistake():
    async def handler(token: Annotated[Any, Depends(HTTPBearer)]):
        """Is not called."""

    assert mistake_of(serving(handler)).endswith("asks nobody: write Depends(HTTPBearer(...))")


# Two things at once, and half a thing


async def two_marks(x: Annotated[str, Header(), Depends(guard)] = "d"):
    """Is not called."""


async def a_marker_and_a_default(x: Annotated[str, Header()] = Depends(guard)):
    """Is not called."""


async def a_dependency_and_a_default(x: Annotated[str, Depends(guard)] = Header()):
    """Is not called."""


@pytest.mark.parametrize("handler", [two_marks, a_marker_and_a_default, a_dependency_and_a_default])
def test_a_part_of_the_request_and_a_dependency_at_once_is_a_mistake(handler):
    assert mistake_of(serving(handler)).endswith(
        "parameter 'x': one Depends(...) or one part of the request, not both or two"
    )


async def annotated_uncalled(x: Annotated[int, Depends] = 0):
    """Is not called."""


async def annotated_security_uncalled(x: Annotated[int, Security] = 0):
    """Is not called."""


async def default_uncalled(x: Annotated[int, "a number"] = Depends):
    """Is not called."""


@pytest.mark.parametrize("handler", [annotated_uncalled, annotated_security_uncalled, default_uncalled])
def test_a_depends_that_was_not_called_is_a_mistake(handler):
    assert "(...), the class alone asks for nothing" in mistake_of(serving(handler))


# What has a meaning by its type alone


@pytest.mark.parametrize(
    ("params", "given"), [(PaginationParams, PaginationParams(size=3)), (CursorParams, CursorParams(limit=3))]
)
async def test_a_dependency_that_gives_pages_is_asked_for_them(params, given):
    def mine():
        return given

    async def handler(params: Annotated[params, Depends(mine)]):
        return params.limit

    assert (await call(serving(handler), "GET", "/", query=b"size=9&limit=9")).json() == 3

"""HEAD runs all that GET runs, and sends no body."""

from typing import Annotated

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.security.http_bearer import HTTPBearer
from tests.asgi import call
from tests.dependencies.cleanup import KINDS, STYLES, declare, logged


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", STYLES)
async def test_dependencies_run_and_are_closed(style, kind):
    app, log = HawkAPI(), []
    declare(app, style, lambda: "abc", dependencies=[Depends(logged(log, "a", kind))])
    got, head = await call(app, "GET", "/"), await call(app, "HEAD", "/")
    assert log == ["a opened", "a committed"] * 2
    assert (head.status, head.body) == (200, b"")
    assert head.headers == got.headers


async def test_a_dependency_refuses_it():
    app = HawkAPI()

    async def refuse():
        raise HTTPException(409)

    declare(app, "async", lambda: 1, dependencies=[Depends(refuse)])
    answer = await call(app, "HEAD", "/")
    assert (answer.status, answer.body) == (409, b"")


async def test_a_scheme_refuses_it():
    app = HawkAPI()

    @app.get("/")
    async def handler(credentials: Annotated[object, Depends(HTTPBearer())]):
        """Is not called."""

    answer = await call(app, "HEAD", "/")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_failed_commit_is_a_500():
    app = HawkAPI()
    declare(app, "async", lambda: 1, dependencies=[Depends(logged([], "a", fails=OSError()))])
    assert (await call(app, "HEAD", "/")).status == 500

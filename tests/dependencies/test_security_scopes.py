"""`Security(dep, scopes=[...])` and `SecurityScopes`: all scopes that are wanted on the way, outer ones first."""

from typing import Annotated

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends, Security, SecurityScopes
from hawkapi.exceptions import HTTPException
from hawkapi.security.oauth2 import OAuth2PasswordBearer
from tests.asgi import call
from tests.websocket.wire import CONNECT, Peer


async def wanted(scopes: SecurityScopes):
    return scopes.scopes


def sync_wanted(scopes: SecurityScopes):
    return scopes.scopes


@pytest.mark.parametrize("dependency", [wanted, sync_wanted])
async def test_a_dependency_is_told_the_scopes(dependency):
    app = HawkAPI()

    @app.get("/")
    async def handler(found: Annotated[list, Security(dependency, scopes=["a", "b"])]):
        return found

    assert (await call(app, "GET", "/")).json() == ["a", "b"]


async def test_they_are_one_text_too():
    app = HawkAPI()

    def dependency(scopes: SecurityScopes):
        return scopes.scope_str

    @app.get("/")
    async def handler(found=Security(dependency, scopes=["a", "b"])):
        return found

    assert (await call(app, "GET", "/")).json() == "a b"


async def test_there_are_none_without_security():
    app = HawkAPI()

    @app.get("/")
    async def handler(found: Annotated[list, Depends(wanted)]):
        return found

    assert (await call(app, "GET", "/")).json() == []


async def test_they_accumulate_along_the_chain():
    app = HawkAPI()

    def inner(scopes: SecurityScopes, found: Annotated[list, Security(wanted, scopes=["c"])]):
        return [scopes.scopes, found]

    def between(found: Annotated[list, Depends(inner)]):
        return found

    def outer(found: Annotated[list, Security(between, scopes=["b"])]):
        return found

    @app.get("/")
    async def handler(found: Annotated[list, Security(outer, scopes=["a"])]):
        return found

    assert (await call(app, "GET", "/")).json() == [["a", "b"], ["a", "b", "c"]]


async def test_those_of_another_way_do_not_count():
    app = HawkAPI()

    def left(found: Annotated[list, Security(wanted, scopes=["left"])]):
        return found

    def right(found: Annotated[list, Security(wanted, scopes=["right"])]):
        return found

    @app.get("/")
    async def handler(
        a: Annotated[list, Depends(left)],
        b: Annotated[list, Security(right, scopes=["top"])],
        c: Annotated[list, Depends(wanted)],
    ):
        return [a, b, c]

    assert (await call(app, "GET", "/")).json() == [["left"], ["top", "right"], []]


async def test_what_does_not_ask_for_them_is_shared_all_the_same():
    app, calls = HawkAPI(), []

    def token():
        calls.append(1)
        return len(calls)

    def user(scopes: SecurityScopes, found: Annotated[int, Depends(token)]):
        return [found, scopes.scopes]

    @app.get("/")
    async def handler(
        a: Annotated[list, Security(user, scopes=["a"])], b: Annotated[list, Security(user, scopes=["b"])]
    ):
        return [a, b]

    assert (await call(app, "GET", "/")).json() == [[1, ["a"]], [1, ["b"]]]


async def test_the_handler_may_ask_for_its_own():
    app = HawkAPI()

    @app.get("/")
    async def handler(scopes: SecurityScopes):
        return scopes.scopes

    assert (await call(app, "GET", "/")).json() == []


async def test_dependencies_of_a_route_may_want_some():
    app, found = HawkAPI(), []

    async def check(scopes: SecurityScopes):
        found.append(scopes.scopes)

    @app.get("/", dependencies=[Security(check, scopes=["admin"])])
    async def handler():
        """Does nothing."""

    assert (await call(app, "GET", "/")).status == 204
    assert found == [["admin"]]


async def test_a_scheme_may_stand_at_the_end_of_the_chain():
    app, granted = HawkAPI(), {"t1": ["items"], "t2": []}

    async def user(scopes: SecurityScopes, token: Annotated[str, Depends(OAuth2PasswordBearer("/token"))]):
        if not set(scopes.scopes) <= set(granted[token]):
            challenge = {"WWW-Authenticate": f'Bearer scope="{scopes.scope_str}"'}
            raise HTTPException(403, "Not enough permissions", headers=challenge)
        return token

    @app.get("/")
    async def handler(found: Annotated[str, Security(user, scopes=["items"])]):
        return found

    assert (await call(app, "GET", "/")).status == 401
    assert (await call(app, "GET", "/", headers=[("authorization", "Bearer t1")])).json() == "t1"
    answer = await call(app, "GET", "/", headers=[("authorization", "Bearer t2")])
    assert (answer.status, answer.headers["www-authenticate"]) == (403, 'Bearer scope="items"')


async def test_websockets_have_them_too():
    app, found = HawkAPI(), []

    @app.websocket("/ws")
    async def handler(ws, scopes: Annotated[list, Security(wanted, scopes=["chat"])]):
        found.append(scopes)
        await ws.accept()

    assert (await Peer(CONNECT).serve(app)).log == ["accept", "close 1000"]
    assert found == [["chat"]]

"""Contract 8: permissions."""

import pytest

from hawkapi import HawkAPI, HTTPException, PermissionPolicy, Request, Router
from tests.asgi import call, http_scope
from tests.websocket.wire import CONNECT, DENIAL, Peer


def get_user_permissions(request):
    return request.headers.get("x-permissions", "").split()


def having(*permissions):
    return [("x-permissions", " ".join(permissions))]


async def test_the_example():
    app = HawkAPI()
    app.permission_policy = PermissionPolicy(resolver=get_user_permissions, mode="all")  # "any" = at least one

    @app.get("/admin", permissions=["admin:read"])
    async def admin_panel():
        return {"secret": "data"}

    assert (await call(app, "GET", "/admin", headers=having("admin:read"))).json() == {"secret": "data"}
    answer = await call(app, "GET", "/admin", headers=having("other"))
    assert (answer.status, answer.json()["detail"]) == (403, "Insufficient permissions. Missing: admin:read")


REQUEST = Request(http_scope("GET", "/"), None)


async def refused(policy, *permissions):
    with pytest.raises(HTTPException) as found:
        await policy.check(REQUEST, list(permissions))
    return found.value.status_code, found.value.detail


async def test_all_names_what_is_missing():
    policy = PermissionPolicy(lambda request: ["b"])
    assert await refused(policy, "a", "b", "c") == (403, "Insufficient permissions. Missing: a, c")
    await policy.check(REQUEST, ["b"])


async def test_any_needs_one_and_tells_the_plain_text():
    policy = PermissionPolicy(lambda request: ["b"], mode="any")
    assert await refused(policy, "a", "c") == (403, "Insufficient permissions")
    await policy.check(REQUEST, ["a", "b"])


async def test_status_and_text_may_be_others():
    policy = PermissionPolicy(lambda request: [], error_status=404, error_detail="Nothing here", mode="any")
    assert await refused(policy, "a") == (404, "Nothing here")


def test_another_mode_is_refused():
    with pytest.raises(ValueError, match="mode must be 'all' or 'any'"):
        PermissionPolicy(lambda request: [], mode="some")


async def failing(request):
    raise LookupError


async def giving(request):
    return {"a"}


def generating(request):
    yield "a"


@pytest.mark.parametrize(
    ("resolver", "grants"),
    [
        (giving, True),
        (generating, True),
        (lambda request: ["a"], True),
        (lambda request: frozenset({"a"}), True),
        (lambda request: None, False),
        (lambda request: 1 / 0, False),
        (failing, False),
    ],
)
async def test_who_grants(resolver, grants):
    app = HawkAPI()
    app.permission_policy = PermissionPolicy(resolver)

    @app.get("/", permissions=["a"])
    async def handler():
        return 1

    assert (await call(app, "GET", "/")).status == (200 if grants else 403)


async def test_head_is_checked_too():
    app = HawkAPI()
    app.permission_policy = PermissionPolicy(get_user_permissions)

    @app.get("/", permissions=["a"])
    async def handler():
        return 1

    assert (await call(app, "HEAD", "/")).status == 403
    assert (await call(app, "HEAD", "/", headers=having("a"))).status == 200


async def test_those_of_routers_add_up():
    app, router = HawkAPI(), Router(permissions=["outer"])
    app.permission_policy = PermissionPolicy(get_user_permissions)

    @router.get("/", permissions=["inner"])
    async def handler():
        return 1

    app.include_router(router)
    assert app.routes[0].permissions == ["outer", "inner"]
    found = [await call(app, "GET", "/", headers=having(*names)) for names in ([], ["outer"], ["inner"])]
    assert [answer.status for answer in found] == [403] * 3
    assert (await call(app, "GET", "/", headers=having("outer", "inner"))).status == 200


async def test_a_policy_may_be_set_and_taken_away_while_the_app_serves():
    app = HawkAPI()

    @app.get("/", permissions=["a"])
    async def handler():
        return 1

    found = [(await call(app, "GET", "/")).status]
    app.permission_policy = policy = PermissionPolicy(lambda request: ["a"])
    assert app.permission_policy is policy
    found.append((await call(app, "GET", "/")).status)
    app.permission_policy = None
    found.append((await call(app, "GET", "/")).status)
    assert found == [403, 200, 403]


async def test_without_a_policy_the_route_is_closed_and_an_error_is_logged(caplog):
    app = HawkAPI()

    @app.get("/", permissions=["a"])
    async def handler():
        """Is not called."""

    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()["detail"]) == (403, "Insufficient permissions")
    assert "ERROR" in [record.levelname for record in caplog.records]


async def test_a_websocket_is_checked_before_the_accept():
    app = HawkAPI()
    app.permission_policy = PermissionPolicy(get_user_permissions)

    @app.websocket("/ws", permissions=["chat"])
    async def handler(ws):
        await ws.accept()

    assert (await Peer(CONNECT).serve(app, headers=[])).log == ["close 4003"]
    assert (await Peer(CONNECT).serve(app, headers=[], extensions=DENIAL)).log == ["answer 403"]
    peer = await Peer(CONNECT).serve(app, headers=[(b"x-permissions", b"chat")])
    assert peer.log == ["accept", "close 1000"]

"""What an app holds for its routes: the permission policy and the container."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.di.container import Container
from hawkapi.security.permissions import PermissionPolicy
from tests.asgi import call


class Policy:
    async def check(self, request, required): ...


def test_the_permission_policy_is_none_at_first_and_can_be_set_at_any_time():
    app = HawkAPI()
    assert app.permission_policy is None
    policy = app.permission_policy = Policy()
    assert app.permission_policy is policy
    app.permission_policy = None
    assert app.permission_policy is None


@pytest.mark.parametrize("policy", [print, Policy.check, "admin"])
def test_what_cannot_check_is_no_policy(policy):
    with pytest.raises(TypeError, match=r"^permission_policy must be a PermissionPolicy or None, .* has no check\(\)$"):
        HawkAPI().permission_policy = policy


async def test_a_policy_that_is_set_while_the_app_is_served_counts_from_the_next_request_on():
    app = HawkAPI()

    @app.get("/admin", permissions=["admin"])
    async def admin():
        return {}

    assert (await call(app, "GET", "/admin")).status == 403
    app.permission_policy = PermissionPolicy(lambda request: ["admin"])
    assert (await call(app, "GET", "/admin")).status == 200


def test_the_container_is_the_one_given():
    container = Container()
    assert HawkAPI(container=container).container is container


def test_without_one_there_is_a_container_of_its_own_always_the_same():
    app = HawkAPI()
    assert isinstance(app.container, Container)
    assert app.container is app.container
    assert app.container is not HawkAPI().container


@pytest.mark.parametrize("what", [Container, {}, False])
def test_what_is_no_container_is_refused(what):
    with pytest.raises(TypeError, match=r"^container must be a Container, not"):
        HawkAPI(container=what)

import threading
from enum import StrEnum
from functools import partial

import pytest
from anyio import CancelScope, fail_after, get_cancelled_exc_class, sleep_forever

from hawkapi.exceptions import HTTPException
from hawkapi.requests.context import RequestContext
from hawkapi.requests.errors import BadRequest, MalformedBody
from hawkapi.runtime.runtime import Runtime
from hawkapi.security.permissions import PermissionPolicy
from tests.security_schemes.connections import KINDS, request

PLAIN = "Insufficient permissions"


def granting(*permissions, **options):
    return PermissionPolicy(lambda request: permissions, **options)


async def refusal(policy, *required, connection=None):
    with pytest.raises(HTTPException) as caught:
        await policy.check(connection or request(), required)
    return caught.value.status_code, caught.value.detail


@pytest.mark.parametrize("connect", KINDS)
async def test_the_resolver_gets_the_connection_whether_it_is_sync_or_async(connect):
    seen = []

    def sync(connection):
        seen.append(connection)
        return ["a"]

    async def asynchronous(connection):
        return sync(connection)

    class Called:
        async def __call__(self, connection):
            return sync(connection)

    connection = connect()
    for resolver in [sync, asynchronous, Called(), partial(asynchronous)]:
        policy = PermissionPolicy(resolver)
        await policy.check(connection, ["a"])
        assert (await refusal(policy, "b", connection=connection))[0] == 403
    assert len(seen) == 8
    assert all(each is connection for each in seen)


async def test_all_of_them_are_needed_and_what_is_missing_is_told_in_order():
    policy = granting("b")
    await policy.check(request(), ["b"])
    assert await refusal(policy, "c", "b", "a") == (403, f"{PLAIN}. Missing: c, a")
    assert await refusal(policy, "a", "a", "c", "a") == (403, f"{PLAIN}. Missing: a, c")


async def test_any_of_them_is_enough_and_nothing_is_told():
    policy = granting("b", mode="any")
    await policy.check(request(), ["a", "b"])
    assert await refusal(policy, "a", "c") == (403, PLAIN)
    assert await refusal(policy, "a", "a") == (403, PLAIN)


@pytest.mark.parametrize("mode", ["all", "any"])
async def test_where_nothing_is_required_nobody_is_asked(mode):
    def resolver(request):
        raise AssertionError("asked")

    await PermissionPolicy(resolver, mode=mode).check(request(), [])


async def test_status_and_text_of_the_refusal_are_settings():
    assert await refusal(granting(error_status=404, error_detail="No"), "a") == (404, "No. Missing: a")
    assert await refusal(granting(error_status=404, error_detail="No", mode="any"), "a") == (404, "No")


def test_what_it_was_made_of_can_be_read():
    policy = PermissionPolicy(len, mode="any", error_status=451, error_detail="No")
    assert (policy.resolver, policy.mode) == (len, "any")
    assert (policy.error_status, policy.error_detail) == (451, "No")


@pytest.mark.parametrize("mode", ["some", "", None, "ALL"])
def test_another_mode_is_a_value_error(mode):
    with pytest.raises(ValueError, match="mode must be 'all' or 'any'"):
        granting(mode=mode)


@pytest.mark.parametrize("status", [0, 200, 399, 600])
def test_a_status_that_is_no_error_is_a_value_error(status):
    with pytest.raises(ValueError, match=f"error_status must be within 400..599, not {status}"):
        granting(error_status=status)


class Right(StrEnum):
    READ = "read"


@pytest.mark.parametrize("found", [["read"], ("read",), {"read"}, {"read": 1}, frozenset(["read", 7]), [Right.READ]])
async def test_any_iterable_grants_what_is_in_it(found):
    policy = PermissionPolicy(lambda request: found)
    await policy.check(request(), ["read"])
    await policy.check(request(), [Right.READ])
    assert (await refusal(policy, "rea"))[0] == 403


async def test_a_sync_resolver_runs_in_a_worker_thread_to_its_end():
    threads = []

    def resolver(request):
        threads.append(threading.get_ident())
        yield "a"
        threads.append(threading.get_ident())

    await PermissionPolicy(resolver).check(request(), ["a"])
    assert len(threads) == 2
    assert threading.get_ident() not in threads


async def test_it_takes_a_thread_of_the_apps_handlers():
    class App:
        made = Runtime()

        def runtime(self):
            return self.made

    used = []

    def resolver(connection):
        used.append(App.made.handlers.borrowed_tokens)
        return ["a"]

    connection = request()
    connection.scope["hawkapi"] = RequestContext(App())
    await PermissionPolicy(resolver).check(connection, ["a"])
    assert used == [1]


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("x"), StopIteration(), TimeoutError(), ExceptionGroup("x", [OSError()])]
)
@pytest.mark.parametrize("mode", ["all", "any"])
async def test_a_resolver_that_fails_grants_nothing_and_is_logged_once(error, mode, caplog):
    def resolver(request):
        raise error

    async def asynchronous(request):
        raise error

    for fn in [resolver, asynchronous]:
        caplog.clear()
        assert (await refusal(PermissionPolicy(fn, mode=mode), "a"))[0] == 403
        (record,) = caplog.records
        assert (record.levelname, record.name) == ("ERROR", "hawkapi")
        assert f"The permission resolver {fn.__name__} (" in record.getMessage()
        assert record.exc_info[1] is not None


@pytest.mark.parametrize(
    "found", [None, 7, "read", "", object(), [["read"]]], ids=["None", "number", "text", "empty", "object", "nested"]
)
@pytest.mark.parametrize("mode", ["all", "any"])
async def test_what_is_no_iterable_of_permissions_grants_nothing_and_is_logged_once(found, mode, caplog):
    async def asynchronous(request):
        return found

    for resolver in [lambda request: found, asynchronous]:
        caplog.clear()
        assert (await refusal(PermissionPolicy(resolver, mode=mode), "read"))[0] == 403
        (record,) = caplog.records
        assert record.levelname == "ERROR"


async def test_the_log_names_what_was_given_instead(caplog):
    async def nobody(request):
        return None

    await refusal(PermissionPolicy(nobody), "a")
    assert "nobody (" in caplog.text
    assert "gave NoneType, no iterable of permissions" in caplog.text


async def test_an_iterable_that_fails_half_way_grants_nothing(caplog):
    def resolver(request):
        yield "a"
        raise ValueError

    assert (await refusal(PermissionPolicy(resolver), "a"))[0] == 403
    assert len(caplog.records) == 1


@pytest.mark.parametrize("error", [HTTPException(401, "Who are you?"), BadRequest("bad"), MalformedBody("$", "bad")])
async def test_what_answers_the_request_passes_and_is_not_logged(error, caplog):
    def resolver(request):
        raise error

    async def asynchronous(request):
        raise error

    for fn in [resolver, asynchronous]:
        with pytest.raises(type(error)) as caught:
            await PermissionPolicy(fn).check(request(), ["a"])
        assert caught.value is error
    assert caplog.records == []


async def test_a_cancelled_resolver_is_no_failure(caplog):
    seen = []

    async def resolver(request):
        try:
            scope.cancel()
            await sleep_forever()
        except get_cancelled_exc_class():
            seen.append("cancelled")
            raise

    with fail_after(5), CancelScope() as scope:
        await PermissionPolicy(resolver).check(request(), ["a"])
    assert scope.cancelled_caught
    assert seen == ["cancelled"]
    assert caplog.records == []


async def test_the_resolver_is_asked_at_each_request():
    answers = iter([["a"], [], ["a"]])
    policy = PermissionPolicy(lambda request: next(answers))
    await policy.check(request(), ["a"])
    assert (await refusal(policy, "a"))[0] == 403
    await policy.check(request(), ["a"])

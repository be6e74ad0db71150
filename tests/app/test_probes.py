"""The probes in their plain form (contract 2.9, ops.md 1)."""

from threading import Event

import anyio
import pytest
from anyio import create_task_group

from hawkapi.app import builtin_routes
from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Threads
from hawkapi.testing.async_client import AsyncTestClient
from tests.asgi import call

PATHS = ["/healthz", "/readyz", "/livez", "/startupz"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/healthz", b'{"status":"ok"}'),
        ("/livez", b'{"status":"alive"}'),
        ("/readyz", b'{"status":"ready","checks":{}}'),
        ("/startupz", b'{"status":"started"}'),
    ],
)
async def test_an_app_without_checks_and_without_a_lifespan_is_ready(path, body):
    answer = await call(HawkAPI(), "GET", path)
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers == {
        "content-type": "application/json",
        "cache-control": "no-store",
        "content-length": str(len(body)),
    }


@pytest.mark.parametrize("path", PATHS)
async def test_head_gives_the_head_alone(path):
    app = HawkAPI()
    get, head = await call(app, "GET", path), await call(app, "HEAD", path)
    assert (head.status, head.headers, head.body) == (200, get.headers, b"")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
async def test_other_methods_are_not_allowed(path, method):
    answer = await call(HawkAPI(), method, path)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_trailing_slash_is_ignored():
    assert (await call(HawkAPI(), "GET", "/healthz/")).status == 200


@pytest.mark.parametrize("option", ["health_url", "readyz_url", "livez_url", "startupz_url"])
async def test_each_probe_can_be_moved_and_turned_off(option):
    usual = {"health_url": "/healthz", "readyz_url": "/readyz", "livez_url": "/livez", "startupz_url": "/startupz"}
    moved = HawkAPI(**{option: "/probe"})
    assert (await call(moved, "GET", "/probe")).status == 200
    assert (await call(moved, "GET", usual[option])).status == 404
    off = HawkAPI(**{option: None})
    statuses = {name: (await call(off, "GET", path)).status for name, path in usual.items()}
    assert statuses == {**dict.fromkeys(usual, 200), option: 404}


@pytest.mark.parametrize("url", ["healthz", "", "/{name}"])
async def test_a_url_that_is_no_plain_path_is_refused(url):
    with pytest.raises(ValueError, match="health_url is a path"):
        HawkAPI(health_url=url)


async def test_the_prefix_of_the_app_applies():
    app = HawkAPI(prefix="/api")
    assert (await call(app, "GET", "/api/readyz")).status == 200
    assert (await call(app, "GET", "/readyz")).status == 404


async def test_a_probe_may_be_the_root():
    assert (await call(HawkAPI(livez_url="/"), "GET", "/")).json() == {"status": "alive"}


def test_the_probes_are_routes_that_are_not_in_the_schema():
    routes = HawkAPI(prefix="/api", livez_url=None).routes
    assert [(route.path, route.name, route.include_in_schema) for route in routes] == [
        ("/api/healthz", "healthz", False),
        ("/api/readyz", "readyz", False),
        ("/api/startupz", "startupz", False),
    ]
    assert {route.methods for route in routes} == {frozenset({"GET", "HEAD"})}


async def test_a_route_of_the_app_on_that_path_goes_first_and_is_no_conflict():
    app = HawkAPI()

    @app.get("/healthz")
    async def own():
        return "mine"

    @app.post("/livez")
    async def also():
        return "mine too"

    assert (await call(app, "GET", "/healthz")).json() == "mine"
    assert (await call(app, "GET", "/livez")).json() == {"status": "alive"}
    assert (await call(app, "PUT", "/livez")).headers["allow"] == "GET, HEAD, POST"


def test_the_names_of_the_probes_are_free_for_url_for():
    app = HawkAPI()

    @app.get("/x", name="healthz")
    async def own():
        return "mine"

    assert app.url_for("healthz") == "/x"


async def test_probes_go_before_a_mount_at_the_root():
    app = HawkAPI()
    app.mount("/", HawkAPI(health_url="/other"))
    assert (await call(app, "GET", "/healthz")).status == 200
    assert (await call(app, "GET", "/other")).status == 200


# checks


def checked(**checks):
    app = HawkAPI()
    for name, check in checks.items():
        app.readiness_check(name)(check)
    return app


def failing():
    raise ConnectionError("postgres://user:secret@db")


async def test_checks_are_listed_in_order_of_registration():
    async def ping():
        return True

    answer = await call(checked(database=ping, cache=lambda: (True, "2 ms")), "GET", "/readyz")
    assert answer.status == 200
    assert answer.body == (
        b'{"status":"ready","checks":{"database":{"ok":true,"detail":"ok"},"cache":{"ok":true,"detail":"2 ms"}}}'
    )


async def test_one_failure_makes_it_not_ready_and_all_are_listed():
    answer = await call(checked(database=failing, cache=lambda: True, disk=lambda: 0), "GET", "/readyz")
    assert answer.status == 503
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "status": "not_ready",
        "checks": {
            "database": {"ok": False, "detail": "ConnectionError"},
            "cache": {"ok": True, "detail": "ok"},
            "disk": {"ok": False, "detail": "failed"},
        },
    }


async def test_the_other_probes_make_no_checks():
    app = checked(database=failing)
    assert {(await call(app, "GET", path)).status for path in ("/healthz", "/livez", "/startupz")} == {200}


async def test_a_check_that_hangs_has_failed(monkeypatch):
    run_checks = builtin_routes.run_checks
    monkeypatch.setattr(builtin_routes, "run_checks", lambda checks, limiter: run_checks(checks, limiter, 0))
    answer = await call(checked(database=anyio.sleep_forever), "GET", "/readyz")
    assert answer.status == 503
    assert answer.json()["checks"] == {"database": {"ok": False, "detail": "timeout after 0 s"}}


async def test_sync_checks_have_threads_of_their_own():
    """Handlers that hold all of theirs make no probe wait."""
    app = HawkAPI(threads=Threads(handlers=1))
    app.readiness_check("x")(lambda: True)
    held, free = anyio.Event(), Event()

    @app.get("/")
    def hold():
        anyio.from_thread.run_sync(held.set)
        free.wait(60)

    async with create_task_group() as group:
        group.start_soon(call, app, "GET", "/")
        await held.wait()
        try:
            assert (await call(app, "GET", "/readyz")).status == 200
        finally:
            free.set()


def test_the_decorator_gives_the_function_back():
    assert HawkAPI().readiness_check("x")(failing) is failing


@pytest.mark.parametrize("name", ["x", "lifecycle"])
def test_a_name_is_taken_once_and_lifecycle_is_the_app_s_own(name):
    app = checked(x=failing)
    with pytest.raises(ValueError, match="a readiness check"):
        app.readiness_check(name)(failing)


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ValueError, match="needs a name"):
        HawkAPI().readiness_check("No!")(failing)


async def test_checks_cannot_be_registered_after_the_seal():
    app = HawkAPI()
    app.seal()
    with pytest.raises(RuntimeError, match="A readiness check comes too late"):
        app.readiness_check("x")(failing)


async def test_a_check_may_be_registered_by_a_start_up_hook():
    app = HawkAPI()

    @app.on_startup
    def register():
        app.readiness_check("x")(lambda: True)

    async with AsyncTestClient(app) as client:
        assert (await client.get("/readyz")).json()["checks"] == {"x": {"ok": True, "detail": "ok"}}


# the lifecycle


async def probe(app, path="/readyz"):
    answer = await call(app, "GET", path)
    return answer.status, answer.json()


def not_ready(state):
    return 503, {"status": "not_ready", "checks": {"lifecycle": {"ok": False, "detail": state}}}


async def test_while_it_starts_an_app_is_alive_and_not_ready_and_not_started():
    app, seen = HawkAPI(), []

    @app.on_startup
    async def look():
        seen.extend([await probe(app), await probe(app, "/startupz"), await probe(app, "/livez")])

        @app.get("/late")  # a probe is no request that seals the app
        async def late():
            return "late"

    async with AsyncTestClient(app) as client:
        assert (await client.get("/late")).json() == "late"
    starting = {"status": "starting", "checks": {"lifecycle": {"ok": False, "detail": "starting"}}}
    assert seen == [not_ready("starting"), (503, starting), (200, {"status": "alive"})]


async def test_a_request_that_is_no_probe_is_served_while_the_app_starts():
    """A start-up hook may warm the app up."""
    app, seen = HawkAPI(), []

    @app.get("/warm")
    async def warm():
        return "warm"

    @app.on_startup
    async def call_itself():
        seen.append((await call(app, "GET", "/warm")).json())
        seen.append((await call(app, "POST", "/readyz")).status)
        assert app.lifecycle.state == "starting"

    async with AsyncTestClient(app):
        assert seen == ["warm", 405]
        assert app.lifecycle.state == "ready"


async def test_a_draining_app_is_not_ready_but_alive_and_started():
    app = checked(database=lambda: True)
    async with AsyncTestClient(app) as client:
        app.lifecycle.begin_drain()
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert list(answer.json()["checks"].items()) == [
            ("lifecycle", {"ok": False, "detail": "draining"}),
            ("database", {"ok": True, "detail": "ok"}),
        ]
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/startupz")).status_code == 200


async def test_an_app_whose_start_failed_is_neither_ready_nor_started(caplog):
    app = HawkAPI()

    @app.on_startup
    def fail():
        raise OSError("no database")

    with pytest.raises(RuntimeError, match="no database"):
        async with AsyncTestClient(app):
            raise AssertionError("not reached")
    assert await probe(app) == not_ready("failed")
    assert (await call(app, "GET", "/startupz")).status == 503
    assert (await call(app, "GET", "/livez")).status == 200


async def test_after_a_life_an_app_that_is_called_without_one_is_ready_again():
    app = HawkAPI()
    async with AsyncTestClient(app):
        pass
    assert await probe(app) == (200, {"status": "ready", "checks": {}})

"""Worker threads of an app: pools by name, and sync handlers that need none."""

from threading import Event, get_ident

import anyio
import pytest
from anyio import wait_all_tasks_blocked

from hawkapi._errors import SealError
from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Threads
from hawkapi.requests.request import Request
from tests.app.wire import exchange
from tests.asgi import call


def test_pools_are_declared_by_name_beside_those_that_always_exist():
    assert Threads(handlers=2, pools={"reports": 3}).sizes() == {
        "handlers": 2,
        "files": 8,
        "internal": 4,
        "cleanup": 4,
        "reports": 3,
    }


def test_a_pool_without_a_thread_is_refused():
    with pytest.raises(ValueError, match=r"Threads\(reports=\.\.\.\) needs at least 1 thread, not 0"):
        Threads(pools={"reports": 0})


@pytest.mark.parametrize("name", ["handlers", "pools"])
def test_a_pool_cannot_take_the_name_of_an_option(name):
    with pytest.raises(ValueError, match=f"cannot have a pool '{name}': it is an option of its own"):
        Threads(pools={name: 1})


async def test_a_handler_runs_in_the_pool_that_its_route_names():
    app, entered, release = HawkAPI(threads=Threads(pools={"reports": 1})), Event(), Event()

    @app.get("/", threads="reports")
    def handler():
        entered.set()
        release.wait(60)

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: exchange(app, "GET", "/"))
        await anyio.to_thread.run_sync(entered.wait)
        used = {name: pool.borrowed_tokens for name, pool in app.runtime().pools.items()}
        release.set()
    assert used == {"handlers": 0, "files": 0, "internal": 0, "cleanup": 0, "reports": 1}


async def test_starlette_1724_a_full_pool_does_not_keep_another_from_working():
    app, release = HawkAPI(threads=Threads(handlers=1, pools={"reports": 1})), Event()

    @app.get("/slow")
    def slow():
        release.wait(60)

    @app.get("/", threads="reports")
    def quick():
        return 1

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: exchange(app, "GET", "/slow"))
        await wait_all_tasks_blocked()
        answer = await call(app, "GET", "/")
        release.set()
    assert answer.body == b"1"


def sealing(**options):
    app = HawkAPI(threads=Threads(pools={"reports": 1}))

    def register(handler):
        app.get("/", **options)(handler)
        with pytest.raises(SealError) as caught:
            app.seal()
        return str(caught.value)

    return register


def test_a_pool_that_does_not_exist_is_a_mistake_that_names_the_known_ones():
    @sealing(threads="report")
    def text():
        """Does nothing."""

    assert "threads='report': there is no such pool, known are cleanup, files, handlers, internal, reports" in text
    assert "Threads(pools={'report': 4})" in text


def test_a_pool_for_an_async_handler_is_a_mistake():
    @sealing(threads="reports")
    async def text():
        """Does nothing."""

    assert "threads='reports': the handler runs in the event loop" in text


def test_a_pool_for_an_inline_handler_is_a_mistake():
    @sealing(threads="reports", sync="inline")
    def text():
        """Does nothing."""

    assert "threads='reports': the handler runs in the event loop" in text


async def test_fastapi_1306_an_inline_handler_runs_in_the_loop():
    app = HawkAPI()

    @app.get("/", sync="inline")
    def handler(n: int, request: Request):
        return [n, request.path, get_ident() == thread]

    thread = get_ident()
    assert (await call(app, "GET", "/", query=b"n=1")).json() == [1, "/", True]


async def test_the_errors_of_an_inline_handler_are_answered_as_any():
    app = HawkAPI()

    @app.get("/", sync="inline")
    def handler():
        raise LookupError

    assert (await call(app, "GET", "/")).status == 500


async def test_inline_changes_nothing_for_an_async_handler():
    app = HawkAPI()

    @app.get("/", sync="inline")
    async def handler():
        return 1

    assert (await call(app, "GET", "/")).body == b"1"

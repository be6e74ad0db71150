"""A thousand requests with failures everywhere: whatever was opened is closed exactly once, and nothing is left."""

import logging
import os
from random import Random, randrange

import pytest
from anyio import create_task_group, fail_after, get_running_tasks, to_thread, wait_all_tasks_blocked

from hawkapi.exceptions import HTTPException
from tests.asgi import http_scope
from tests.dependencies.chaos import FATE, Boom, Broken, Fate
from tests.dependencies.chaotic import PATHS, STREAMED, TIMED, chaotic

REQUESTS = 1000
AT_ONCE = 10
SEED = os.environ.get("HAWKAPI_LEAK_SEED")
"""To see a failure again: the seed that it has printed."""


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level(logging.CRITICAL + 1, "hawkapi")


async def live(app, fate, kind, method, path):
    """Send a request, and have its fate happen to it."""
    FATE.set(fate)
    scope = {"type": "websocket", "path": path} if kind == "websocket" else http_scope(method, path)
    receive = fate.receive_websocket if kind == "websocket" else fate.receive_http
    with fate.scope:
        try:
            await app(scope, receive, fate.send)
        except Broken:
            assert fate.broke
        except (Boom, HTTPException) as exc:
            if not fate.begun:  # a stream that has begun breaks off; nothing else leaves the app
                fate.wrong.append(f"{exc!r} left the app")
        else:
            if kind == "http" and not (fate.broke or fate.left.is_set() or fate.scope.cancel_called):
                check_answer(fate, path)


def check_answer(fate, path):
    if not fate.sent or fate.sent[-1].get("more_body", False):
        fate.wrong.append("there is no whole answer")
    elif fate.sent[0]["status"] < 300 and fate.failed_commits and path not in STREAMED:
        fate.wrong.append("a failed commit is a success")


def check(fate, path):
    """Have everything closed that the request has opened."""
    if any(resource.closes != 1 for resource in fate.resources) or fate.wrong:
        pytest.fail(f"{path} with the seed {fate.seed!r}: {fate.resources}, {fate.wrong}")


def drawn(seed):
    """Draw a request: its fate, and what it asks for."""
    random = Random(seed)
    path = random.choice([*PATHS, *TIMED, "/ws"])
    fate = Fate(seed, hangs=path in TIMED)
    if path == "/ws":
        return fate, "websocket", "GET", path
    return fate, "http", "POST" if path == "/mixed" else random.choice(["GET", "GET", "HEAD"]), path


async def all_back(runtime):
    """Wait until no worker thread is in use."""
    with fail_after(60):  # one that is never given back
        for pool in (runtime.handlers, runtime.cleanup, runtime.files, runtime.internal):
            while pool.borrowed_tokens:
                await to_thread.run_sync(int)


async def test_a_thousand_requests_close_whatever_they_open_exactly_once():
    seed = SEED or str(randrange(2**32))
    print(f"HAWKAPI_LEAK_SEED={seed}")  # noqa: T201 - pytest shows it with a failure
    app = chaotic()
    tasks = len(get_running_tasks())
    for i in range(0, REQUESTS, AT_ONCE):
        requests = [drawn(f"{seed}/{j}") for j in range(i, i + AT_ONCE)]
        async with create_task_group() as group:
            for request in requests:
                group.start_soon(live, app, *request)
        for fate, _, _, path in requests:
            if path not in TIMED:  # a thread that was abandoned there may still be at it
                check(fate, path)
        await all_back(app.runtime())
        for fate, _, _, path in requests:
            check(fate, path)
    await wait_all_tasks_blocked()
    assert len(get_running_tasks()) == tasks
    pools = app.runtime().handlers, app.runtime().cleanup
    assert [pool.statistics().in_use for pool in pools] == [0, 0]
    assert [pool.statistics().abandoned for pool in pools] == [0, 0]


@pytest.mark.parametrize("path", [*PATHS, "/ws"])
async def test_where_nothing_happens_every_route_answers(path):
    app, fate = chaotic(), Fate("calm")
    fate.chance = 0
    kind = "websocket" if path == "/ws" else "http"
    async with create_task_group() as group:
        group.start_soon(live, app, fate, kind, "POST" if path == "/mixed" else "GET", path)
    check(fate, path)
    assert fate.resources
    assert fate.sent[0].get("status", 200) == 200

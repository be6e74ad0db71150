"""Cleanup comes before the first byte of a buffered answer: a failed commit is no success."""

from typing import Annotated

import msgspec
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.background import BackgroundTasks
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.plugins import Plugin
from hawkapi.responses.json_response import JSONResponse
from tests.app.wire import Wire, exchange
from tests.asgi import call
from tests.dependencies.cleanup import KINDS, STYLES, declare, logged

each_style = pytest.mark.parametrize("style", STYLES)
each_kind = pytest.mark.parametrize("kind", KINDS)

INTERNAL = {
    "type": "https://hawkapi.ashimov.com/errors/internal",
    "title": "Internal Server Error",
    "status": 500,
    "detail": "Internal Server Error",
}


class LoggedWire(Wire):
    def __init__(self, log):
        super().__init__({"type": "http.request"})
        self.log = log

    async def send(self, message):
        self.log.append(message["type"])
        await super().send(message)


RESULTS = {"data": lambda: {"n": 1}, "nothing": lambda: None, "response": lambda: JSONResponse({"n": 1})}


@pytest.mark.parametrize("result", RESULTS)
@each_kind
@each_style
async def test_all_is_closed_before_the_first_byte(style, kind, result):
    app, log = HawkAPI(), []
    declare(app, style, RESULTS[result], dependencies=[Depends(logged(log, "a", kind))])
    await exchange(app, "GET", "/", wire=LoggedWire(log))
    assert log == ["a opened", "a committed", "http.response.start", "http.response.body"]


@each_kind
@each_style
async def test_all_is_closed_before_the_first_byte_of_an_error(style, kind):
    app, log = HawkAPI(), []

    def act():
        raise HTTPException(404)

    declare(app, style, act, dependencies=[Depends(logged(log, "a", kind))])
    await exchange(app, "GET", "/", wire=LoggedWire(log))
    assert log == ["a opened", "a HTTPException", "http.response.start", "http.response.body"]


@pytest.mark.parametrize("result", RESULTS)
@each_kind
@each_style
async def test_a_failed_commit_is_a_500(style, kind, result, caplog):
    app, log = HawkAPI(), []
    failing = logged(log, "a", kind, fails=OSError("disk full"))
    declare(app, style, RESULTS[result], dependencies=[Depends(failing)])
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()) == (500, INTERNAL)
    assert answer.headers["content-type"] == "application/problem+json"
    assert caplog.text.count("OSError: disk full") == 1


@each_kind
async def test_the_text_of_a_failed_commit_is_shown_in_debug_mode(kind):
    app = HawkAPI(debug=True)
    declare(app, "async", lambda: 1, dependencies=[Depends(logged([], "a", kind, fails=OSError("disk full")))])
    assert (await call(app, "GET", "/")).json()["detail"] == "disk full"


class Watching(Plugin):
    """Notes the exceptions that it is shown."""

    def __init__(self):
        self.seen = []

    def on_exception(self, request, exc):
        self.seen.append(exc)


@pytest.mark.parametrize("error", [OSError("disk full"), HTTPException(409)])
@each_kind
@each_style
async def test_plugins_are_shown_what_the_commit_has_raised(style, kind, error):
    app, plugin = HawkAPI(), Watching()
    app.add_plugin(plugin)
    declare(app, style, lambda: 1, dependencies=[Depends(logged([], "a", kind, fails=error))])
    assert (await call(app, "GET", "/")).status == 500
    assert plugin.seen == [error]


async def test_plugins_are_shown_a_service_that_cannot_be_closed():
    class Session:
        async def aclose(self):
            raise error

    app, plugin, error = HawkAPI(container=Container()), Watching(), OSError("disk full")
    app.add_plugin(plugin)
    app.container.scoped(Session, factory=Session)

    @app.get("/")
    async def handler(session: Session):
        """Does nothing."""

    assert (await call(app, "GET", "/")).status == 500
    assert plugin.seen == [error]


@each_kind
async def test_several_failed_commits_are_all_logged_and_one_answer(kind, caplog):
    app, log = HawkAPI(), []
    failing = [Depends(logged(log, name, kind, fails=OSError(f"disk {name}"))) for name in "ab"]
    declare(app, "async", lambda: 1, dependencies=failing)
    assert (await call(app, "GET", "/")).json() == INTERNAL
    assert log[2:] == ["b committed", "a committed"]
    assert "disk a" in caplog.text
    assert "disk b" in caplog.text


@each_kind
@each_style
async def test_an_http_exception_in_the_commit_is_a_failed_commit_too(style, kind):
    app = HawkAPI()
    declare(app, style, lambda: 1, dependencies=[Depends(logged([], "a", kind, fails=HTTPException(409)))])
    assert (await call(app, "GET", "/")).json() == INTERNAL


@each_kind
@each_style
async def test_a_result_that_cannot_be_encoded_is_thrown_in(style, kind):
    app, log = HawkAPI(), []
    declare(app, style, object, dependencies=[Depends(logged(log, "a", kind))])
    assert (await call(app, "GET", "/")).json() == INTERNAL
    assert log == ["a opened", "a TypeError"]


@each_kind
@each_style
async def test_a_result_that_does_not_fit_the_model_is_thrown_in(style, kind):
    app, log = HawkAPI(), []

    class Out(msgspec.Struct):
        n: int

    declare(app, style, lambda: {"n": "x"}, dependencies=[Depends(logged(log, "a", kind))], response_model=Out)
    assert (await call(app, "GET", "/")).json() == INTERNAL
    assert len(log) == 2
    assert "committed" not in log[1]


@each_style
async def test_a_result_may_be_encoded_from_what_the_cleanup_closes(style):
    app = HawkAPI()

    def session():
        rows = [1, 2]
        yield rows
        rows.clear()

    async def handler(rows: Annotated[list, Depends(session)]):
        return rows

    def sync_handler(rows: Annotated[list, Depends(session)]):
        return rows

    if style == "async":
        app.get("/")(handler)
    else:
        app.get("/", sync="inline" if style == "inline" else "thread")(sync_handler)
    assert (await call(app, "GET", "/")).json() == [1, 2]


async def test_background_tasks_do_not_run_after_a_failed_commit():
    app, ran = HawkAPI(), []

    @app.get("/", dependencies=[Depends(logged([], "a", fails=OSError("disk full")))])
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(ran.append, 1)

    assert (await call(app, "GET", "/")).status == 500
    assert ran == []


@each_kind
async def test_the_next_request_commits(kind):
    app, commits = HawkAPI(), []

    def sync():
        yield
        commits.append(1)
        if len(commits) == 1:
            raise OSError

    async def in_loop():
        yield
        commits.append(1)
        if len(commits) == 1:
            raise OSError

    declare(app, "async", lambda: 1, dependencies=[Depends(sync if kind == "sync" else in_loop)])
    assert [(await call(app, "GET", "/")).status for _ in range(2)] == [500, 200]

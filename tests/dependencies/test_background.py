"""Background tasks and dependencies: closed by the time they run."""

from typing import Annotated

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.background import BackgroundTasks
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.responses.streaming import StreamingResponse
from tests.app.wire import Wire, exchange
from tests.asgi import call
from tests.dependencies.cleanup import KINDS, logged

each_kind = pytest.mark.parametrize("kind", KINDS)


class LoggedWire(Wire):
    def __init__(self, log):
        super().__init__({"type": "http.request"})
        self.log = log

    async def send(self, message):
        await super().send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.log.append("sent")


@each_kind
async def test_they_run_after_the_cleanup_and_the_answer(kind):
    app, log = HawkAPI(), []

    @app.get("/", dependencies=[Depends(logged(log, "a", kind))])
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(log.append, "task")

    await exchange(app, "GET", "/", wire=LoggedWire(log))
    assert log == ["a opened", "a committed", "sent", "task"]


@each_kind
async def test_they_run_after_the_cleanup_of_a_stream(kind):
    app, log = HawkAPI(), []

    @app.get("/", dependencies=[Depends(logged(log, "a", kind))])
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(log.append, "task")
        return StreamingResponse(["1"])

    await exchange(app, "GET", "/", wire=LoggedWire(log))
    assert log == ["a opened", "sent", "a committed", "task"]


@pytest.mark.parametrize("style", ["async", "sync"])
async def test_dependencies_and_handler_share_one_queue(style):
    app, log = HawkAPI(), []

    async def first(tasks: BackgroundTasks):
        tasks.add_task(log.append, "first")

    def second(tasks: BackgroundTasks, found: Annotated[None, Depends(first)]):
        tasks.add_task(log.append, "second")

    async def handler(tasks: BackgroundTasks, found: Annotated[None, Depends(second)]):
        tasks.add_task(log.append, "handler")

    def sync_handler(tasks: BackgroundTasks, found: Annotated[None, Depends(second)]):
        tasks.add_task(log.append, "handler")

    app.get("/")(handler if style == "async" else sync_handler)
    await call(app, "GET", "/")
    assert log == ["first", "second", "handler"]


@pytest.mark.parametrize(("error", "ran"), [(HTTPException(409), ["task"]), (LookupError(), [])])
async def test_tasks_of_a_dependency_that_fails_run_after_an_http_exception_only(error, ran):
    app, log = HawkAPI(), []

    async def failing(tasks: BackgroundTasks):
        tasks.add_task(log.append, "task")
        raise error

    @app.get("/", dependencies=[Depends(failing)])
    async def handler():
        """Is not called."""

    await call(app, "GET", "/")
    assert log == ran


async def test_the_cleanup_may_add_one():
    app, log = HawkAPI(), []

    async def opened(tasks: BackgroundTasks):
        yield
        tasks.add_task(log.append, "task")

    @app.get("/", dependencies=[Depends(opened)])
    async def handler():
        """Does nothing."""

    await call(app, "GET", "/")
    assert log == ["task"]


async def test_a_task_opens_a_scope_of_its_own():
    class Session:
        def close(self):
            log.append("closed")

    app, log, sessions = HawkAPI(container=Container()), [], []
    app.container.scoped(Session, factory=Session)

    async def task():
        async with app.container.scope() as scope:
            sessions.append(await scope.resolve(Session))
            log.append("task")

    @app.get("/")
    async def handler(tasks: BackgroundTasks, session: Session):
        sessions.append(session)
        tasks.add_task(task)

    await call(app, "GET", "/")
    assert log == ["closed", "task", "closed"]
    assert sessions[0] is not sessions[1]

"""Background tasks of a request (contract 3.5)."""

import threading

import anyio
import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.background import BackgroundTasks
from hawkapi.exceptions import HTTPException
from hawkapi.requests.request import Request
from hawkapi.responses.response import Response
from tests.app.wire import Broken, Wire, exchange
from tests.asgi import call


async def test_tasks_run_in_order_after_the_whole_response_was_sent():
    app, events = HawkAPI(), []

    async def task(name):
        events.append(name)

    @app.post("/")
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(task, "first")
        tasks.add_task(task, name="second")
        return {"status": "queued"}

    class Watched(Wire):
        async def send(self, message):
            events.append(message["type"])
            await super().send(message)

    wire = await exchange(app, "POST", "/", wire=Watched())
    assert (wire.status, wire.body) == (201, b'{"status":"queued"}')
    assert events == ["http.response.start", "http.response.body", "first", "second"]


@pytest.mark.parametrize("sync_handler", [False, True])
async def test_sync_tasks_run_in_a_worker_thread_of_the_app_and_async_ones_in_the_loop(sync_handler):
    app, threads, borrowed = HawkAPI(), [], []

    async def task():
        threads.append(threading.get_ident())

    def sync_task():
        threads.append(threading.get_ident())
        borrowed.append(anyio.from_thread.run_sync(lambda: app.runtime().handlers.borrowed_tokens))

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(task)
        tasks.add_task(sync_task)

    @app.get("/sync")
    def handler_in_thread(tasks: BackgroundTasks):
        tasks.add_task(task)
        tasks.add_task(sync_task)

    await call(app, "GET", "/sync" if sync_handler else "/")
    assert (threads[0] == threading.get_ident(), threads[1] == threading.get_ident()) == (True, False)
    assert borrowed == [1]


async def test_an_error_of_a_task_is_logged_and_the_others_still_run(caplog):
    app, ran = HawkAPI(), []

    async def fail():
        raise ValueError("of the task")

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(fail)
        tasks.add_task(ran.append, 1)
        return 1

    assert (await call(app, "GET", "/")).status == 200
    assert ran == [1]
    assert [str(record.exc_info[1]) for record in caplog.records] == ["of the task"]


def failing_app(exc, ran):
    app = HawkAPI()

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(ran.append, 1)
        raise exc

    @app.get("/sync")
    def sync_handler(tasks: BackgroundTasks):
        tasks.add_task(ran.append, 1)
        raise exc

    return app


@pytest.mark.parametrize("path", ["/", "/sync"])
@pytest.mark.parametrize("exc", [HTTPException(409), ExceptionGroup("of a task group", [HTTPException(409)])])
async def test_tasks_run_when_the_handler_ended_in_an_http_exception(path, exc):
    ran = []
    assert (await call(failing_app(exc, ran), "GET", path)).status == 409
    assert ran == [1]


@pytest.mark.parametrize("path", ["/", "/sync"])
@pytest.mark.parametrize("exc", [ValueError(), ExceptionGroup("of a task group", [ValueError()])])
async def test_tasks_do_not_run_after_an_unhandled_exception(path, exc, caplog):
    ran = []
    assert (await call(failing_app(exc, ran), "GET", path)).status == 500
    assert ran == []


async def test_tasks_run_after_a_response_object():
    app, ran = HawkAPI(), []

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(ran.append, 1)
        return Response("x")

    assert (await call(app, "GET", "/")).body == b"x"
    assert ran == [1]


async def test_tasks_do_not_run_when_the_response_could_not_be_sent():
    app, ran = HawkAPI(), []

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(ran.append, 1)
        return 1

    with pytest.raises(Broken):
        await exchange(app, "GET", "/", wire=Wire(break_send=2))
    assert ran == []


async def test_bad_input_leaves_no_tasks():
    app = HawkAPI()

    @app.get("/")
    async def handler(tasks: BackgroundTasks, q: int):
        raise AssertionError("not called")

    assert (await call(app, "GET", "/")).status == 400


async def test_a_task_may_use_the_files_of_the_request():
    app, seen = HawkAPI(), []

    async def task(request):
        form = await request.form()
        seen.append(await form.get("f").read())

    @app.post("/")
    async def handler(request: Request, tasks: BackgroundTasks):
        await request.form()
        tasks.add_task(task, request)

    headers = [("content-type", "multipart/form-data; boundary=b")]
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\ndata\r\n--b--\r\n'
    await call(app, "POST", "/", body=body, headers=headers)
    assert seen == [b"data"]


async def test_context_variables_of_the_handler_are_there_in_its_tasks():
    from contextvars import ContextVar

    app, seen = HawkAPI(), []
    variable = ContextVar("variable", default="unset")

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        variable.set("of the request")
        tasks.add_task(lambda: seen.append(variable.get()))

    await call(app, "GET", "/")
    assert seen == ["of the request"]

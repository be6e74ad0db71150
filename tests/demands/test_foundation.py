"""Rows of demands.md whose remedy belongs to the foundation: each test bears the row's first thread."""

import threading
from contextvars import ContextVar
from itertools import count

import anyio
import anyio.from_thread
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Limits, Threads
from hawkapi.background import BackgroundTasks
from hawkapi.requests.form_data import UploadFile
from hawkapi.requests.request import Request
from hawkapi.responses.file_response import FileResponse
from hawkapi.responses.streaming import StreamingResponse
from hawkapi.testing.async_client import AsyncTestClient
from tests.app.test_uploads import TYPE, form, part
from tests.app.wire import Wire, chunks, exchange
from tests.asgi import call


async def test_starlette_1438_background_tasks_run_although_the_client_has_left():
    app, ran = HawkAPI(), []

    async def task():
        await checkpoint()
        ran.append("task")

    @app.get("/")
    async def handler(tasks: BackgroundTasks):
        tasks.add_task(task)
        return 1

    @app.get("/stream")
    async def stream(tasks: BackgroundTasks):
        async def endless():
            while True:
                yield b"x"

        tasks.add_task(task)
        return StreamingResponse(endless())

    for path in ("/", "/stream"):
        await exchange(app, "GET", path, wire=Wire())  # whose client is gone from the start
    assert ran == ["task", "task"]


async def test_starlette_1724_slow_sync_handlers_starve_neither_files_nor_the_loop(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"file")
    app = HawkAPI(threads=Threads(handlers=1))
    running, finish = anyio.Event(), threading.Event()

    @app.get("/slow")
    def slow():
        anyio.from_thread.run_sync(running.set)
        finish.wait(60)

    @app.get("/file")
    async def file():
        return FileResponse(path)

    async with anyio.create_task_group() as group:
        group.start_soon(call, app, "GET", "/slow")
        await running.wait()
        try:
            assert app.runtime().handlers.borrowed_tokens == 1
            assert (await call(app, "GET", "/file")).body == b"file"
        finally:
            finish.set()


async def test_starlette_1678_the_handler_runs_in_the_task_of_the_caller():
    app, variable = HawkAPI(), ContextVar("variable")

    @app.get("/")
    async def handler():
        variable.set("set in the handler")
        return anyio.get_current_task().id

    answer = await call(app, "GET", "/")
    assert answer.json() == anyio.get_current_task().id
    assert variable.get() == "set in the handler"


async def test_starlette_1775_the_generator_of_a_stream_is_closed_in_the_task_that_ran_it_when_the_client_leaves():
    app, tasks = HawkAPI(), []

    async def content():
        tasks.append(anyio.get_current_task().id)
        try:
            while True:
                yield b"x"
        finally:
            await checkpoint()
            tasks.append(anyio.get_current_task().id)

    @app.get("/")
    async def handler():
        return StreamingResponse(content())

    await exchange(app, "GET", "/", wire=Wire())
    assert len(tasks) == 2
    assert len(set(tasks)) == 1


async def test_fastmcp_622_a_generator_may_hold_a_task_group_while_it_streams():
    app, events = HawkAPI(), []

    async def produce(send, numbers):
        async with send:
            for i in numbers:
                await send.send(str(i))

    async def content(numbers):
        try:
            async with anyio.create_task_group() as group:
                send, receive = anyio.create_memory_object_stream(0)
                group.start_soon(produce, send, numbers)
                async with receive:
                    async for item in receive:
                        yield item
        finally:
            events.append("left")

    @app.get("/")
    async def handler():
        return StreamingResponse(content(range(3)))

    @app.get("/endless")
    async def endless():
        return StreamingResponse(content(count()))

    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).text == "012"
        async with client.stream("GET", "/endless") as response:
            assert await anext(response.aiter_bytes()) == b"0"
    assert events == ["left", "left"]


async def test_starlette_1315_the_async_client_runs_the_app_in_the_loop_of_the_test():
    app, event = HawkAPI(), anyio.Event()

    @app.get("/")
    async def handler():
        event.set()

    async with AsyncTestClient(app) as client:
        await client.get("/")
    await event.wait()


async def test_starlette_649_the_lifespan_of_a_mounted_app_runs_and_its_state_reaches_its_requests():
    inner, outer = HawkAPI(), HawkAPI()

    @inner.on_startup
    def start():
        inner.state.db = "connected"

    @inner.get("/")
    async def handler(request: Request):
        return request.scope["state"]["db"]

    outer.mount("/inner", inner)
    async with AsyncTestClient(outer) as client:
        assert (await client.get("/inner")).json() == "connected"


async def test_litestar_466_a_large_upload_lies_on_disk_and_not_in_memory():
    app = HawkAPI(limits=Limits(spool=1000))

    @app.post("/")
    async def handler(f: UploadFile):
        return [f.spooled is not None, f.size]

    small, large = (form(part("f", b"x" * size, "f")) for size in (1000, 1001))
    assert (await call(app, "POST", "/", body=small, headers=TYPE)).json() == [False, 1000]
    pieces = [large[i : i + 100] for i in range(0, len(large), 100)]
    wire = await exchange(app, "POST", "/", wire=Wire(*chunks(*pieces)), headers=TYPE)
    assert wire.body == b"[true,1001]"


async def test_fastapi_512_every_error_of_the_framework_is_a_problem_document(caplog):
    app = HawkAPI(max_body_size=1)

    @app.post("/")
    async def handler(body: list[int]):
        return body

    @app.get("/error")
    async def error():
        raise ValueError

    for method, path, body, status in [
        ("GET", "/missing", b"", 404),
        ("PUT", "/", b"", 405),
        ("POST", "/", b"", 400),
        ("POST", "/", b"[]", 413),
        ("GET", "/error", b"", 500),
    ]:
        answer = await call(app, method, path, body=body)
        problem = answer.json()
        assert (answer.status, problem["status"]) == (status, status)
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["type"].startswith("https://hawkapi.ashimov.com/errors/")
        assert problem["title"]

"""An app that shows all that a server has to carry, and says on stdout what happens to it."""

import os
from contextlib import asynccontextmanager

import anyio

from hawkapi import BackgroundTasks, Drain, EventSourceResponse, HawkAPI, Request, StreamingResponse, WebSocket

MEGABYTE = bytes(1024 * 1024)
DELAY = float(os.environ.get("DELAY", "0.6"))
GRACE = float(os.environ.get("GRACE", "3"))


def say(what):
    print(f"app: {what}", flush=True)  # noqa: T201 - the tests read it


@asynccontextmanager
async def lifespan(app):
    app.state.go = anyio.Event()
    app.state.cleaned = anyio.Event()
    app.state.done = anyio.Event()
    try:
        if "SLOW_START" in os.environ:
            say("starting")
            await anyio.sleep_forever()
        if "FAILING_START" in os.environ:
            raise RuntimeError("the database is away")
        yield {"greeting": "hello"}
    finally:
        say("lifespan left")


app = HawkAPI(lifespan=lifespan, drain=Drain(delay=DELAY, request_grace=GRACE, background_grace=0.2, hook_grace=0.2))


@app.on_shutdown
def shutdown():
    say("shutdown hook")


@app.on_drain
async def drain():
    say("drain hook")


@app.get("/")
async def hello():
    return "hello"


@app.get("/sync")
def sync():
    return "from a thread"


@app.get("/state")
async def state(request: Request):
    return request.scope["state"]["greeting"]


@app.post("/size")
async def size(request: Request):
    return len(await request.body())


@app.get("/slow")
async def slow():
    say("slow request")
    await anyio.sleep(2)
    return "slow"


@app.get("/stuck")
async def stuck():
    say("stuck request")
    try:
        await anyio.sleep_forever()
    finally:
        say("stuck request ended")


@app.get("/two")
async def two_chunks():
    async def chunks():
        yield b"one"
        await app.state.go.wait()
        yield b"two"

    return StreamingResponse(chunks())


@app.post("/go")
async def go():
    app.state.go.set()


@app.get("/endless")
async def endless():
    async def chunks():
        try:
            while True:
                yield MEGABYTE
                await anyio.sleep(0.01)
        finally:
            app.state.cleaned.set()

    return StreamingResponse(chunks())


@app.get("/cleaned")
async def cleaned():
    with anyio.move_on_after(1):
        await app.state.cleaned.wait()
    return app.state.cleaned.is_set()


@app.get("/events")
async def events():
    async def quiet():
        yield "first"
        await anyio.sleep_forever()

    return EventSourceResponse(quiet())


@app.get("/ticks")
async def ticks():
    async def clock():
        while True:
            yield "tick"
            await anyio.sleep(0.02)

    return EventSourceResponse(clock())


@app.post("/task")
async def task(tasks: BackgroundTasks):
    tasks.add_task(finish)
    return "accepted"


async def finish():
    app.state.done.set()


@app.get("/done")
async def done():
    await app.state.done.wait()
    return True


@app.websocket("/ws")
async def websocket(ws: WebSocket):
    await ws.accept()
    async for message in ws:
        await ws.send_text(f"echo: {message}")


class Wrapping:
    """ASGI middleware that is no HawkAPI."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


wrapped = Wrapping(app)

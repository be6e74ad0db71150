"""An app of every kind of route, in which something may go wrong everywhere."""

from typing import Annotated, Any

from anyio import create_task_group, sleep_forever
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.app.config import Threads
from hawkapi.background import BackgroundTasks
from hawkapi.di.container import Container
from hawkapi.di.depends import Depends
from hawkapi.responses.sse import EventSourceResponse
from hawkapi.responses.streaming import StreamingResponse
from tests.dependencies.chaos import FATE, Resource

STREAMED = ["/stream", "/sync-stream", "/events"]
PATHS = ["/async", "/sync", "/mixed", "/inline", "/services", "/group", "/watched", *STREAMED]
TIMED = ["/timed", "/timed-sync"]
"""These have a time limit that something may hang into."""


# generators


async def waiting():
    fate = FATE.get()
    await fate.strike("waiting opening")
    resource = fate.open("waiting")
    try:
        yield resource
        await fate.commit("waiting commit")
    except GeneratorExit:
        fate.wrong.append("waiting was left to the garbage collector")
        raise
    finally:
        await checkpoint()  # raises if a cancellation reaches the cleanup
        resource.close()


def in_thread(outer: Annotated[Resource, Depends(waiting)]):
    fate = FATE.get()
    fate.strike_now("thread opening")
    resource = fate.open("thread")
    try:
        yield resource
        fate.expect(outer, "the commit of thread")
        fate.commit_now("thread commit")
    except GeneratorExit:
        fate.wrong.append("thread was left to the garbage collector")
        raise
    finally:
        resource.close()


def first_in_thread():
    fate = FATE.get()
    fate.strike_now("first thread opening")
    resource = fate.open("first thread")
    try:
        yield resource
        fate.commit_now("first thread commit")
    except GeneratorExit:
        fate.wrong.append("first thread was left to the garbage collector")
        raise
    finally:
        resource.close()


def second_in_thread(outer: Annotated[Resource, Depends(first_in_thread)]):
    fate = FATE.get()
    resource = fate.open("second thread")
    try:
        yield resource
        fate.expect(outer, "the commit of second thread")
        fate.commit_now("second thread commit")
    except GeneratorExit:
        fate.wrong.append("second thread was left to the garbage collector")
        raise
    except Exception:
        fate.strike_now("second thread rollback", cleanup=True)
        raise
    finally:
        resource.close()


async def inner(outer: Annotated[Resource, Depends(waiting)]):
    fate = FATE.get()
    await fate.strike("inner opening")
    resource = fate.open("inner")
    try:
        yield resource
        fate.expect(outer, "the commit of inner")
        await fate.commit("inner commit")
    except GeneratorExit:
        fate.wrong.append("inner was left to the garbage collector")
        raise
    except Exception:
        await fate.commit("inner rollback")
        raise
    finally:
        await checkpoint()
        resource.close()


async def swallowing(outer: Annotated[Resource, Depends(inner)]):
    fate = FATE.get()
    resource = fate.open("swallowing")
    try:
        yield resource
    except Exception:  # noqa: BLE001 - that makes no success of it
        fate.expect(outer, "the rollback of swallowing")
    except GeneratorExit:
        fate.wrong.append("swallowing was left to the garbage collector")
        raise
    else:
        fate.commit_now("swallowing commit")
    finally:
        resource.close()


async def working():
    """Has a child task that works for the request, and may fail."""
    fate = FATE.get()

    async def work():
        resource = fate.open("child")
        try:
            await fate.strike("child")
            await sleep_forever()
        finally:
            resource.close()

    async with create_task_group() as group:
        group.start_soon(work)
        yield group
        group.cancel_scope.cancel()


def plain(outer: Annotated[Resource, Depends(waiting)]):
    fate = FATE.get()
    fate.expect(outer, "plain")
    fate.strike_now("plain")


# services


class Engine:
    """A singleton."""


class Held:
    """A service that holds a resource."""

    def __init__(self, name):
        self.fate = FATE.get()
        self.resource = self.fate.open(name)


class Session(Held):
    async def aclose(self):
        await checkpoint()
        self.resource.close()
        self.fate.strike_now("session closing", cleanup=True)


class Cache(Held):
    def close(self):
        self.resource.close()
        self.fate.strike_now("cache closing", cleanup=True)


async def engine():
    await FATE.get().strike("engine")
    return Engine()


async def session(engine: Engine = Depends(Engine)):
    await FATE.get().strike("session opening")
    return Session("session")


def cache(session: Session = Depends(Session)):
    FATE.get().strike_now("cache opening")
    session.fate.expect(session.resource, "cache opening")
    return Cache("cache")


async def transaction(session: Session, cache: Cache):
    fate = FATE.get()
    await fate.strike("transaction opening")
    resource = fate.open("transaction")
    try:
        yield resource
        fate.expect(session.resource, "the commit of transaction")
        fate.expect(cache.resource, "the commit of transaction")
        await fate.commit("transaction commit")
    finally:
        await checkpoint()
        resource.close()


# chunks


async def chunks(*opened: Resource):
    fate = FATE.get()
    resource = fate.open("chunks")
    try:
        for _ in range(3):
            await fate.strike("chunk")
            for one in opened:
                fate.expect(one, "a chunk")
            yield "x"
    finally:
        resource.close()


def sync_chunks(*opened: Resource):
    fate = FATE.get()
    resource = fate.open("sync chunks")
    try:
        for _ in range(3):
            fate.strike_now("sync chunk", cleanup=True)
            for one in opened:
                fate.expect(one, "a chunk")
            yield "x"
    finally:
        resource.close()


def chaotic():
    """Make the app."""
    app = HawkAPI(container=Container(), threads=Threads(handlers=4, cleanup=2))
    app.container.singleton(Engine, factory=engine)
    app.container.scoped(Session, factory=session)
    app.container.scoped(Cache, factory=cache)

    async def act(*opened):
        fate = FATE.get()
        for one in opened:
            fate.expect(one, "the handler")
        await fate.strike("handler")
        return {"n": 1}

    def sync_act(*opened):
        fate = FATE.get()
        for one in opened:
            fate.expect(one, "the handler")
        fate.strike_now("handler")
        return {"n": 1}

    async def task(fate):
        fate.strike_now("task", cleanup=True)

    @app.get("/async", dependencies=[Depends(swallowing)])
    @app.get("/timed", timeout=0.01, dependencies=[Depends(swallowing)])
    async def in_loop(
        tasks: BackgroundTasks, a: Annotated[Resource, Depends(inner)], b: Annotated[Resource, Depends(in_thread)]
    ):
        tasks.add_task(task, FATE.get())
        return await act(a, b)

    @app.get("/sync")
    @app.get("/timed-sync", timeout=0.01)
    def in_one_hop(a: Annotated[Resource, Depends(second_in_thread)]):
        return sync_act(a)

    @app.post("/mixed", status_code=200)
    def in_hops(
        body: dict[str, int],
        a: Annotated[Resource, Depends(second_in_thread)],
        b: Annotated[Resource, Depends(inner)],
        c: Annotated[Resource, Depends(in_thread)],
    ):
        return sync_act(a, b, c)

    @app.get("/inline", sync="inline")
    def inline(a: Annotated[Resource, Depends(second_in_thread)], b: Annotated[Resource, Depends(inner)]):
        return sync_act(a, b)

    @app.get("/stream", dependencies=[Depends(plain)])
    async def stream(a: Annotated[Resource, Depends(inner)], b: Annotated[Resource, Depends(in_thread)]):
        await act(a, b)
        return StreamingResponse(chunks(a, b))

    @app.get("/sync-stream")
    def sync_stream(a: Annotated[Resource, Depends(second_in_thread)]):
        sync_act(a)
        return StreamingResponse(sync_chunks(a))

    @app.get("/events")
    def events(session: Session, a: Annotated[Resource, Depends(in_thread)]):
        sync_act(a, session.resource)
        return EventSourceResponse(chunks(a, session.resource))

    @app.get("/services")
    async def services(
        session: Session, a: Annotated[Resource, Depends(transaction)], b: Annotated[Resource, Depends(in_thread)]
    ):
        return await act(session.resource, a, b)

    @app.get("/group", dependencies=[Depends(working)])
    async def group(a: Annotated[Resource, Depends(inner)], b: Annotated[Resource, Depends(first_in_thread)]):
        return await act(a, b)

    @app.get("/watched", cancel_on_disconnect=True)
    async def watched(a: Annotated[Resource, Depends(inner)], b: Annotated[Resource, Depends(second_in_thread)]):
        return await act(a, b)

    @app.websocket("/ws", dependencies=[Depends(plain)])
    async def socket(
        ws: Any,
        session: Session,
        a: Annotated[Resource, Depends(inner)],
        b: Annotated[Resource, Depends(second_in_thread)],
    ):
        await act(session.resource, a, b)
        await ws.accept()
        async for message in ws:
            await act(session.resource, a, b)
            await ws.send_text(message)

    return app

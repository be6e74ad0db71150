"""What follows a `yield`: after the handler, in reverse order, whatever happens."""

import gc
import weakref
from typing import Annotated

import pytest
from anyio import to_thread
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.di.depends import Depends
from hawkapi.exceptions import HTTPException
from hawkapi.responses.plain_text import PlainTextResponse
from tests.asgi import call
from tests.dependencies.cleanup import ASYNC, KINDS, STYLES, SYNC, WAITING, declare, logged

each_style = pytest.mark.parametrize("style", STYLES)
each_kind = pytest.mark.parametrize("kind", KINDS)


def raising(exc):
    def act():
        raise exc

    return act


@each_style
async def test_they_are_closed_in_reverse_order(style):
    app, log = HawkAPI(), []
    kinds = [SYNC, ASYNC, SYNC, SYNC, WAITING, ASYNC, SYNC]
    opened = [Depends(logged(log, str(i), kind)) for i, kind in enumerate(kinds)]
    declare(app, style, lambda: log.append("handler"), dependencies=opened)
    assert (await call(app, "GET", "/")).status == 204
    names = [str(i) for i in range(len(kinds))]
    assert log == [
        *(f"{name} opened" for name in names),
        "handler",
        *(f"{name} committed" for name in reversed(names)),
    ]


@each_kind
@each_style
async def test_the_handlers_exception_is_thrown_into_them(style, kind):
    app, seen, error = HawkAPI(), [], LookupError("x")

    def sync():
        try:
            yield
        except BaseException as exc:
            seen.append(exc)
            raise

    async def in_loop():
        try:
            yield
        except BaseException as exc:
            seen.append(exc)
            raise

    opened = sync if kind == SYNC else in_loop
    declare(app, style, raising(error), dependencies=[Depends(opened)])
    assert (await call(app, "GET", "/")).status == 500
    assert len(seen) == 1
    assert seen[0] is error


@each_kind
@each_style
async def test_each_of_them_is_shown_the_exception_in_reverse_order(style, kind):
    app, log = HawkAPI(), []
    opened = [Depends(logged(log, name, kind)) for name in "ab"]
    declare(app, style, raising(LookupError("x")), dependencies=opened)
    assert (await call(app, "GET", "/")).status == 500
    assert log == ["a opened", "b opened", "b LookupError", "a LookupError"]


@each_kind
@each_style
async def test_an_http_exception_is_thrown_into_them_and_answers(style, kind):
    app, log = HawkAPI(), []
    declare(app, style, raising(HTTPException(404, "gone")), dependencies=[Depends(logged(log, "a", kind))])
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()["detail"]) == (404, "gone")
    assert log == ["a opened", "a HTTPException"]


@pytest.mark.parametrize("fails", ["sync", "async", "class", "before its yield"])
@each_kind
@each_style
async def test_those_that_are_open_are_closed_where_a_later_dependency_fails(style, kind, fails):
    app, log = HawkAPI(), []

    def sync():
        raise LookupError

    async def in_loop():
        raise LookupError

    class Made:
        def __init__(self):
            raise LookupError

    async def before_its_yield():
        raise LookupError
        yield

    later = {"sync": sync, "async": in_loop, "class": Made, "before its yield": before_its_yield}[fails]
    opened = [Depends(logged(log, "a", kind)), Depends(logged(log, "b", kind)), Depends(later)]
    declare(app, style, lambda: log.append("handler"), dependencies=opened)
    assert (await call(app, "GET", "/")).status == 500
    assert log == ["a opened", "b opened", "b LookupError", "a LookupError"]


@each_kind
@each_style
async def test_one_that_swallows_the_exception_makes_no_success_of_it(style, kind):
    app, log = HawkAPI(), []

    def sync():
        try:
            yield
        except LookupError:
            log.append("swallowed")

    async def in_loop():
        try:
            yield
        except LookupError:
            log.append("swallowed")

    swallows = sync if kind == SYNC else in_loop
    opened = [Depends(logged(log, "a", kind)), Depends(swallows)]
    declare(app, style, raising(LookupError("x")), dependencies=opened)
    assert (await call(app, "GET", "/")).status == 500
    assert log == ["a opened", "swallowed", "a LookupError"]


@each_kind
@each_style
async def test_an_error_in_cleanup_is_logged_and_the_others_do_not_see_it(style, kind, caplog):
    app, log = HawkAPI(), []
    failing = logged(log, "b", kind, fails=OSError("disk full"))
    opened = [Depends(logged(log, "a", kind)), Depends(failing), Depends(logged(log, "c", kind))]
    declare(app, style, lambda: None, dependencies=opened)
    await call(app, "GET", "/")
    assert log[3:] == ["c committed", "b committed", "a committed"]
    assert "OSError: disk full" in caplog.text


@each_kind
@each_style
async def test_an_error_in_cleanup_does_not_take_the_place_of_the_handlers(style, kind, caplog):
    app, log = HawkAPI(), []
    failing = logged(log, "b", kind, fails=OSError("disk full"))
    opened = [Depends(logged(log, "a", kind)), Depends(failing)]
    declare(app, style, raising(HTTPException(404, "gone")), dependencies=opened)
    answer = await call(app, "GET", "/")
    assert (answer.status, answer.json()["detail"]) == (404, "gone")
    assert log[2:] == ["b HTTPException", "a HTTPException"]
    assert "OSError: disk full" in caplog.text


@each_kind
async def test_an_exception_handler_answers_what_a_dependency_raises(kind):
    app, log = HawkAPI(), []

    @app.exception_handler(LookupError)
    async def answer(request, exc):
        return PlainTextResponse("looked up", status_code=418)

    async def raises():
        raise LookupError

    declare(app, "async", lambda: None, dependencies=[Depends(logged(log, "a", kind)), Depends(raises)])
    assert (await call(app, "GET", "/")).status == 418
    assert log == ["a opened", "a LookupError"]


async def test_a_stop_iteration_of_a_sync_handler_closes_what_is_open_once():
    app, log = HawkAPI(), []
    opened = [Depends(logged(log, "a", SYNC)), Depends(logged(log, "b", WAITING)), Depends(logged(log, "c", SYNC))]
    declare(app, "sync", raising(StopIteration()), dependencies=opened)
    assert (await call(app, "GET", "/")).status == 500
    assert [line.partition(" ")[0] for line in log] == ["a", "b", "c", "c", "b", "a"]
    assert not any("committed" in line for line in log)


async def test_a_generator_may_use_what_it_depends_on_until_its_end():
    app, log = HawkAPI(), []

    async def connection():
        open_connection = ["open"]
        yield open_connection
        open_connection[0] = "closed"

    def transaction(found: Annotated[list, Depends(connection)]):
        yield
        log.append(found[0])

    declare(app, "async", lambda: None, dependencies=[Depends(transaction)])
    await call(app, "GET", "/")
    assert log == ["open"]


@each_style
async def test_a_group_that_the_handler_raises_is_thrown_in_as_it_is(style):
    app, seen = HawkAPI(), []
    group = ExceptionGroup("two", [ValueError(), LookupError()])

    async def opened():
        try:
            yield
        except BaseException as exc:
            seen.append(exc)
            raise

    declare(app, style, raising(group), dependencies=[Depends(opened)])
    assert (await call(app, "GET", "/")).status == 500
    assert seen == [group]


class Held:
    """Something that a reference may be kept of."""


@pytest.fixture
def uncollected():
    """Leave reference cycles where they are."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@each_kind
async def test_a_failed_request_leaves_nothing_alive(kind, uncollected):
    app, references = HawkAPI(), []

    def referred(made):
        references.append(weakref.ref(made))
        return made

    def sync():
        yield referred(Held())

    async def in_loop():
        yield referred(Held())

    async def waiting():
        await checkpoint()
        yield referred(Held())

    opened = Depends({SYNC: sync, ASYNC: in_loop, WAITING: waiting}[kind])

    @app.get("/")
    async def handler(found: Annotated[Held, opened]):
        raise referred(HTTPException(404))

    for _ in range(2):
        assert (await call(app, "GET", "/")).status == 404
    await to_thread.run_sync(int)  # a worker thread keeps what it did last
    assert [reference() for reference in references] == [None] * 4

"""Neighbouring hooks are one layer, and nobody can tell: what single layers do is the measure of what they do."""

import logging
from itertools import cycle, product
from random import Random
from typing import Annotated

import pytest
from anyio import create_task_group, sleep_forever

from hawkapi import BackgroundTasks, Depends, HawkAPI, HTTPException, StreamingResponse
from hawkapi.middleware.base import Middleware
from hawkapi.middleware.stack import build_stack
from hawkapi.requests.context import RequestContext
from hawkapi.requests.request import Request
from hawkapi.responses.base import BaseResponse
from hawkapi.responses.response import Response
from tests.app.wire import Broken, Wire, chunks, exchange
from tests.asgi import call
from tests.middleware.test_base import echo, plain

# What hooks do, by name; `note` writes into what is compared.


async def respond(self, request, note):
    return Response(f"{self.name} {request.path}", status_code=401)


async def respond_unsendable(self, request, note):
    return Response(headers={"no token": "x"})


async def change_path(self, request, note):
    request.scope["path"] += self.name
    return request


async def go_on_elsewhere(self, request, note):
    return Request({**request.scope, "path": f"{request.path}/{self.name}"}, None)


async def go_on_with_another_body(self, request, note):
    body = await request.body() + self.name.encode()
    messages = chunks(body)

    async def receive():
        return messages.pop() if messages else {"type": "http.disconnect"}

    return Request(request.scope, receive)


async def read(self, request, note):
    note(await request.body())


async def take_the_stream(self, request, note):
    note([chunk async for chunk in request.stream()])


async def look(self, request, note):
    note(await request.is_disconnected())
    return request


async def share(self, request, note):
    request.state.names = [*getattr(request.state, "names", []), self.name]
    note(request.state.names)


async def nothing(self, *args):
    return None


async def same(self, *args):
    return args[-2]


async def replace_the_app(self, *args):
    app, note = self.app, args[-1]

    async def replaced(scope, receive, send):
        note(f"replaced by {self.name}")
        await app(scope, receive, send)

    self.app = replaced


async def fail(self, *args):
    raise Broken(self.name)


async def misfit(self, *args):
    return 3


BEFORE = (
    None,
    nothing,
    same,
    respond,
    respond_unsendable,
    change_path,
    go_on_elsewhere,
    go_on_with_another_body,
    read,
    take_the_stream,
    look,
    share,
    replace_the_app,
    fail,
    misfit,
)


async def look_at_headers(self, request, response, note):
    note(dict(response.headers))


async def add_header(self, request, response, note):
    response.headers.append("x-name", self.name)
    return response


async def restate(self, request, response, note):
    response.status_code = {200: 201, 204: 200}.get(response.status_code, 200)


async def restate_the_same(self, request, response, note):
    response.status_code = response.status_code


async def empty(self, request, response, note):
    response.status_code = 204
    response.headers["x-empty"] = self.name


async def replace(self, request, response, note):
    return Response(f"{self.name} {response.status_code} {request.path}", status_code=418)


class Parts(BaseResponse):
    """A stream that does not look for the client: when it is told that the client has left is a matter of turns."""

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": self.status_code, "headers": []})
        for part in (b"a", b"b", b""):
            await send({"type": "http.response.body", "body": part, "more_body": bool(part)})


async def replace_by_a_stream(self, request, response, note):
    return Parts(203, None, None)


async def replace_unsendable(self, request, response, note):
    return Response(headers={"no token": "x"}) if response.status_code == 200 else None


async def fail_once(self, request, response, note):
    if not self.failed:
        self.failed = True
        raise Broken(self.name)


AFTER = (
    None,
    nothing,
    same,
    look_at_headers,
    add_header,
    restate,
    restate_the_same,
    empty,
    replace,
    replace_by_a_stream,
    replace_unsendable,
    replace_the_app,
    fail_once,
    fail,
    misfit,
)


# What they are wrapped round.


async def stream(scope, receive, send):
    await Parts(200, None, None)(scope, receive, send)


async def stubborn(scope, receive, send):
    """Answer again what fails, as an error handler inside of the hooks does."""
    for status in (200, 503, 504):
        try:
            await Response("sorry", status_code=status)(scope, receive, send)
        except (Broken, TypeError, ValueError):
            continue
        else:
            break


async def early(scope, receive, send):
    raise Broken("early")


async def late(scope, receive, send):
    await send({"type": "http.response.early_hint", "links": []})
    await send({"type": "http.response.start", "status": 200, "headers": ((b"x-late", b"1"),)})
    raise Broken("late")


async def twice(scope, receive, send):
    await plain(scope, receive, send)
    await plain(scope, receive, send)


async def request(scope, receive, send):
    request = Request(scope, receive)
    await Response(f"{request.path} {await request.body()}")(scope, receive, send)


APPS = (plain, echo, stream, stubborn, early, late, twice, request)


def scripted(number, before, after, note):
    """Make a class of middleware that has the two hooks, and that notes when they are called."""

    class Scripted(Middleware):
        name = str(number)
        failed = False

    async def before_request(self, request):
        note(("before", number, request.path))
        return await before(self, request, note)

    async def after_response(self, request, response):
        note(("after", number, request.path, response.status_code))
        return await after(self, request, response, note)

    hooks = {"before_request": before and before_request, "after_response": after and after_response}
    return type("Scripted", (Scripted,), {name: hook for name, hook in hooks.items() if hook})


def between(app):
    """Part two neighbours, and do nothing else."""

    def layer(scope, receive, send):
        return app(scope, receive, send)

    return layer


def classes(script, note):
    return [scripted(number, *hooks, note) for number, hooks in enumerate(script)]


def apart(items):
    return [item for middleware in items for item in (middleware, between)]


async def outcome(app, notes, **breaks):
    """Tell all that is seen of two requests one after the other."""
    for _ in range(2):
        wire = Wire(*chunks(b"ab", b"cd"), **breaks)
        try:
            await exchange(app, "POST", "/p", wire=wire)
        except (Broken, TypeError, ValueError, RuntimeError, AssertionError) as exc:
            notes.append((type(exc), str(exc)))
        notes.append(wire.sent)
    return notes


async def of_stack(script, app, arrange):
    notes = []
    stack, mistakes = build_stack(arrange(classes(script, notes.append)), app)
    assert mistakes == []
    return await outcome(stack, notes)


def random_scripts(count, *, longest):
    random = Random(5)
    for _ in range(count):
        length = random.randint(2, longest)
        usual = random.random()
        yield (
            [
                tuple(random.choice(hooks[:3] if random.random() < usual else hooks) for hooks in (BEFORE, AFTER))
                for _ in range(length)
            ],
            random.choice(APPS),
        )


async def test_two_neighbours_do_what_two_layers_do():
    hooks = [*((before, same) for before in BEFORE), *product((None, same), AFTER)]
    for script in product(hooks, repeat=2):
        assert await of_stack(script, plain, list) == await of_stack(script, plain, apart), script


async def test_many_neighbours_do_what_many_layers_do():
    for script, app in random_scripts(1000, longest=5):
        assert await of_stack(script, app, list) == await of_stack(script, app, apart), (script, app)


# Handlers. Right behind a layer of hooks an endpoint hands its answer over; `apart` it sends it.


async def echo_body(request: Request):
    return (await request.body()).decode()


def in_a_thread():
    return {"in": "a thread"}


async def object_of_a_response():
    return Response("object", status_code=202)


async def unsendable_object():
    return Response(headers={"no token": "x"})


async def parts():
    return Parts(200, None, None)


async def raising():
    raise Broken("handler")


async def refused(wanted: int):
    return wanted


async def empty_result() -> None:
    pass


async def opened():
    opened.log.append("open")
    yield 1
    opened.log.append("closed")


async def depending(value: Annotated[int, Depends(opened)]):
    return {"value": value}


async def depending_stream(value: Annotated[int, Depends(opened)]):
    return Parts(200, None, None)


async def with_a_task(tasks: BackgroundTasks):
    tasks.add_task(opened.log.append, "task")
    return {}


HANDLERS = (
    echo_body,
    in_a_thread,
    object_of_a_response,
    unsendable_object,
    parts,
    raising,
    refused,
    empty_result,
    depending,
    depending_stream,
    with_a_task,
    None,
)


async def of_app(script, handler, where, arrange, caplog, **breaks):
    """Tell all that is seen of an app whose handler has middleware right round it."""
    notes = opened.log = []
    caplog.clear()
    given = arrange(classes(script, notes.append))
    app = HawkAPI()
    for item in given if where == "app" else ():
        app.add_middleware(item)
    if handler is not None:
        app.post("/p", middleware=given if where == "route" else None, timeout=60)(handler)
    await outcome(app, notes, **breaks)
    return [*notes, *((record.name, record.getMessage()) for record in caplog.records if not is_of_the_process(record))]


def is_of_the_process(record):
    """Tell records that depend on how busy the machine is, or come once a process."""
    return "for a thread of the pool" in record.msg or "no lifespan runs" in record.msg


async def test_neighbours_in_an_app_do_what_layers_in_an_app_do(caplog):
    caplog.set_level(logging.INFO)
    handlers = cycle(HANDLERS)
    for script, _ in random_scripts(240, longest=4):
        handler = next(handlers)
        for where in ("app", "route"):
            neighbours = await of_app(script, handler, where, list, caplog)
            assert neighbours == await of_app(script, handler, where, apart, caplog), (script, handler, where)


@pytest.mark.parametrize("after", AFTER)
async def test_one_hook_right_round_handlers_does_what_it_does_apart(after, caplog):
    for handler in HANDLERS:
        script = [(None, after)]
        assert await of_app(script, handler, "app", list, caplog) == await of_app(script, handler, "app", apart, caplog)


@pytest.mark.parametrize("breaks", [{"break_send": 1}, {"break_send": 2}, {"break_receive": 1}, {"break_receive": 2}])
async def test_what_a_broken_connection_leaves_is_the_same_for_neighbours(breaks, caplog):
    for after, handler in product(AFTER, HANDLERS):
        script = [(same, after), (read, add_header)]
        neighbours = await of_app(script, handler, "app", list, caplog, **breaks)
        assert neighbours == await of_app(script, handler, "app", apart, caplog, **breaks), (script, handler)


class Names(Middleware):
    async def after_response(self, request, response):
        response.headers["x-named"] = "yes"


def setting(**changes):
    """Make middleware that changes a scope."""

    def wrap(app):
        async def layer(scope, receive, send):
            await app({**scope, **changes}, receive, send)

        return layer

    return wrap


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/items/7", 200, b'"7"'),
        ("GET", "/items/seven", 200, b'"a word"'),
        ("HEAD", "/items/7", 200, b""),
        ("DELETE", "/items/7", 405, None),
        ("GET", "/items/layered", 200, b'"layered"'),
        ("GET", "/nowhere", 404, None),
        ("GET", "/" + "x" * 9000, 414, None),
        ("GET", "/mounted/x", 200, b"mounted"),
    ],
)
@pytest.mark.parametrize("root", ["", "/prefix"])
async def test_what_a_hook_stands_round_is_found_as_without(method, path, status, body, root):
    app = HawkAPI()
    app.add_middleware(Names)

    @app.get("/items/{number:int}")
    async def numbered(number: int):
        return str(number)

    @app.get("/items/{word}")
    async def worded(word: str):
        return "a word"

    @app.get("/items/layered", middleware=[Names])
    async def layered():
        return "layered"

    async def mounted(scope, receive, send):
        await Response("mounted")(scope, receive, send)

    app.mount("/mounted", mounted)
    wire = Wire()
    await exchange(app, method, root + path, wire=wire, root_path=root)
    assert (wire.status, wire.headers["x-named"]) == (status, "yes")
    assert body is None or wire.body == body


async def test_a_root_that_middleware_outside_of_a_hook_has_set_is_stripped():
    app = HawkAPI()
    app.add_middleware(setting(root_path="/prefix"))
    app.add_middleware(Names)

    @app.get("/a")
    async def stripped():
        return "stripped"

    @app.get("/prefix/a")
    async def whole():
        return "whole"

    assert (await exchange(app, "GET", "/prefix/a")).body == b'"stripped"'


class EntersItsOwnWay(Names):
    def _enter(self, scope, receive, send):
        return super()._enter(scope, receive, send)


class IsCalledItsOwnWay(Names):
    async def __call__(self, scope, receive, send):
        await super().__call__(scope, receive, send)


@pytest.mark.parametrize("middleware", [Names, EntersItsOwnWay, IsCalledItsOwnWay])
async def test_all_is_compiled_at_the_seal(middleware, monkeypatch):
    app = HawkAPI()
    app.add_middleware(middleware)
    app.get("/")(echo_body)
    app.seal()
    monkeypatch.setattr("hawkapi.app.repliers.compile_replier", None)
    wire = await exchange(app, "GET", "/")
    assert (wire.status, wire.headers["x-named"]) == (200, "yes")


async def test_a_handler_behind_a_hook_is_cancelled_when_its_client_leaves():
    app = HawkAPI()
    app.add_middleware(Names)

    @app.get("/", cancel_on_disconnect=True)
    async def wait():
        await sleep_forever()

    assert (await exchange(app, "GET", "/")).sent == []


async def test_a_stream_within_a_time_limit_keeps_what_waits_in_its_cleanup_until_its_end():
    app = HawkAPI()
    app.add_middleware(Names)
    log = []

    async def held():
        async with create_task_group():
            yield
        log.append("closed")

    async def parts():
        yield b"a"
        log.append("streams")
        yield b"b"

    @app.get("/", timeout=60)
    async def stream(_: Annotated[None, Depends(held)]):
        return StreamingResponse(parts())

    wire = await exchange(app, "GET", "/")
    assert (wire.status, wire.body, log) == (200, b"ab", ["streams", "closed"])


@pytest.mark.parametrize(("method", "status", "body"), [("POST", 405, b"Allowed: GET, HEAD"), ("GET", 200, b"alive")])
async def test_a_probe_hides_a_route_with_a_parameter(method, status, body):
    app = HawkAPI()
    app.add_middleware(setting(path="/livez"))
    app.add_middleware(Names)
    app.add_route("/{name}", lambda name: name, methods=["GET", "POST"])
    wire = await exchange(app, method, "/renamed")
    assert wire.status == status
    assert body in wire.body


async def test_a_server_that_fails_before_the_head_gets_no_other_answer():
    class Early(BaseResponse):
        async def __call__(self, scope, receive, send):
            await send({"type": "http.response.debug", "info": {}})

    app = HawkAPI()
    app.add_middleware(Names)

    @app.get("/")
    async def early():
        return Early(200, None, None)

    wire = Wire(break_send=1)
    with pytest.raises(Broken):
        await exchange(app, "GET", "/", wire=wire)
    assert wire.sends == 1


async def test_an_exception_that_cannot_be_answered_is_no_matter_of_middleware():
    class Unanswerable(HTTPException):
        def to_response(self):
            raise Broken("no answer")

    app = HawkAPI()
    app.add_middleware(Names)

    @app.get("/")
    async def fails():
        raise Unanswerable(400)

    wire = Wire()
    with pytest.raises(Broken):
        await exchange(app, "GET", "/", wire=wire)
    assert wire.sent == []


async def test_neighbours_share_what_one_of_them_has_read():
    seen = []

    class Reads(Middleware):
        async def before_request(self, request):
            seen.append((request, await request.json()))

        async def after_response(self, request, response):
            seen.append((request, await request.json()))

    stack, _ = build_stack([Reads, Reads], plain)
    await call(stack, "POST", "/", body=b"{}")
    assert len(seen) == 4
    assert len({id(request) for request, _ in seen}) == len({id(value) for _, value in seen}) == 1


async def test_who_changes_the_scope_returns_another_request_and_the_next_one_reads_anew():
    class Names(Middleware):
        async def before_request(self, request):
            assert "x-user" not in request.headers
            return Request({**request.scope, "headers": [(b"x-user", b"ada")]}, None)

    class Greets(Middleware):
        async def before_request(self, request):
            return Response(f"Hello {request.headers['x-user']}")

    stack, _ = build_stack([Names, Greets], plain)
    assert (await call(stack, "GET", "/")).body == b"Hello ada"


async def test_the_app_of_a_neighbour_is_all_that_stands_inside():
    class Outer(Middleware):
        async def before_request(self, request):
            apps.append(self.app)

    class Inner(Middleware):
        async def after_response(self, request, response):
            response.headers["x-inner"] = "yes"

    apps = []
    stack, _ = build_stack([Outer, Inner], plain)
    await call(stack, "GET", "/")
    assert (await call(apps[0], "GET", "/")).headers["x-inner"] == "yes"


async def test_one_that_enters_in_a_way_of_its_own_has_its_hooks_run_within():
    class Upper(Middleware):
        def _enter(self, scope, receive, send):
            return super()._enter({**scope, "path": "/UPPER"}, receive, send)

        async def before_request(self, request):
            request.state.path = request.path

    class Answers(Middleware):
        async def before_request(self, request):
            return Response(request.state.path)

    stack, _ = build_stack([Upper, Answers], plain)
    for app in (stack, Upper(Answers(plain))):
        scope = {"type": "http", "path": "/p", "hawkapi": RequestContext(None)}
        wire = Wire()
        await app(scope, wire.receive, wire.send)
        assert wire.body == b"/UPPER"


async def test_an_app_that_a_constructor_puts_between_parts_neighbours():
    class Own(Middleware):
        def __init__(self, app):
            super().__init__(between(app))

        async def before_request(self, request):
            requests.append(request)

    requests = []
    stack, _ = build_stack([Own, Own], plain)
    await call(stack, "GET", "/")
    assert requests[0] is not requests[1]


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
async def test_other_scopes_pass_neighbours(kind):
    class Never(Middleware):
        async def before_request(self, request):
            raise AssertionError

    async def app(*given):
        seen.append(given)

    seen = []
    given = {"type": kind}, object(), object()
    stack, _ = build_stack([Never, Never], app)
    await stack(*given)
    assert seen == [given]

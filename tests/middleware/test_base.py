"""Middleware round apps of all kinds, alone: no HawkAPI outside it."""

import pytest

from hawkapi.middleware.base import Middleware
from hawkapi.requests.form_data import FormData
from hawkapi.requests.request import Request
from hawkapi.responses.response import Response
from hawkapi.responses.streaming import StreamingResponse
from tests.app.test_uploads import BODY, TYPE
from tests.app.wire import Broken, Wire, chunks, exchange
from tests.asgi import call, http_scope


async def plain(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"plain"})


async def echo(scope, receive, send):
    """Read the messages, as a foreign app does, and send the body back."""
    body, more = b"", True
    while more:
        message = await receive()
        assert message["type"] == "http.request"
        body += message.get("body", b"")
        more = message.get("more_body", False)
    after = await receive()
    await Response(body + b" " + after["type"].encode())(scope, receive, send)


def before(hook):
    class Before(Middleware):
        async def before_request(self, request):
            return await hook(request)

    return Before


def after(hook):
    class After(Middleware):
        async def after_response(self, request, response):
            return await hook(request, response)

    return After


async def test_a_subclass_without_hooks_lets_all_pass():
    class Nothing(Middleware):
        pass

    assert (await call(Nothing(plain), "GET", "/")).body == b"plain"


async def test_the_hooks_of_the_base_let_all_pass():
    class Both(Middleware):
        async def before_request(self, request):
            return await super().before_request(request)

        async def after_response(self, request, response):
            return await super().after_response(request, response)

    assert (await call(Both(plain), "GET", "/")).body == b"plain"


async def test_hooks_that_return_nothing_let_all_pass():
    async def nothing(*args):
        return None

    for make in (before, after):
        assert (await call(make(nothing)(plain), "GET", "/")).body == b"plain"


async def test_both_hooks_get_the_same_request():
    seen = []

    class Both(Middleware):
        async def before_request(self, request):
            seen.append(request)

        async def after_response(self, request, response):
            seen.append(request)

    await call(Both(plain), "GET", "/")
    assert seen[0] is seen[1]


async def test_hooks_of_a_base_class_and_of_a_mixin_count():
    class Mixin:
        async def after_response(self, request, response):
            response.headers["x-after"] = "mixin"

    class First(Middleware):
        async def before_request(self, request):
            request.scope["path"] = "/first"

    class Second(Mixin, First):
        pass

    async def path(scope, receive, send):
        await Response(scope["path"])(scope, receive, send)

    answer = await call(Second(path), "GET", "/")
    assert (answer.body, answer.headers["x-after"]) == (b"/first", "mixin")


async def test_the_app_is_looked_up_at_each_call():
    async def other(scope, receive, send):
        await Response("other")(scope, receive, send)

    class Before(Middleware):
        async def before_request(self, request):
            return None

    for middleware in (Before(plain), Middleware(plain)):
        assert (await call(middleware, "GET", "/")).body == b"plain"
        middleware.app = other
        assert (await call(middleware, "GET", "/")).body == b"other"


async def test_an_own_call_may_use_the_hooks_by_super():
    class Counting(Middleware):
        calls = 0

        async def __call__(self, scope, receive, send):
            self.calls += 1
            await super().__call__(scope, receive, send)

        async def after_response(self, request, response):
            response.headers["x-calls"] = str(self.calls)

    assert (await call(Counting(plain), "GET", "/")).headers["x-calls"] == "1"


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
async def test_hooks_see_http_only(kind):
    class Never(Middleware):
        async def before_request(self, request):
            raise AssertionError

        async def after_response(self, request, response):
            raise AssertionError

    async def app(*given):
        seen.append(given)

    seen = []
    scope, receive, send = {"type": kind}, object(), object()
    await Never(app)(scope, receive, send)
    assert seen == [(scope, receive, send)]
    assert scope == {"type": kind}


async def test_before_request_may_answer_past_what_is_inside():
    async def refuse(request):
        return Response(status_code=401)

    async def never(*args):
        raise AssertionError

    class Refusing(before(refuse)):
        async def after_response(self, request, response):
            raise AssertionError

    answer = await call(Refusing(never), "GET", "/")
    assert answer.status == 401


async def test_a_short_circuit_passes_the_hooks_outside_of_it():
    async def refuse(request):
        return Response("no", status_code=401)

    async def mark(request, response):
        response.headers["x-outer"] = str(response.status_code)

    answer = await call(after(mark)(before(refuse)(plain)), "GET", "/")
    assert (answer.headers["x-outer"], answer.body) == ("401", b"no")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (before, r"Before.before_request \(.*test_base.py:\d+\) must return the request, a response or None, not \{\}"),
        (after, r"After.after_response \(.*test_base.py:\d+\) must return the head, a response or None, not \{\}"),
    ],
)
async def test_what_no_hook_may_return_is_named(make, text):
    async def wrong(*args):
        return {}

    wire = Wire()
    with pytest.raises(TypeError, match=text):
        await exchange(make(wrong)(plain), "GET", "/", wire=wire)
    assert wire.sent == []


@pytest.mark.parametrize("hook", ["before_request", "after_response"])
def test_a_hook_that_is_not_async_is_refused_where_the_middleware_is_made(hook):
    Sync = type("Sync", (Middleware,), {hook: lambda self, *args: args[-1]})
    with pytest.raises(TypeError, match=r"is awaited: make it 'async def'"):
        Sync(plain)


async def test_another_request_takes_the_place_of_the_first():
    async def under_other_path(request):
        return Request({**request.scope, "path": "/other", "query_string": b"n=1"}, None)

    async def url(scope, receive, send):
        request = Request(scope, receive)
        await Response(f"{request.path}?{request.query_params['n']} {await request.body()}")(scope, receive, send)

    class Moved(before(under_other_path)):
        async def after_response(self, request, response):
            response.headers["x-path"] = request.path

    answer = await call(Moved(url), "POST", "/", body=b"b")
    assert (answer.body, answer.headers["x-path"]) == (b"/other?1 b'b'", "/other")


async def test_another_request_may_have_a_scope_made_anew():
    async def anew(request):
        request.state.user = "ada"
        return Request({"type": "http", "method": "GET", "path": "/new", "headers": []}, None)

    async def user(scope, receive, send):
        await Response(Request(scope, receive).state.user)(scope, receive, send)

    assert (await call(before(anew)(user), "GET", "/")).body == b"ada"


@pytest.mark.parametrize("foreign", [True, False])
async def test_another_request_may_have_a_body_of_its_own(foreign):
    async def upper(request):
        await request.is_disconnected()
        body = (await request.body()).upper()
        messages = iter(chunks(body))

        async def receive():
            return next(messages, {"type": "http.disconnect"})

        return Request(dict(request.scope), receive)

    async def read(request):
        return Response(await request.body() + b" http.disconnect")

    inner = echo if foreign else before(read)(plain)
    assert (await call(before(upper)(inner), "POST", "/", body=b"abc")).body == b"ABC http.disconnect"


async def test_a_body_that_another_request_streams_is_what_the_first_one_still_gives():
    async def doubled(request):
        stream = request.stream()

        async def receive():
            chunk = await anext(stream, b"")
            return {"type": "http.request", "body": chunk * 2, "more_body": bool(chunk)}

        return Request(request.scope, receive)

    async def app(scope, receive, send):
        await Response(await Request(scope, receive).body())(scope, receive, send)

    wire = await exchange(before(doubled)(app), "POST", "/", wire=Wire(*chunks(b"a", b"b")))
    assert wire.body == b"aabb"


@pytest.fixture
def closed(monkeypatch):
    """Tell which forms were closed."""
    closed = []

    async def aclose(self):
        closed.append(self)

    monkeypatch.setattr(FormData, "aclose", aclose)
    return closed


async def test_the_form_that_a_replaced_request_has_read_is_closed(closed):
    forms = []

    async def instead(request):
        forms.append(await request.form())
        return Request(request.scope, chunk)

    async def chunk():
        return {"type": "http.request", "body": b""}

    await exchange(before(instead)(plain), "POST", "/", wire=Wire(*chunks(BODY)), headers=TYPE)
    assert closed == forms


async def test_the_same_receive_in_another_request_is_no_other_body():
    async def copied(request):
        await request.body()
        return Request(dict(request.scope), request._receive)

    assert (await call(before(copied)(echo), "POST", "/", body=b"abc")).body == b"abc http.disconnect"


async def test_a_body_that_a_hook_has_read_is_read_again_by_an_app_of_any_kind():
    async def read(request):
        request.state.length = len(await request.body())

    async def request(scope, receive, send):
        request = Request(scope, receive)
        await Response(await request.body() + b" http.disconnect")(scope, receive, send)

    for app in (echo, request, before(read)(echo)):
        for wire in (Wire(*chunks(b"ab", b"cd")), Wire(*chunks(b"abcd"))):
            await exchange(before(read)(app), "POST", "/", wire=wire)
            assert wire.body == b"abcd http.disconnect"


async def test_a_hook_that_looks_for_the_client_takes_nothing_away():
    async def look(request):
        assert not await request.is_disconnected()

    wire = Wire(*chunks(b"ab", b"cd"))
    await exchange(before(look)(echo), "POST", "/", wire=wire)
    assert wire.body == b"abcd http.disconnect"


async def test_a_receive_that_a_layer_between_has_wrapped_is_not_passed_by():
    async def read(request):
        await request.body()

    async def nothing(request):
        return None

    class Upper(Middleware):
        async def __call__(self, scope, receive, send):
            async def receive_upper():
                message = await receive()
                return {**message, "body": message.get("body", b"").upper()}

            await self.app(scope, receive_upper, send)

    stack = before(read)(Upper(before(nothing)(echo)))
    assert (await call(stack, "POST", "/", body=b"abc")).body == b"ABC http.disconnect"


async def test_state_is_shared_by_layers_and_app():
    async def set_user(request):
        request.state.user = "ada"

    async def name(request):
        request.state.name = request.state.user.upper()

    async def app(scope, receive, send):
        await Response(Request(scope, receive).state.name)(scope, receive, send)

    scope = http_scope("GET", "/")
    wire = Wire()
    await before(set_user)(before(name)(app))(scope, wire.receive, wire.send)
    assert wire.body == b"ADA"
    assert scope == http_scope("GET", "/")  # the caller may use it again


async def test_a_scope_may_be_bare():
    async def look(request):
        assert (request.method, request.path, request.client, list(request.headers)) == ("GET", "/", None, [])
        assert (request.path_params, request.query_string) == ({}, b"")

    async def mark(request, response):
        response.headers["x-a"] = request.path

    wire = Wire()
    await before(look)(after(mark)(plain))({"type": "http"}, wire.receive, wire.send)
    assert wire.headers == {"content-length": "5", "x-a": "/"}


async def test_a_request_outside_of_an_app_has_a_runtime_and_no_routes():
    async def look(request):
        assert request.scope["hawkapi"].runtime.handlers.total_tokens
        with pytest.raises(LookupError, match="no route 'item': this request did not come through an app"):
            request.url_for("item")

    await call(before(look)(plain), "GET", "/")


async def test_what_a_request_has_opened_is_closed_in_the_end(closed):
    forms = []

    async def read(request):
        forms.append(await request.form())
        await request.is_disconnected()
        raise Broken("hook")

    with pytest.raises(Broken):
        await exchange(before(read)(plain), "POST", "/", wire=Wire(*chunks(BODY)), headers=TYPE)
    assert closed == forms


async def test_changes_to_the_head_are_sent_and_nothing_is_changed_in_place():
    async def change(request, response):
        response.status_code = 201
        response.headers["x-a"] = "b"
        response.headers.append("set-cookie", "c=3")
        return response

    given = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")],
    }
    kept = {**given, "headers": list(given["headers"])}

    async def app(scope, receive, send):
        await send(given)
        await send({"type": "http.response.body"})

    answer = await call(after(change)(app), "GET", "/")
    assert answer.status == 201
    assert answer.raw == [*kept["headers"], (b"x-a", b"b"), (b"set-cookie", b"c=3")]
    assert given == kept


async def test_a_stream_passes_part_by_part():
    sent = []

    async def mark(request, response):
        response.headers["x-a"] = "b"

    async def content():
        for i in range(3):
            yield f"{i}:{len(sent)} "

    async def send(message):
        sent.append(message)

    async def app(scope, receive, send):
        await StreamingResponse(content())(scope, receive, send)

    await after(mark)(app)(http_scope("GET", "/"), Wire({"type": "http.request"}).receive, send)
    assert b"".join(message["body"] for message in sent[1:]) == b"0:1 1:2 2:3 "


async def test_the_length_for_a_head_is_kept():
    async def mark(request, response):
        response.headers["x-a"] = "b"

    async def app(scope, receive, send):
        await Response("12345")(scope, receive, send)

    answer = await call(after(mark)(app), "HEAD", "/")
    assert (answer.headers["content-length"], answer.headers["x-a"], answer.body) == ("5", "b", b"")


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_a_body_ends_the_answer(status):
    ended = []

    async def change(request, response):
        response.status_code = status

    async def content():
        try:
            while True:
                yield b"x"
        finally:
            ended.append(True)

    async def app(scope, receive, send):
        await StreamingResponse(content(), headers={"content-length": "9"})(scope, receive, send)

    wire = await exchange(after(change)(app), "GET", "/", wire=Wire({"type": "http.request"}))
    assert wire.sent == [
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/octet-stream")]},
        {"type": "http.response.body", "body": b""},
    ]
    assert ended == [True]


async def test_a_returned_response_replaces_the_answer():
    async def replace(request, response):
        return Response(f"instead of {response.status_code}", status_code=418)

    answer = await call(after(replace)(plain), "GET", "/")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (418, b"instead of 200", "14")


async def test_a_replaced_stream_ends_when_the_answer_has_gone_out():
    ended = []

    async def replace(request, response):
        return Response("whole")

    async def content():
        try:
            while True:
                yield b"x"
        finally:
            ended.append(True)

    async def app(scope, receive, send):
        await StreamingResponse(content())(scope, receive, send)

    wire = await exchange(after(replace)(app), "GET", "/")
    assert wire.body == b"whole"
    assert ended == [True]


async def test_a_response_for_a_head_has_no_body():
    async def replace(request, response):
        return Response("whole")

    answer = await call(after(replace)(plain), "HEAD", "/")
    assert (answer.headers["content-length"], answer.body) == ("5", b"")


async def test_a_second_head_from_within_is_not_shown_again():
    seen = []

    async def look(request, response):
        seen.append(response.status_code)

    async def twice(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.start", "status": 500, "headers": []})

    wire = await exchange(after(look)(twice), "GET", "/")
    assert seen == [200]
    assert [message["status"] for message in wire.sent] == [200, 500]  # the server's to refuse


async def test_who_answers_a_failing_hook_inside_is_shown_to_it_again():
    seen = []

    async def fail_once(request, response):
        seen.append(response.status_code)
        if len(seen) == 1:
            raise Broken("hook")

    async def app(scope, receive, send):
        try:
            await plain(scope, receive, send)
        except Broken:
            await Response("sorry", status_code=503)(scope, receive, send)

    answer = await call(after(fail_once)(app), "GET", "/")
    assert seen == [200, 503]
    assert (answer.status, answer.body) == (503, b"sorry")


async def test_a_replacement_that_cannot_be_sent_leaves_room_for_another_answer():
    async def replace(request, response):
        return Response(headers={"no token": "x"}) if response.status_code == 200 else None

    async def app(scope, receive, send):
        try:
            await plain(scope, receive, send)
        except ValueError:
            await Response("sorry", status_code=503)(scope, receive, send)

    answer = await call(after(replace)(app), "GET", "/")
    assert (answer.status, answer.body) == (503, b"sorry")


async def test_messages_before_the_head_pass():
    async def mark(request, response):
        response.headers["x-a"] = "b"

    async def hinting(scope, receive, send):
        await send({"type": "http.response.early_hint", "links": []})
        await plain(scope, receive, send)

    wire = await exchange(after(mark)(hinting), "GET", "/")
    assert wire.types == ["http.response.early_hint", "http.response.start", "http.response.body"]

import pytest
from anyio import wait_all_tasks_blocked

from hawkapi.requests.context import RequestContext
from hawkapi.requests.errors import MalformedBody, RequestEntityTooLarge
from hawkapi.requests.limits import Limits
from hawkapi.requests.request import Request
from hawkapi.requests.request import RequestEntityTooLarge as PublicName
from hawkapi.requests.state import State
from hawkapi.runtime.runtime import Runtime
from hawkapi.runtime.tasks import Supervisor
from tests.requests.feeds import Feed

URLENCODED = [(b"content-type", b"application/x-www-form-urlencoded")]
MULTIPART = [(b"content-type", b"multipart/form-data; boundary=B")]
FILE = b'--B\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n0123456789\r\n--B--\r\n'


class App:
    def __init__(self):
        self.made = Runtime()

    def runtime(self):
        return self.made

    def url_for(self, name, /, **path_params):
        return f"/{name}/{path_params['id']}"


def request_of(*chunks, headers=(), **options):
    return Request({"type": "http", "method": "POST", "path": "/", "headers": list(headers)}, Feed(*chunks), **options)


def pair_of(*chunks, headers=()):
    scope = {"type": "http", "path": "/", "headers": list(headers), "hawkapi": RequestContext(App())}
    receive = Feed(*chunks)
    return Request(scope, receive), Request(dict(scope), receive)


def test_method_and_content_type_are_read():
    request = request_of(headers=[(b"content-type", b"text/plain; charset=utf-8")])
    assert (request.method, request.content_type) == ("POST", "text/plain; charset=utf-8")
    bare = Request({"path": "/"}, None)
    assert (bare.method, bare.content_type) == ("GET", None)


async def test_the_body_is_read_once_and_kept():
    request = request_of(b"ab", b"cd")
    body = await request.body()
    assert body == b"abcd"
    assert await request.body() is body


async def test_a_stream_leaves_no_body_behind():
    request = request_of(b"ab", b"cd")
    assert [chunk async for chunk in request.stream()] == [b"ab", b"cd"]
    with pytest.raises(RuntimeError, match=r"Body already consumed by stream\(\)"):
        await request.body()


@pytest.mark.parametrize("options", [{"max_body_size": 4}, {"max_body_size": 99, "limits": Limits(body=4)}])
async def test_the_size_of_the_body_is_bounded(options):
    assert await request_of(b"abcd", **options).body() == b"abcd"
    with pytest.raises(RequestEntityTooLarge):
        await request_of(b"abcde", **options).body()


def test_the_error_of_a_body_too_large_is_importable_where_apps_expect_it():
    assert PublicName is RequestEntityTooLarge


async def test_without_receive_there_is_no_body():
    with pytest.raises(RuntimeError, match="made without `receive`"):
        await Request({"path": "/"}, None).body()


async def test_json_is_decoded_once_under_any_content_type():
    request = request_of(b'{"a": ', b"[1]}", headers=[(b"content-type", b"text/plain")])
    value = await request.json()
    assert value == {"a": [1]}
    assert await request.json() is value


async def test_json_null_is_a_value():
    request = request_of(b"null")
    assert await request.json() is None
    assert await request.json() is None


@pytest.mark.parametrize("body", [b"", b"{", b"[1] x", b"NaN", b'"\xff"', b"\xef\xbb\xbf1", b"1" * 5000, b"[1,]"])
async def test_what_is_no_json_is_a_malformed_body(body):
    with pytest.raises(MalformedBody) as refused:
        await request_of(body).json()
    assert refused.value.field == "$"
    assert refused.value.message


async def test_cve_2025_64460_nesting_is_bounded_before_json_is_decoded():
    assert await request_of(b"[" * 512 + b"]" * 512).json()
    with pytest.raises(MalformedBody, match="nested deeper than 512 levels"):
        await request_of(b"[" * 513 + b"]" * 513).json()


async def test_a_decoder_that_runs_out_of_stack_is_a_malformed_body():
    depth = 100_000
    with pytest.raises(MalformedBody, match="recursion"):
        await request_of(b"[" * depth, limits=Limits(nesting=depth)).json()


async def test_a_form_is_read_once_and_kept():
    request = request_of(b"a=1&b=2", headers=URLENCODED)
    form = await request.form()
    assert form.fields == {"a": "1", "b": "2"}
    assert await request.form() is form


async def test_a_urlencoded_form_leaves_the_body_readable():
    request = request_of(b"a=1", headers=URLENCODED)
    await request.form()
    assert await request.body() == b"a=1"


async def test_a_multipart_form_takes_the_stream():
    request = request_of(FILE, headers=MULTIPART)
    assert (await request.form()).get("f").data == b"0123456789"
    with pytest.raises(RuntimeError):
        await request.body()


async def test_a_multipart_form_can_be_made_of_a_body_that_was_read():
    request = request_of(FILE, headers=MULTIPART)
    assert await request.body() == FILE
    assert (await request.form()).get("f").data == b"0123456789"


async def test_a_body_without_content_type_is_no_form():
    with pytest.raises(MalformedBody):
        await request_of(b"a=1").form()


async def test_closing_a_request_closes_the_files_of_its_form():
    request = request_of(FILE, headers=MULTIPART, limits=Limits(spool=0))
    upload = (await request.form()).get("f")
    assert await upload.read(4) == b"0123"
    await request.aclose()
    await request.aclose()
    with pytest.raises(ValueError, match="closed"):
        await upload.read()


async def test_closing_a_request_without_a_form_does_nothing():
    await request_of().aclose()


async def test_a_body_read_in_a_middleware_can_be_read_in_the_handler():
    outer, inner = pair_of(b"ab", b"cd")
    body = await outer.body()
    assert await inner.body() is body
    assert [chunk async for chunk in inner.stream()] == [b"abcd"]


async def test_a_form_read_in_a_middleware_can_be_read_in_the_handler():
    outer, inner = pair_of(FILE, headers=MULTIPART)
    assert await outer.form() is await inner.form()


async def test_a_stream_taken_in_a_middleware_is_taken_in_the_handler_too():
    outer, inner = pair_of(b"ab")
    outer.stream()
    with pytest.raises(RuntimeError, match="Body already consumed"):
        inner.stream()


async def test_state_set_in_a_middleware_is_visible_in_the_handler():
    outer, inner = pair_of()
    outer.state.user = "ann"
    assert inner.state.user == "ann"
    inner.state = State()
    assert "user" not in outer.state


def test_state_needs_no_context_and_is_not_the_state_of_the_lifespan():
    request = Request({"path": "/", "state": {"db": 1}}, None)
    request.state.user = "ann"
    assert request.state.user == "ann"
    assert request.scope["state"] == {"db": 1}
    request.state = state = State()
    assert request.state is state


async def test_headers_are_those_from_before_the_body():
    request = request_of(b"ab")
    raw, receive = request.scope["headers"], request._receive

    async def receive_with_trailers():
        raw.append((b"authorization", b"forged"))
        return await receive()

    request._receive = receive_with_trailers
    await request.body()
    assert "authorization" not in request.headers
    assert "authorization" not in Request(request.scope, None).headers


async def test_the_url_of_a_route_is_absolute_with_the_prefix_of_the_mount():
    context = RequestContext(App())
    scope = {"path": "/x", "root_path": "/a b", "headers": [(b"host", b"h:1")], "hawkapi": context}
    assert Request(scope, None).url_for("users", id=5) == "http://h:1/a%20b/users/5"


def test_a_request_that_came_through_no_app_knows_no_routes():
    with pytest.raises(LookupError, match="There is no route 'users'"):
        Request({"path": "/"}, None).url_for("users")


def test_without_a_time_limit_there_is_no_deadline():
    request = request_of()
    assert (request.deadline, request.remaining()) == (None, None)


def test_what_remains_until_the_deadline_is_never_below_zero(monkeypatch):
    request, same = pair_of()
    request.scope["hawkapi"].deadline = 100.0
    assert request.deadline == same.deadline == 100.0
    monkeypatch.setattr("hawkapi.requests.request.monotonic", lambda: 98.5)
    assert request.remaining() == 1.5
    monkeypatch.setattr("hawkapi.requests.request.monotonic", lambda: 101.0)
    assert request.remaining() == 0.0


async def test_without_receive_the_client_is_taken_to_be_there():
    assert not await Request({"path": "/"}, None).is_disconnected()


async def test_a_client_that_left_is_seen_after_its_body_was_read():
    request = request_of(b"ab", b"cd", headers=[(b"content-length", b"4")])
    request._receive.messages.append({"type": "http.disconnect"})
    assert not await request.is_disconnected()
    assert await request.body() == b"abcd"
    assert await request.is_disconnected()


@pytest.mark.parametrize(
    ("headers", "version", "bodyless"),
    [
        ([(b"host", b"x")], "1.1", True),
        ([(b"content-length", b"0")], "2", True),
        ([(b"content-length", b"1")], "1.1", False),
        ([(b"transfer-encoding", b"chunked")], "1.1", False),
        ([], "2", False),  # a stream there ends when it ends
    ],
)
async def test_without_a_lifespan_a_body_that_may_come_is_not_touched(headers, version, bodyless):
    scope = {"type": "http", "path": "/", "headers": headers, "http_version": version}
    receive = Feed()
    receive.messages.append({"type": "http.disconnect"})
    assert await Request(scope, receive).is_disconnected() is bodyless
    assert (receive.calls > 0) is bodyless


async def test_with_a_lifespan_nothing_of_the_body_is_lost():
    request, _ = pair_of(b"ab", b"cd", headers=[(b"transfer-encoding", b"chunked")])
    request._receive.messages.append({"type": "http.disconnect"})
    supervisor = request.scope["hawkapi"].runtime.supervisor = Supervisor(grace=0)
    async with supervisor.run():
        assert not await request.is_disconnected()
        assert await request.body() == b"abcd"
        await wait_all_tasks_blocked()
        assert await request.is_disconnected()

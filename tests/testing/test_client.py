import threading

import anyio
import pytest
from anyio import to_thread

from hawkapi._errors import MissingExtraError
from hawkapi.testing import client as client_module
from hawkapi.testing.client import HTTPStatusError, TestClient, TestResponse
from tests.testing.apps import answer, answering, capturing, describe, read_body, with_lifespan


@pytest.mark.parametrize("method", ["get", "delete", "options", "post", "put", "patch"])
def test_each_verb_sends_its_method(method, client_of):
    response = getattr(client_of(describe), method)("/a?b=1", headers={"x-one": "1"}, params={"c": 2})
    got = response.json()
    assert (got["method"], got["path"], got["query"]) == (method.upper(), "/a", "b=1&c=2")
    assert ["x-one", "1"] in got["headers"]


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_the_verbs_with_a_body_send_it(method):
    response = getattr(TestClient(describe), method)("/", json={"a": 1})
    assert response.json()["body"] == '{"a":1}'


def test_any_method_can_be_sent():
    assert TestClient(describe).request("purge", "/", body=b"x").json()["method"] == "PURGE"


def test_head_has_headers_and_no_body():
    app = answering(b"dropped", headers=[(b"content-length", b"7")])
    response = TestClient(app).head("/")
    assert (response.body, response.headers["content-length"]) == (b"", "7")


def test_forms_are_sent():
    assert TestClient(describe).post("/", data={"a": "1"}).json()["body"] == "a=1"


def test_files_are_sent():
    assert 'filename="a.txt"\r\n' in TestClient(describe).post("/", files={"a": ("a.txt", b"1")}).json()["body"]


def test_a_body_in_pieces_arrives_in_pieces_without_a_length(client_of):
    seen = []

    async def app(scope, receive, send):
        seen.append([await receive() for _ in range(3)])
        seen.append(dict(scope["headers"]))
        await answer(send)

    def pieces():
        yield b"a"
        yield "b"

    client_of(app).post("/", body=pieces())
    assert [(message["body"], message["more_body"]) for message in seen[0]] == [
        (b"a", True),
        (b"b", True),
        (b"", False),
    ]
    assert seen[1][b"transfer-encoding"] == b"chunked"
    assert b"content-length" not in seen[1]


def test_an_answer_in_pieces_is_one_body():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    response = TestClient(app).get("/")
    assert (response.body, dict(response.headers)) == (b"ab", {})


def test_redirects_are_not_followed():
    response = TestClient(answering(status=307, headers=[(b"location", b"/")])).get("/")
    assert response.is_redirect


def test_a_call_returns_when_the_app_has_ended():
    done = []

    async def app(scope, receive, send):
        await answer(send)
        await to_thread.run_sync(done.append, "background")

    TestClient(app).get("/")
    assert done == ["background"]


def test_the_disconnect_comes_once_the_response_is_complete(client_of):
    types = []

    async def app(scope, receive, send):
        types.append((await receive())["type"])
        await answer(send)
        types.extend([(await receive())["type"], (await receive())["type"]])

    client_of(app).post("/", body=b"x")
    assert types == ["http.request", "http.disconnect", "http.disconnect"]


def test_a_body_that_was_not_read_is_no_longer_given_after_the_response():
    types = []

    async def app(scope, receive, send):
        await answer(send)
        types.append((await receive())["type"])

    TestClient(app).post("/", body=b"x")
    assert types == ["http.disconnect"]


def test_what_leaves_the_app_is_raised_as_it_is(client_of):
    error = LookupError("mine")

    async def app(scope, receive, send):
        raise error

    with pytest.raises(LookupError) as caught:
        client_of(app).get("/")
    assert caught.value is error


def test_an_iterable_that_raises_breaks_off_the_request(client_of):
    types = []

    async def app(scope, receive, send):
        types.extend([(await receive())["type"], (await receive())["type"]])

    def pieces():
        yield b"a"
        raise ConnectionError("pulled the plug")

    with pytest.raises(ConnectionError, match="pulled the plug"):
        client_of(app).post("/", body=pieces())
    assert types == ["http.request", "http.disconnect"]


def test_cookies_are_sent_and_set():
    scopes = []
    client = TestClient(capturing(scopes))
    client.cookies["session"] = "abc"
    client.get("/")
    client.get("/", headers={"Cookie": "own=1"})
    assert [dict(scope["headers"])[b"cookie"] for scope in scopes] == [b"session=abc", b"own=1"]


def test_the_answer_updates_the_jar():
    client = TestClient(
        answering(headers=[(b"set-cookie", b"session=new; Secure"), (b"set-cookie", b"old=; Max-Age=0")])
    )
    client.cookies = {"session": "preset", "old": "1"}
    response = client.get("/")
    assert client.cookies == {"session": "new"}
    assert response.cookies == {"session": "new"}


def test_without_cookies_no_header_is_sent():
    scopes = []
    TestClient(capturing(scopes)).get("/")
    assert b"cookie" not in dict(scopes[0]["headers"])


def test_the_block_runs_the_lifespan_and_requests_have_a_copy_of_its_state(client_of):
    events, scopes = [], []
    database = object()
    app = with_lifespan(capturing(scopes), state={"db": database}, events=events)
    with client_of(app) as client:
        assert client.get("/").status_code == 200
        scopes[0]["state"]["mine"] = 1
        client.get("/")
        assert events == ["started"]
    assert events == ["started", "stopped"]
    assert scopes[0]["state"]["db"] is database
    assert scopes[1]["state"] == {"db": database}


def test_without_the_block_no_hooks_run():
    events, scopes = [], []
    TestClient(with_lifespan(capturing(scopes), events=events)).get("/")
    assert events == []
    assert scopes[0]["state"] == {}


def test_the_block_is_one_loop_and_may_be_entered_again(client_of):
    threads = []

    async def app(scope, receive, send):
        threads.append(threading.current_thread())
        if scope["type"] == "http":
            await answer(send)

    client = client_of(app)
    for _ in range(2):
        with client:
            client.get("/")
            client.get("/")
    assert len(set(threads[:3])) == len(set(threads[3:])) == 1
    assert threads[0] is not threads[3]


def test_a_failing_start_up_raises(client_of):
    client = client_of(with_lifespan(describe, fail="no database"))
    with pytest.raises(RuntimeError, match="no database"), client:
        pass
    assert client.get("/").status_code == 200


def test_the_app_stops_in_order_when_the_block_raises(client_of):
    events = []
    with pytest.raises(LookupError, match="mine"), client_of(with_lifespan(describe, events=events)):
        raise LookupError("mine")
    assert events == ["started", "stopped"]


def test_a_test_may_fail_in_the_app(client_of):
    events = []

    async def app(scope, receive, send):
        pytest.fail("must not be called")

    def run(use):
        with client_of(with_lifespan(app, events=events)) as client, use(client):
            pass

    for use in (
        lambda client: client.get("/"),
        lambda client: client.stream("GET", "/"),
        lambda client: client.websocket_connect("/"),
    ):
        with pytest.raises(pytest.fail.Exception, match="must not be called"):
            run(use)
    assert events == ["started", "stopped"] * 3


def test_a_block_within_the_block_is_refused():
    client = TestClient(with_lifespan(describe))
    with client, pytest.raises(RuntimeError, match="already runs the app's lifespan"), client:
        pass


def test_the_loop_is_that_of_the_backend(client_of, hawk_backend):
    modules = []

    async def app(scope, receive, send):
        await answer(send)
        modules.append(type(anyio.Event()).__module__)

    client_of(app).get("/")
    assert hawk_backend[0] in modules[0]


@pytest.mark.parametrize(
    ("missing", "options", "extra"),
    [("trio", {"backend": "trio"}, "trio"), ("uvloop", {"backend_options": {"use_uvloop": True}}, "uvicorn")],
)
def test_a_backend_that_is_not_installed_is_named_with_its_extra(missing, options, extra, monkeypatch):
    monkeypatch.setattr(client_module, "find_spec", {"trio": 1, "uvloop": 1, missing: None}.get)
    with pytest.raises(MissingExtraError, match=f"pip install 'hawkapi\\[{extra}\\]'"):
        TestClient(describe, **options)


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="must be 'asyncio' or 'trio', not 'curio'"):
        TestClient(describe, backend="curio")


def test_a_client_and_a_response_are_no_test_classes():
    assert not TestClient.__test__
    assert not TestResponse.__test__


def test_the_client_knows_its_app():
    assert TestClient(describe).app is describe


def test_an_unexpected_status_can_be_raised():
    with pytest.raises(HTTPStatusError, match="418 I'm a Teapot: short and stout"):
        TestClient(answering(b"short and stout", status=418)).get("/").raise_for_status()


async def test_the_plain_methods_refuse_to_block_a_loop():
    client = TestClient(describe)
    with pytest.raises(RuntimeError, match=r"await client\.async_get"):
        client.get("/")
    with pytest.raises(RuntimeError, match=r"await client\.async_get"), client:
        pass
    with pytest.raises(RuntimeError, match=r"await client\.async_get"), client.stream("GET", "/"):
        pass
    with pytest.raises(RuntimeError, match=r"await client\.async_get"), client.websocket_connect("/"):
        pass


async def test_the_plain_methods_work_in_a_worker_thread():
    response = await to_thread.run_sync(TestClient(describe).get, "/")
    assert response.status_code == 200


async def test_the_async_methods_run_in_the_loop_of_the_test():
    threads = []

    async def app(scope, receive, send):
        threads.append(threading.current_thread())
        await answer(send, await read_body(receive))

    client = TestClient(app)
    assert (await client.async_get("/")).status_code == 200
    assert (await client.async_delete("/")).status_code == 200
    for send in (client.async_post, client.async_put, client.async_patch):
        assert (await send("/", json=[1])).json() == [1]
    assert set(threads) == {threading.current_thread()}


async def test_the_async_methods_share_cookies_and_lifespan_with_the_block():
    events, scopes = [], []
    client = TestClient(with_lifespan(capturing(scopes), state={"db": 1}, events=events))
    client.cookies["a"] = "1"
    async with client as entered:
        assert entered is client
        await client.async_get("/")
    assert events == ["started", "stopped"]
    assert scopes[0]["state"] == {"db": 1}
    assert dict(scopes[0]["headers"])[b"cookie"] == b"a=1"

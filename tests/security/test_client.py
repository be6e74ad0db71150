"""A row of security.md about clients, as it holds for that of the tests: what is sent is one request."""

import pytest

from hawkapi.app.application import HawkAPI
from hawkapi.requests.request import Request
from hawkapi.testing.client import TestClient

BREAKS = ["\r\n", "\n", "\r"]


def asks_with_cookies(cookies):
    def ask(app):
        client = TestClient(app)
        client.cookies = cookies
        client.get("/")

    return ask


def places(evil):
    """Give all that a request is made of, with something evil in each."""
    return {
        "method": lambda app: TestClient(app).request(evil, "/"),
        "path": lambda app: TestClient(app).get(f"/{evil}"),
        "query": lambda app: TestClient(app).get(f"/?a={evil}"),
        "fragment": lambda app: TestClient(app).get(f"/#{evil}"),
        "host": lambda app: TestClient(app).get(f"http://{evil}/"),
        "base URL": lambda app: TestClient(app, base_url=f"http://{evil}").get("/"),
        "name of a header": lambda app: TestClient(app).get("/", headers={evil: "1"}),
        "name of a header in a list": lambda app: TestClient(app).get("/", headers=[("a", "1"), (evil, "1")]),
        "header": lambda app: TestClient(app).get("/", headers={"a": evil}),
        "header in a list": lambda app: TestClient(app).get("/", headers=[("a", "1"), ("a", evil)]),
        "name of a cookie": asks_with_cookies({evil: "1"}),
        "cookie": asks_with_cookies({"a": evil}),
        "content type": lambda app: TestClient(app).post("/", files={"f": ("f", b"", evil)}),
        "subprotocol": lambda app: TestClient(app).websocket_connect("/", subprotocols=[evil]).__enter__(),
        "header of a handshake": lambda app: TestClient(app).websocket_connect("/", headers={"a": evil}).__enter__(),
    }


@pytest.mark.parametrize("line_break", [*BREAKS, "\0"])
@pytest.mark.parametrize("place", places(""))
def test_cve_2026_22779_our_client_sends_nothing_that_holds_a_line_break(place, line_break):
    async def app(scope, receive, send):
        if scope["type"] != "lifespan":
            raise AssertionError("a request was sent")

    for evil in (f"a{line_break}x-evil: 1", f"a{line_break}", f"{line_break}a"):
        with pytest.raises(ValueError, match=r"line break|is no HTTP method|is no header name|base URL"):
            places(evil)[place](app)


@pytest.mark.parametrize("evil", ["GET /evil HTTP/1.1", "GET ", " GET", "G:T", "", "GÉT"])
def test_cve_2026_22779_our_client_sends_no_method_and_no_header_name_that_is_no_token(evil):
    async def app(scope, receive, send):
        if scope["type"] != "lifespan":
            raise AssertionError("a request was sent")

    for place in ("method", "name of a header", "name of a header in a list"):
        with pytest.raises(ValueError, match="is no"):
            places(evil)[place](app)


@pytest.mark.parametrize("evil", [*(f"a{br}x-evil: 1{br}{br}b" for br in BREAKS), 'a"; filename="b', 'a"\r\n\r\n--'])
def test_cve_2026_22779_no_name_of_a_part_ends_its_line_or_its_quotes(evil):
    app, bodies = HawkAPI(), []

    @app.post("/")
    async def handler(request: Request):
        bodies.append(await request.body())
        form = await request.form()
        return [len(form.fields), [upload.content_type for upload in form.files.values()]]

    answer = TestClient(app).post(
        "/", data={evil: "1"}, files={evil: (evil, b"", "text/plain"), "f": (evil, b"2", "a/b")}
    )
    assert answer.json() == [1, ["text/plain", "a/b"]]
    assert bodies[0].count(b"\n") == bodies[0].count(b"\r") == bodies[0].count(b"\r\n") == 15
    assert b'"b"' not in bodies[0]


@pytest.mark.parametrize("evil", [f"a{br}x-evil: 1" for br in [*BREAKS, "\0"]])
def test_cve_2026_22779_what_our_client_encodes_ends_no_line(evil):
    async def app(scope, receive, send):
        scopes.append(scope)
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    scopes = []
    TestClient(app).get("/", params={evil: evil})
    TestClient(app).post("/", params=evil)
    for scope in scopes:
        assert not set(scope["query_string"]) & set(b"\r\n\0 ")

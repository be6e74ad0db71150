import pytest

from hawkapi.testing.scope import BaseURL, encode_params, http_scope, websocket_scope

BASE = BaseURL.parse("http://testserver")


def scope_of(url="/", *, base=BASE, method="GET", params=None, headers=None, defaults=(), state=None):
    return http_scope(base, method, url, params=params, headers=headers, defaults=defaults, state=state or {})


def websocket_scope_of(url="/", *, base=BASE, subprotocols=()):
    return websocket_scope(base, url, params=None, headers=None, defaults=(), subprotocols=subprotocols, state={})


def test_an_http_scope_is_complete():
    state = {"db": 1}
    scope = scope_of("/a?b=c", method="get", state=state)
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "server": ("testserver", 80),
        "client": ("testclient", 50000),
        "path": "/a",
        "raw_path": b"/a",
        "root_path": "",
        "query_string": b"b=c",
        "headers": [(b"host", b"testserver"), (b"user-agent", b"testclient"), (b"accept", b"*/*")],
        "extensions": {"hawkapi.inline_tasks": {}},
        "state": {"db": 1},
    }
    assert scope["state"] is not state


def test_a_websocket_scope_offers_the_denial_response():
    scope = websocket_scope_of(subprotocols=["a", "b"])
    assert scope["type"] == "websocket"
    assert scope["scheme"] == "ws"
    assert scope["subprotocols"] == ["a", "b"]
    assert scope["extensions"] == {"websocket.http.response": {}}
    assert "method" not in scope
    headers = dict(scope["headers"])
    assert headers[b"upgrade"] == b"websocket"
    assert headers[b"sec-websocket-protocol"] == b"a, b"


def test_a_websocket_scope_without_subprotocols_has_no_header_for_them():
    scope = websocket_scope_of(base=BaseURL.parse("https://testserver"))
    assert scope["scheme"] == "wss"
    assert scope["subprotocols"] == []
    assert b"sec-websocket-protocol" not in dict(scope["headers"])


@pytest.mark.parametrize(
    ("url", "server", "host"),
    [
        ("https://example.org", ("example.org", 443), b"example.org"),
        ("http://example.org:8080/", ("example.org", 8080), b"example.org:8080"),
        ("http://[::1]:81", ("::1", 81), b"[::1]:81"),
    ],
)
def test_the_base_url_says_scheme_server_and_host(url, server, host):
    scope = scope_of(base=BaseURL.parse(url))
    assert scope["scheme"] == url.partition(":")[0]
    assert scope["server"] == server
    assert dict(scope["headers"])[b"host"] == host
    assert scope["path"] == "/"


def test_the_path_of_the_base_url_goes_first():
    assert scope_of("/users", base=BaseURL.parse("http://testserver/api/"))["path"] == "/api/users"


@pytest.mark.parametrize(
    "url", ["testserver", "ftp://testserver", "http://", "http://user@host", "http://a:b", "http://a b"]
)
def test_a_base_url_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="a base URL looks like"):
        BaseURL.parse(url)


def test_a_whole_url_replaces_the_base():
    scope = scope_of("https://other:444/a?b=1")
    assert (scope["scheme"], scope["server"], scope["path"]) == ("https", ("other", 444), "/a")
    assert scope["query_string"] == b"b=1"


@pytest.mark.parametrize(
    ("url", "path", "raw_path"),
    [
        ("", "/", b"/"),
        ("users", "/users", b"/users"),
        ("//evil", "//evil", b"//evil"),
        ("/a%2Fb", "/a/b", b"/a%2Fb"),
        ("/caf\u00e9 x", "/caf\u00e9 x", b"/caf%C3%A9%20x"),
        ("/100%", "/100%", b"/100%"),
        ("/%ff", "/\ufffd", b"/%ff"),
        ("/a#part", "/a", b"/a"),
    ],
)
def test_the_path_is_decoded_and_the_raw_path_encoded(url, path, raw_path):
    scope = scope_of(url)
    assert (scope["path"], scope["raw_path"]) == (path, raw_path)


@pytest.mark.parametrize(
    ("url", "params", "query"),
    [
        ("/?a=1", None, b"a=1"),
        ("/?a=1", {"b": 2}, b"a=1&b=2"),
        ("/", {"tag": ["x", "y"], "q": "a b&c"}, b"tag=x&tag=y&q=a+b%26c"),
        ("/", {"on": True, "off": False}, b"on=true&off=false"),
        ("/?a=1", "b=2", b"a=1&b=2"),
        ("/?a=\u00e9", None, b"a=%C3%A9"),
        ("/?", {}, b""),
    ],
)
def test_the_query_comes_from_path_and_params_together(url, params, query):
    assert scope_of(url, params=params)["query_string"] == query


def test_params_that_are_text_go_as_they_are():
    assert encode_params("a=%20&b") == "a=%20&b"


def test_headers_that_the_test_gives_replace_the_defaults():
    scope = scope_of(headers={"Host": "evil", "X-One": "1"}, defaults=[("cookie", "a=1")])
    assert scope["headers"] == [
        (b"user-agent", b"testclient"),
        (b"accept", b"*/*"),
        (b"cookie", b"a=1"),
        (b"host", b"evil"),
        (b"x-one", b"1"),
    ]


def test_headers_given_as_pairs_may_repeat():
    scope = scope_of(headers=[("x", "1"), ("X", "2")])
    assert [value for name, value in scope["headers"] if name == b"x"] == [b"1", b"2"]


@pytest.mark.parametrize("given", ["Content-Length", "Transfer-Encoding"])
def test_what_the_test_says_about_the_length_of_the_body_is_all_that_is_said(given):
    scope = scope_of(headers={given: "7"}, defaults=[("content-length", "5")])
    assert (given.lower().encode(), b"7") in scope["headers"]
    assert (b"content-length", b"5") not in scope["headers"]


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\rb", "a\0b"])
def test_cve_2026_22779_a_line_break_in_a_header_value_is_refused(value):
    with pytest.raises(ValueError, match="no line break and no NUL"):
        scope_of(headers={"x": value})


@pytest.mark.parametrize("url", ["/a\r\nx-evil: 1", "/a?b=\n", "https://a/\r", "/\0"])
def test_cve_2026_22779_a_line_break_in_a_path_is_refused(url):
    with pytest.raises(ValueError, match="no line break and no NUL"):
        scope_of(url)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "\u00e9"])
def test_a_header_name_that_is_no_token_is_refused(name):
    with pytest.raises(ValueError, match="is no header name"):
        scope_of(headers={name: "1"})


@pytest.mark.parametrize("method", ["", "GET /", "GET\r\n"])
def test_a_method_that_is_no_token_is_refused(method):
    with pytest.raises(ValueError, match="is no HTTP method"):
        scope_of(method=method)

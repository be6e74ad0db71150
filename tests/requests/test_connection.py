import pytest

from hawkapi.requests.connection import HTTPConnection
from hawkapi.requests.errors import HeaderFieldsTooLarge, URITooLong
from hawkapi.requests.limits import Limits


@pytest.fixture
def scope():
    return {
        "type": "http",
        "method": "GET",
        "path": "/users/42",
        "root_path": "/api",
        "scheme": "https",
        "query_string": b"q=a%20b&q=c",
        "headers": [(b"host", b"example.com"), (b"cookie", b'a="1"; b=2'), (b"cookie", b"c=3")],
        "client": ["10.0.0.1", 5000],
        "server": ("10.0.0.2", 8000),
    }


def test_what_is_in_the_scope_is_read(scope):
    connection = HTTPConnection(scope, {"user_id": 42})
    assert connection.scope is scope
    assert connection.path == "/users/42"
    assert connection.path_params == {"user_id": 42}
    assert connection.query_string == b"q=a%20b&q=c"
    assert connection.query_params.getlist("q") == ["a b", "c"]
    assert connection.headers["host"] == "example.com"
    assert connection.cookies == {"a": "1", "b": "2", "c": "3"}
    assert connection.client == ("10.0.0.1", 5000)
    assert connection.url_scheme == "https"
    assert connection.url == "https://example.com/api/users/42?q=a%20b&q=c"
    assert connection.origin == "https://example.com"


def test_what_a_bare_scope_leaves_out_has_a_default():
    connection = HTTPConnection({"path": "/x"})
    assert connection.path == "/x"
    assert connection.path_params == {}
    assert connection.query_string == b""
    assert len(connection.query_params) == len(connection.headers) == len(connection.cookies) == 0
    assert connection.client is None
    assert connection.url == "http://localhost/x"
    assert HTTPConnection({}).path == "/"


def test_path_parameters_in_the_scope_are_used_if_none_are_given():
    assert HTTPConnection({"path_params": {"a": 1}}).path_params == {"a": 1}


@pytest.mark.parametrize("name", ["headers", "query_params", "cookies", "url", "path_params"])
def test_each_property_is_computed_once(scope, name):
    connection = HTTPConnection(scope)
    assert getattr(connection, name) is getattr(connection, name)


def test_its_limits_hold_for_query_and_cookies(scope):
    connection = HTTPConnection(scope, limits=Limits(query_pairs=1, cookies=5))
    with pytest.raises(URITooLong):
        connection.query_params  # noqa: B018 - reading it is the act
    with pytest.raises(HeaderFieldsTooLarge):
        connection.cookies  # noqa: B018 - reading it is the act


def test_cve_2026_48710_a_forged_host_moves_no_path(scope):
    scope["headers"][0] = (b"host", b"evil.example/admin?")
    assert HTTPConnection(scope).url == "https://10.0.0.2:8000/api/users/42?q=a%20b&q=c"

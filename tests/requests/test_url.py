import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.requests.url import authority, encode_path, full_path, query_suffix

HOSTS = ["example.com", "example.com:8080", "127.0.0.1", "[::1]:80", "a_b.test", "xn--bcher-kva.de", "h%C3%A4", "x:"]
NO_HOSTS = ["", "x/", "x/?", "x?a", "x#a", "a@b", "x y", "x\\y", "[::1", "::1", "h%zz", "ä", "x:99999999", "x:a", "x\n"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_by_rfc_3986_is_taken_from_the_client(host):
    assert authority({"server": ("inner", 80)}, [host]) == host


@pytest.mark.parametrize("host", NO_HOSTS)
def test_cve_2026_48710_a_host_that_is_none_gives_way_to_the_server(host):
    assert authority({"server": ("inner", 80)}, [host]) == "inner"


def test_cve_2026_34525_two_hosts_are_none():
    assert authority({"server": ("inner", 80)}, ["a", "a"]) == "inner"


@pytest.mark.parametrize(
    ("scope", "host"),
    [
        ({"server": ("inner", 80)}, "inner"),
        ({"server": ("inner", 443)}, "inner:443"),
        ({"server": ("inner", 443), "scheme": "https"}, "inner"),
        ({"server": ("inner", 80), "scheme": "ws"}, "inner"),
        ({"server": ("inner", None)}, "inner"),
        ({"server": ["::1", 8000]}, "[::1]:8000"),
        ({"server": ("/run/app.sock", None)}, "localhost"),
        ({"server": None}, "localhost"),
        ({}, "localhost"),
    ],
)
def test_without_a_host_the_server_knows_its_name(scope, host):
    assert authority(scope, []) == host


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ({"path": "/a/b"}, "/a/b"),
        ({"path": "/b", "root_path": "/a"}, "/a/b"),
        ({"path": "/a b/ö?#%"}, "/a%20b/%C3%B6%3F%23%25"),
        ({"path": "/\ud800"}, "/%3F"),
        ({}, "/"),
    ],
)
def test_the_path_is_encoded_with_its_prefix(scope, path):
    assert full_path(scope) == path


@pytest.mark.parametrize("path", ["@evil", ":80", "evil", ""])
def test_cve_2026_54282_a_path_without_a_slash_gets_one(path):
    assert full_path({"path": path}) == "/" + path


def test_the_query_is_appended_as_it_came():
    assert query_suffix(b"a=1&b[]=%20+{x}") == "?a=1&b[]=%20+{x}"
    assert query_suffix(b"") == ""
    assert query_suffix(b'a="<#> \n\xff') == "?a=%22%3C%23%3E%20%0A%FF"


@given(st.text(), st.text(), st.binary(), st.text())
def test_whatever_the_client_sends_the_path_is_the_routed_one(host, path, query, root_path):
    scope = {"path": path, "root_path": root_path}
    url = "http://" + authority(scope, [host]) + full_path(scope) + query_suffix(query)
    before_query = url.partition("?")[0]
    assert url.isascii()
    assert url.isprintable()
    assert "#" not in url
    assert "/" + before_query.removeprefix("http://").partition("/")[2] == full_path(scope)
    assert full_path(scope).lstrip("/") == encode_path(root_path + path).lstrip("/")

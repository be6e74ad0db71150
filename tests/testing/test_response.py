import msgspec
import pytest

from hawkapi.testing.response import CaseInsensitiveDict, HTTPStatusError, TestResponse


def test_a_response_gives_its_parts():
    response = TestResponse(201, b'{"id": 1}', [(b"content-type", b"application/json")])
    assert (response.status_code, response.body, response.text) == (201, b'{"id": 1}', '{"id": 1}')
    assert response.json() == {"id": 1}
    assert repr(response) == "<TestResponse [201]>"


def test_a_body_that_is_no_json_raises_on_json():
    with pytest.raises(msgspec.DecodeError):
        TestResponse(200, b"<html>", []).json()


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        (b"text/plain", "é".encode(), "é"),
        (b'text/plain; q=1; Charset="latin-1"', b"\xe9", "é"),
        (b"text/plain; charset=klingon", "é".encode(), "é"),
        (b"text/plain", b"\xff", "\ufffd"),
    ],
)
def test_text_follows_the_charset_of_the_content_type(content_type, body, text):
    assert TestResponse(200, body, [(b"content-type", content_type)]).text == text


@pytest.mark.parametrize(
    ("status", "success", "redirect"), [(199, False, False), (200, True, False), (299, True, False), (302, False, True)]
)
def test_the_class_of_the_status_is_a_property(status, success, redirect):
    response = TestResponse(status, b"", [])
    assert (response.is_success, response.is_redirect) == (success, redirect)


def test_raise_for_status_returns_a_good_response():
    response = TestResponse(399, b"", [])
    assert response.raise_for_status() is response


def test_raise_for_status_raises_from_400_on_and_shows_the_body():
    response = TestResponse(404, b"no such cat", [])
    with pytest.raises(HTTPStatusError, match="404 Not Found: no such cat") as caught:
        response.raise_for_status()
    assert (caught.value.status_code, caught.value.response) == (404, response)


def test_cookies_are_those_that_the_response_set():
    response = TestResponse(
        200, b"", [(b"set-cookie", b"a=1; Path=/"), (b"Set-Cookie", b"b=2"), (b"set-cookie", b"c=; Max-Age=0")]
    )
    assert response.cookies == {"a": "1", "b": "2"}


def test_headers_are_found_in_any_case():
    headers = CaseInsensitiveDict([("Content-Type", "text/plain")])
    assert headers["content-TYPE"] == "text/plain"
    assert "CONTENT-type" in headers
    assert "accept" not in headers
    assert 1 not in headers
    assert headers.get("accept") is None
    assert (list(headers), len(headers)) == (["content-type"], 1)
    assert repr(headers) == "CaseInsensitiveDict({'content-type': 'text/plain'})"


def test_a_header_that_is_missing_raises_key_error():
    with pytest.raises(KeyError):
        CaseInsensitiveDict()["accept"]


def test_the_values_of_a_repeated_header_are_joined_and_can_be_had_apart():
    headers = CaseInsensitiveDict([("Vary", "Accept"), ("vary", "Cookie")])
    assert headers["vary"] == "Accept, Cookie"
    assert headers.getlist("VARY") == ["Accept", "Cookie"]
    assert headers.getlist("accept") == []

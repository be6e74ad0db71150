import pytest

from hawkapi.middleware.response_head import ResponseHead, ResponseHeaders

PAIRS = [(b"content-type", b"text/plain"), (b"content-length", b"3"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]


def start(status=200, **more):
    return {"type": "http.response.start", "status": status, "headers": list(PAIRS), **more}


def test_what_is_only_read_goes_out_as_the_message_it_was():
    message = start()
    head = ResponseHead(message)
    assert (head.status_code, head.headers["Content-Type"]) == (200, "text/plain")
    assert head.start() is message


def test_a_changed_header_goes_out_in_a_new_message_and_the_old_one_stays():
    message = start(trailers=True)
    given = message["headers"]
    head = ResponseHead(message)
    head.headers["X-A"] = "b"
    assert head.start() == {**start(), "headers": [*PAIRS, (b"x-a", b"b")], "trailers": True}
    assert message == start(trailers=True)
    assert given == PAIRS


def test_a_changed_status_goes_out():
    head = ResponseHead(start())
    head.status_code = 201
    assert head.status_code == 201
    assert head.start() == start(201)
    assert not head.loses_body


def test_a_status_that_is_set_back_changes_nothing():
    message = start()
    head = ResponseHead(message)
    head.status_code = 404
    head.status_code = 200
    assert head.start() is message


@pytest.mark.parametrize("status", [204, 304])
def test_a_changed_status_without_a_body_drops_the_length_and_trailers(status):
    head = ResponseHead(start(trailers=True))
    head.status_code = status
    assert head.loses_body
    assert head.start() == {**start(status), "headers": [pair for pair in PAIRS if pair[0] != b"content-length"]}


def test_a_304_from_within_keeps_the_length_it_names():
    message = start(304)
    head = ResponseHead(message)
    assert not head.loses_body
    assert head.start() is message


@pytest.mark.parametrize("status", [0, 100, 199, 600])
def test_no_answer_has_such_a_status(status):
    head = ResponseHead(start())
    with pytest.raises(ValueError, match=f"within 200..599, not {status}"):
        head.status_code = status


def test_a_message_may_have_no_headers():
    head = ResponseHead({"type": "http.response.start", "status": 200})
    assert list(head.headers) == []
    head.headers["x-a"] = "b"
    assert head.start()["headers"] == [(b"x-a", b"b")]


def test_names_are_found_in_any_case():
    headers = ResponseHeaders([(b"X-Foreign", b"1")])
    assert headers["x-foreign"] == headers.get("X-FOREIGN") == "1"
    assert "X-foreign" in headers
    assert "other" not in headers
    assert 1 not in headers
    assert headers.get("other") is None
    with pytest.raises(KeyError, match="other"):
        headers["other"]


def test_several_values_of_a_name_stay_apart():
    headers = ResponseHeaders(PAIRS)
    headers.append("Set-Cookie", "c=3")
    assert headers["set-cookie"] == "a=1"
    assert headers.getlist("SET-COOKIE") == ["a=1", "b=2", "c=3"]
    assert headers.getlist("other") == []


def test_setting_a_name_replaces_all_its_values():
    headers = ResponseHeaders(PAIRS)
    headers["Set-Cookie"] = "c=3"
    assert headers.getlist("set-cookie") == ["c=3"]


def test_a_header_can_be_deleted():
    headers = ResponseHeaders(PAIRS)
    del headers["Set-Cookie"]
    assert list(headers) == ["content-type", "content-length"]
    with pytest.raises(KeyError, match="Set-Cookie"):
        del headers["Set-Cookie"]
    assert headers.pop("set-cookie", None) is None


def test_it_is_a_mapping_of_first_values():
    headers = ResponseHeaders(PAIRS)
    assert len(headers) == 3
    assert dict(headers) == {"content-type": "text/plain", "content-length": "3", "set-cookie": "a=1"}
    headers.update({"vary": "Origin"})
    assert headers.setdefault("vary", "Cookie") == "Origin"


def test_header_lists_are_never_changed_in_place():
    given = list(PAIRS)
    headers = ResponseHeaders(given)
    headers["x-a"] = "1"
    first = headers.raw
    headers.append("x-b", "2")
    del headers["x-a"]
    assert given == PAIRS
    assert first == [*PAIRS, (b"x-a", b"1")]


def test_pairs_may_come_from_any_iterable():
    headers = ResponseHeaders(iter(PAIRS))
    assert headers.raw == PAIRS
    assert headers.changed  # so that they are sent, although they can be read once only


@pytest.mark.parametrize("add", [ResponseHeaders.append, ResponseHeaders.__setitem__])
def test_what_is_set_is_made_safe(add):
    headers = ResponseHeaders([])
    add(headers, "x-a", "b\r\nset-cookie: c\0")
    assert headers.raw == [(b"x-a", b"bset-cookie: c")]
    with pytest.raises(ValueError, match="no header name"):
        add(headers, "x a", "b")


def test_values_are_not_shown():
    head = ResponseHead(start())
    assert repr(head) == "ResponseHead(200, ResponseHeaders(content-type, content-length, set-cookie))"

"""The first thing a newcomer sees, on real servers and sockets."""

import json

import msgspec

from tests.e2e.conftest import ROOT

EXAMPLE = (ROOT / "examples" / "quickstart.py").read_bytes()


def test_a_path_parameter_gives_a_user(quickstart):
    status, headers, body = quickstart.ask("GET", "/users/42")
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"id": 42, "name": "Ada", "email": "ada@example.org"}


def test_a_body_is_read_and_answered(quickstart):
    new = b'{"name": "Grace", "email": "grace@example.org", "age": 45}'
    status, _, body = quickstart.ask("POST", "/users", new, content_type="application/json")
    assert status == 201
    assert json.loads(body)["name"] == "Grace"


def test_two_wrong_fields_are_two_errors(quickstart):
    wrong = b'{"name": "Grace", "email": "nowhere", "age": -5}'
    status, headers, body = quickstart.ask("POST", "/users", wrong, content_type="application/json")
    problem = json.loads(body)
    assert status == 400
    assert headers["content-type"] == "application/problem+json"
    assert problem["detail"] == "2 validation errors"
    assert [error["field"] for error in problem["errors"]] == ["email", "age"]


def test_messagepack_comes_to_whom_accepts_it(quickstart):
    _, headers, body = quickstart.ask("GET", "/users/42", accept="application/msgpack")
    assert headers["content-type"] == "application/msgpack"
    assert msgspec.msgpack.decode(body)["name"] == "Ada"


def test_a_sync_handler_answers(quickstart):
    _, _, body = quickstart.ask("GET", "/primes?below=12")
    assert json.loads(body) == [2, 3, 5, 7, 11]


def test_the_first_event_of_an_endless_stream_arrives_at_once(quickstart):
    connection = quickstart.connect()
    connection.request("GET", "/events")
    response = connection.getresponse()
    assert response.headers["content-type"].startswith("text/event-stream")
    assert [response.readline() for _ in range(3)] == [b"event: open\n", b"data: connected\n", b"\n"]
    connection.close()


def test_a_download_is_the_file(quickstart):
    status, headers, body = quickstart.ask("GET", "/download")
    assert (status, body) == (200, EXAMPLE)
    assert headers["content-disposition"] == 'attachment; filename="quickstart.py"'


def test_a_range_of_the_download_is_that_part(quickstart):
    status, headers, body = quickstart.ask("GET", "/download", range="bytes=4-9")
    assert (status, body) == (206, EXAMPLE[4:10])
    assert headers["content-range"] == f"bytes 4-9/{len(EXAMPLE)}"


def test_rubbish_on_the_path_is_a_client_error(quickstart):
    status, _, _ = quickstart.ask("GET", "/users/%ff%00")
    assert 400 <= status < 500  # the app's 404, or a server's 400 before it

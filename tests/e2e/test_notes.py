"""The example of a service, on real servers and sockets: dependencies, permissions, sessions and middleware at work."""

import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.conftest import BACKENDS, hawkapi

ADA, BOB = "Bearer ada-token", "Bearer bob-token"


@pytest.fixture(scope="module", params=BACKENDS)
def notes(request):
    """Serve the example, once for all tests of the module and backend."""
    with hawkapi("dev", "examples.notes:app", "--no-reload", "--backend", request.param) as server:
        yield server


def add(notes, text, token=ADA):
    return notes.ask(
        "POST", "/v1/notes", json.dumps({"text": text}), content_type="application/json", authorization=token
    )


def test_a_note_is_kept(notes):
    status, _, body = add(notes, "buy milk")
    note = json.loads(body)
    assert status == 201
    assert note["author"] == "Ada"
    _, _, body = notes.ask("GET", "/v1/notes?size=100", authorization=BOB)
    assert note in json.loads(body)["items"]


def test_without_a_token_nothing_is_read(notes):
    status, headers, body = notes.ask("GET", "/v1/notes")
    assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert json.loads(body)["detail"] == "Missing Authorization header"


def test_a_permission_that_is_missing_is_named(notes):
    status, _, body = add(notes, "not mine", BOB)
    assert status == 403
    assert json.loads(body)["detail"] == "Insufficient permissions. Missing: notes:write"


def test_a_note_that_is_not_there_cannot_be_removed(notes):
    assert notes.ask("DELETE", "/v1/notes/9999", authorization=ADA)[0] == 404


def test_a_browser_is_remembered(notes):
    _, headers, body = notes.ask("GET", "/visits")
    assert json.loads(body) == {"visits": 1}
    cookie = headers["set-cookie"].partition(";")[0]
    _, headers, body = notes.ask("GET", "/visits", cookie=cookie)
    assert json.loads(body) == {"visits": 2}
    assert "Cookie" in headers["vary"]


def test_the_middleware_adds_its_headers(notes):
    _, headers, _ = notes.ask("GET", "/visits")
    assert headers["x-request-id"]
    assert headers["server-timing"].startswith("total;dur=")
    assert headers["x-content-type-options"] == "nosniff"


def test_what_is_large_is_compressed(notes):
    for _ in range(5):
        add(notes, "x" * 1000)
    _, headers, body = notes.ask("GET", "/v1/notes", authorization=ADA, accept_encoding="gzip")
    assert headers["content-encoding"] == "gzip"
    assert len(body) == int(headers["content-length"]) < 1000


def test_a_websocket_knows_its_user(notes):
    host, port = notes.address
    with connect(f"ws://{host}:{port}/live", additional_headers={"Authorization": ADA}) as socket:
        socket.send("hello")
        assert socket.recv(timeout=20) == "Ada: hello"


def test_a_websocket_without_a_token_is_refused(notes):
    host, port = notes.address
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://{host}:{port}/live"):
        pass
    assert refused.value.response.status_code == 401

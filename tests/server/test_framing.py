import msgspec
import pytest

from hawkapi.server.framing import misframed
from tests.asgi import call, http_scope

CHUNKED, LENGTH = ("transfer-encoding", "chunked"), ("content-length", "4")


@pytest.mark.parametrize("headers", [[CHUNKED, LENGTH], [LENGTH, CHUNKED]])
async def test_chunks_beside_a_length_are_refused_and_the_connection_is_closed(headers):
    refusal = misframed(http_scope("GET", "/", headers=headers))
    answer = await call(refusal, "GET", "/")
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert msgspec.json.decode(answer.body)["detail"] == "Both Content-Length and Transfer-Encoding headers"


@pytest.mark.parametrize("headers", [[], [CHUNKED], [LENGTH], [("te", "chunked"), LENGTH]])
def test_any_other_request_is_let_through(headers):
    assert misframed(http_scope("GET", "/", headers=headers)) is None


def test_a_handshake_is_let_through():
    assert misframed({**http_scope("GET", "/", headers=[CHUNKED, LENGTH]), "type": "websocket"}) is None

"""A handshake as the HTTP exchange that it is."""

import pytest

from hawkapi.websocket.denial import close_code, handshake_receive, handshake_send, takes_answer
from tests.websocket.wire import DENIAL, Peer, disconnect, text


@pytest.mark.parametrize("scope", [{}, {"extensions": None}, {"extensions": {}}, {"extensions": {"tls": {}}}])
def test_a_server_that_does_not_offer_it_takes_no_answer(scope):
    assert not takes_answer(scope)


def test_a_server_that_offers_it_takes_an_answer():
    assert takes_answer({"extensions": DENIAL})


@pytest.mark.parametrize(
    ("status", "code"), [(404, 4004), (403, 4003), (500, 1011), (503, 1011), (400, 1008), (401, 1008)]
)
def test_a_status_has_a_close_code(status, code):
    assert close_code(status) == code


async def test_a_handshake_has_no_body_and_then_the_client_leaves():
    receive = handshake_receive(Peer(text("odd"), disconnect(), disconnect()).receive)
    assert await receive() == {"type": "http.request", "body": b"", "more_body": False}
    assert await receive() == {"type": "http.disconnect"}
    assert await receive() == {"type": "http.disconnect"}


async def test_an_answer_goes_out_in_messages_of_the_extension():
    peer = Peer()
    send, start = handshake_send(peer.send), {"type": "http.response.start", "status": 403, "headers": []}
    await send(start)
    await send({"type": "http.response.body", "body": b"no"})
    assert peer.sent == [
        {"type": "websocket.http.response.start", "status": 403, "headers": []},
        {"type": "websocket.http.response.body", "body": b"no"},
    ]
    assert start["type"] == "http.response.start"

"""The state matrix: every ordered pair of what may happen to a connection has a defined outcome (security.md 3)."""

import pytest
from anyio.lowlevel import checkpoint

from hawkapi.app.application import HawkAPI
from hawkapi.websocket.connection import WebSocketState
from tests.websocket.wire import CONNECT, Peer, disconnect, text


class Act:
    """Does what a word says, in the handler of a connection or to it."""

    def __init__(self, ws, peer):
        self.ws, self.peer = ws, peer

    async def accept(self):
        await self.ws.accept()

    async def send(self):
        await self.ws.send_text("hello")

    async def receive(self):
        self.peer.put(text("hi"))
        await self.ws.receive_text()

    async def close(self):
        await self.ws.close(4000)

    async def disconnect(self):
        before = self.ws.state
        self.peer.put(disconnect(1001))
        while before is WebSocketState.CONNECTED and self.ws.state is before:
            await checkpoint()  # until it is known; before the accept nobody looks


async def play(words):
    """Run a handler that does what the words say; gives what the last one came to, and what went out."""
    app, peer, seen = HawkAPI(), Peer(CONNECT), ["-"]

    @app.websocket("/ws")
    async def handler(ws):
        act = Act(ws, peer)
        for word in words:
            seen[0] = "-"
            if word == "return":
                return
            if word == "raise":
                raise ValueError
            try:
                await getattr(act, word)()
                seen[0] = "done"
            except Exception as exc:  # noqa: BLE001 - whatever it is, the table names it
                seen[0] = type(exc).__name__ + (f"({exc.code})" if hasattr(exc, "code") else "")

    await peer.serve(app)
    return seen[0], ", ".join(peer.log)


def table(rows):
    cells = ([cell.strip() for cell in row.split("|")] for row in rows.strip().splitlines())
    return [pytest.param(*row, id="-".join(row[:2])) for row in cells]


NEW = """
accept     | accept     | RuntimeError              | accept, close 1000
accept     | send       | done                      | accept, text, close 1000
accept     | receive    | done                      | accept, close 1000
accept     | close      | done                      | accept, close 4000
accept     | return     | -                         | accept, close 1000
accept     | raise      | -                         | accept, close 1011
accept     | disconnect | done                      | accept
send       | accept     | done                      | accept, close 1000
send       | send       | RuntimeError              | close 4003
send       | receive    | RuntimeError              | close 4003
send       | close      | done                      | close 4000
send       | return     | -                         | close 4003
send       | raise      | -                         | close 1011
send       | disconnect | done                      | close 4003
receive    | accept     | done                      | accept, close 1000
receive    | send       | RuntimeError              | close 4003
receive    | receive    | RuntimeError              | close 4003
receive    | close      | done                      | close 4000
receive    | return     | -                         | close 4003
receive    | raise      | -                         | close 1011
receive    | disconnect | done                      | close 4003
close      | accept     | RuntimeError              | close 4000
close      | send       | RuntimeError              | close 4000
close      | receive    | WebSocketDisconnect(4000) | close 4000
close      | close      | done                      | close 4000
close      | return     | -                         | close 4000
close      | raise      | -                         | close 4000
close      | disconnect | done                      | close 4000
return     | accept     | -                         | close 4003
return     | send       | -                         | close 4003
return     | receive    | -                         | close 4003
return     | close      | -                         | close 4003
return     | return     | -                         | close 4003
return     | raise      | -                         | close 4003
return     | disconnect | -                         | close 4003
raise      | accept     | -                         | close 1011
raise      | send       | -                         | close 1011
raise      | receive    | -                         | close 1011
raise      | close      | -                         | close 1011
raise      | return     | -                         | close 1011
raise      | raise      | -                         | close 1011
raise      | disconnect | -                         | close 1011
disconnect | accept     | done                      | accept, close 1000
disconnect | send       | RuntimeError              | close 4003
disconnect | receive    | RuntimeError              | close 4003
disconnect | close      | done                      | close 4000
disconnect | return     | -                         | close 4003
disconnect | raise      | -                         | close 1011
disconnect | disconnect | done                      | close 4003
"""

OPEN = """
accept     | accept     | RuntimeError              | accept, close 1000
accept     | send       | done                      | accept, text, close 1000
accept     | receive    | done                      | accept, close 1000
accept     | close      | done                      | accept, close 4000
accept     | return     | -                         | accept, close 1000
accept     | raise      | -                         | accept, close 1011
accept     | disconnect | done                      | accept
send       | accept     | RuntimeError              | accept, text, close 1000
send       | send       | done                      | accept, text, text, close 1000
send       | receive    | done                      | accept, text, close 1000
send       | close      | done                      | accept, text, close 4000
send       | return     | -                         | accept, text, close 1000
send       | raise      | -                         | accept, text, close 1011
send       | disconnect | done                      | accept, text
receive    | accept     | RuntimeError              | accept, close 1000
receive    | send       | done                      | accept, text, close 1000
receive    | receive    | done                      | accept, close 1000
receive    | close      | done                      | accept, close 4000
receive    | return     | -                         | accept, close 1000
receive    | raise      | -                         | accept, close 1011
receive    | disconnect | done                      | accept
close      | accept     | RuntimeError              | accept, close 4000
close      | send       | RuntimeError              | accept, close 4000
close      | receive    | WebSocketDisconnect(4000) | accept, close 4000
close      | close      | done                      | accept, close 4000
close      | return     | -                         | accept, close 4000
close      | raise      | -                         | accept, close 4000
close      | disconnect | done                      | accept, close 4000
return     | accept     | -                         | accept, close 1000
return     | send       | -                         | accept, close 1000
return     | receive    | -                         | accept, close 1000
return     | close      | -                         | accept, close 1000
return     | return     | -                         | accept, close 1000
return     | raise      | -                         | accept, close 1000
return     | disconnect | -                         | accept, close 1000
raise      | accept     | -                         | accept, close 1011
raise      | send       | -                         | accept, close 1011
raise      | receive    | -                         | accept, close 1011
raise      | close      | -                         | accept, close 1011
raise      | return     | -                         | accept, close 1011
raise      | raise      | -                         | accept, close 1011
raise      | disconnect | -                         | accept, close 1011
disconnect | accept     | WebSocketDisconnect(1001) | accept
disconnect | send       | WebSocketDisconnect(1001) | accept
disconnect | receive    | WebSocketDisconnect(1001) | accept
disconnect | close      | done                      | accept
disconnect | return     | -                         | accept
disconnect | raise      | -                         | accept
disconnect | disconnect | done                      | accept
"""


@pytest.mark.parametrize(("first", "second", "seen", "wire"), table(NEW))
async def test_every_pair_from_the_start_on(first, second, seen, wire):
    assert await play([first, second]) == (seen, wire)


@pytest.mark.parametrize(("first", "second", "seen", "wire"), table(OPEN))
async def test_every_pair_once_it_is_open(first, second, seen, wire):
    assert await play(["accept", first, second]) == (seen, wire)

"""A WebSocket driven by hand: what the client does, and what went out to it."""

from anyio import Event
from anyio.lowlevel import checkpoint

CONNECT = {"type": "websocket.connect"}
DENIAL = {"websocket.http.response": {}}


def text(data):
    return {"type": "websocket.receive", "text": data}


def binary(data):
    return {"type": "websocket.receive", "bytes": data}


def disconnect(code=1001, reason=""):
    return {"type": "websocket.disconnect", "code": code, "reason": reason}


class Peer:
    """The server's side of a connection.

    Args:
        messages: What `receive` gives first; an exception among them is raised. Then it waits for `put`.
        break_send: Number of the call of `send` that raises, from 1.
        error: What it raises then.
    """

    def __init__(self, *messages, break_send=0, error=OSError):
        self._messages = list(messages)
        self._news = Event()
        self._break_send, self._error = break_send, error
        self.receives = self.sends = 0
        self.sent = []

    def put(self, message):
        self._messages.append(message)
        self._news.set()

    async def receive(self):
        await checkpoint()
        self.receives += 1
        while not self._messages:
            self._news = Event()
            await self._news.wait()
        message = self._messages.pop(0)
        if isinstance(message, Exception):
            raise message
        return message

    async def send(self, message):
        await checkpoint()
        self.sends += 1
        if self.sends == self._break_send:
            raise self._error("send")
        self.sent.append(message)

    async def serve(self, app, path="/ws", **scope):
        await app({"type": "websocket", "path": path, **scope}, self.receive, self.send)
        return self

    @property
    def log(self):
        """What went out, in short: `accept`, `text`, `bytes`, `close 1000`, `answer 403`."""
        return [_short(message) for message in self.sent if message["type"] != "websocket.http.response.body"]


def _short(message):
    kind = message["type"].removeprefix("websocket.")
    if kind == "send":
        return "text" if "text" in message else "bytes"
    if kind == "close":
        return f"close {message['code']}"
    if kind == "http.response.start":
        return f"answer {message['status']}"
    return kind

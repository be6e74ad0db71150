"""A connection driven by hand, for what `tests.asgi.call` does not show: single messages, and calls that fail."""

from anyio.lowlevel import checkpoint

from tests.asgi import http_scope


class Broken(OSError):
    """What a server's `receive` or `send` raises in these tests."""


class Wire:
    """What the app receives, and what it sent.

    Args:
        messages: What `receive` gives one after the other; then the client is gone.
        break_receive: Number of the call of `receive` that raises, from 1.
        break_send: Number of the call of `send` that raises, from 1.
    """

    def __init__(self, *messages, break_receive=0, break_send=0):
        self.messages = list(messages)
        self.break_receive, self.break_send = break_receive, break_send
        self.receives = self.sends = 0
        self.sent = []

    async def receive(self):
        await checkpoint()
        self.receives += 1
        if self.receives == self.break_receive:
            raise Broken("receive")
        return self.messages.pop(0) if self.messages else {"type": "http.disconnect"}

    async def send(self, message):
        await checkpoint()
        self.sends += 1
        if self.sends == self.break_send:
            raise Broken("send")
        self.sent.append(message)

    @property
    def broke(self):
        return self.receives >= self.break_receive > 0 or self.sends >= self.break_send > 0

    @property
    def types(self):
        return [message["type"] for message in self.sent]

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def headers(self):
        return {name.decode(): value.decode("latin-1") for name, value in self.sent[0]["headers"]}

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.sent[1:])


def chunks(*bodies, complete=True):
    """Make the messages of a request's body; one that is not complete breaks off."""
    messages = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    if complete:
        messages[-1]["more_body"] = False
    return messages


async def exchange(app, method, path, *, wire=None, **scope):
    """Call the app over a wire; further arguments go into the scope."""
    wire = wire or Wire({"type": "http.request"})
    headers = scope.pop("headers", ())
    await app({**http_scope(method, path, headers=headers), **scope}, wire.receive, wire.send)
    return wire

"""An exchange with an ASGI app, message by message."""

from anyio import sleep_forever


async def silent():
    """A client that neither sends nor leaves."""
    await sleep_forever()


async def gone():
    """A client that has left."""
    return {"type": "http.disconnect"}


async def refuse():
    """For answers that must not look at what the client sends."""
    raise AssertionError("nothing may be received")


class Answer:
    """What an app sent."""

    def __init__(self):
        self.messages = []

    async def send(self, message):
        self.messages.append(message)

    @property
    def status(self):
        return self.messages[0]["status"]

    @property
    def raw(self):
        return self.messages[0]["headers"]

    @property
    def headers(self):
        assert len({name for name, _ in self.raw}) == len(self.raw), "a header was sent twice"
        return {name.decode(): value.decode("latin-1") for name, value in self.raw}

    @property
    def body(self):
        return b"".join(message["body"] for message in self.messages[1:])

    @property
    def chunks(self):
        return [message["body"] for message in self.messages[1:]]

    @property
    def complete(self):
        return len(self.messages) > 1 and not self.messages[-1].get("more_body", False)


async def exchange(app, method=None, *, headers=(), receive=silent, **scope):
    """Call the app with a scope that holds what is given and no more."""
    if method is not None:
        scope["method"] = method
    if headers:
        scope["headers"] = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    answer = Answer()
    await app(scope, receive, answer.send)
    return answer

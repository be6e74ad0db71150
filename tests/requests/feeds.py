"""What a server delivers, without a server."""


class Feed:
    """A `receive` that gives a body in chunks and fails if it is asked for more."""

    def __init__(self, *chunks, complete=True):
        self.messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks or (b"",)]
        if complete:
            self.messages[-1]["more_body"] = False
        else:
            self.messages.append({"type": "http.disconnect"})
        self.calls = 0

    async def __call__(self):
        self.calls += 1
        return self.messages.pop(0)


class stream_of:
    """A body in chunks; no generator, since a form that is refused leaves it in the middle."""

    def __init__(self, *chunks):
        self.chunks = list(chunks)

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.chunks:
            raise StopAsyncIteration
        chunk = self.chunks.pop(0)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk


def pieces(body, size):
    return [body[at : at + size] for at in range(0, len(body), size)]

"""The smallest ASGI apps, by hand: the clients know no framework."""

import msgspec


async def read_body(receive):
    chunks = []
    while True:
        message = await receive()
        assert message["type"] == "http.request"
        chunks.append(message["body"])
        if not message["more_body"]:
            return b"".join(chunks)


async def answer(send, body=b"", *, status=200, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


def answering(body=b"", **kwargs):
    """An app that always answers the same."""

    async def app(scope, receive, send):
        await answer(send, body, **kwargs)

    return app


async def describe(scope, receive, send):
    """Answer with what the request was."""
    described = {
        "method": scope["method"],
        "path": scope["path"],
        "raw_path": scope["raw_path"].decode(),
        "query": scope["query_string"].decode(),
        "headers": [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]],
        "body": (await read_body(receive)).decode("latin-1"),
        "state": scope["state"],
    }
    await answer(send, msgspec.json.encode(described), headers=[(b"content-type", b"application/json")])


def capturing(scopes):
    """An app that puts away the scopes and answers 200."""

    async def app(scope, receive, send):
        scopes.append(scope)
        await answer(send)

    return app


def with_lifespan(app, *, state=None, events=None, fail=None):
    """Give an app a lifespan that fills the state and notes what happens."""
    events = [] if events is None else events

    async def wrapped(scope, receive, send):
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        assert (await receive())["type"] == "lifespan.startup"
        if fail is not None:
            await send({"type": "lifespan.startup.failed", "message": fail})
            return
        scope["state"].update(state or {})
        events.append("started")
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        events.append("stopped")
        await send({"type": "lifespan.shutdown.complete"})

    return wrapped

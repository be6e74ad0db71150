from hawkapi.server.failure import FailurePage


def page():
    try:
        try:
            raise NameError("name 'ap' is not defined")
        except NameError as cause:
            raise RuntimeError("could not import module 'app'") from cause
    except RuntimeError as error:
        return FailurePage(error)


async def conversation(scope, *messages):
    incoming, sent = list(messages), []

    async def receive():
        return incoming.pop(0)

    async def send(message):
        sent.append(message)

    await page()(scope, receive, send)
    return sent


async def test_a_request_is_answered_with_the_traceback_and_its_cause():
    start, body = await conversation({"type": "http"})
    assert start["status"] == 500
    assert (b"content-type", b"text/plain; charset=utf-8") in start["headers"]
    assert b"name 'ap' is not defined" in body["body"]
    assert b"could not import module 'app'" in body["body"]


async def test_a_websocket_is_refused():
    (message,) = await conversation({"type": "websocket"}, {"type": "websocket.connect"})
    assert message["type"] == "websocket.close"


async def test_the_server_starts_and_stops_it_like_an_app():
    sent = await conversation({"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

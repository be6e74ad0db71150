"""Refusing a WebSocket before it is accepted: an HTTP answer to its handshake, or a close."""

from anyio.lowlevel import checkpoint

from hawkapi._types import Message, Receive, Scope, Send

EXTENSION = "websocket.http.response"
"""The ASGI extension by which a server takes an HTTP answer."""


def takes_answer(scope: Scope) -> bool:
    """Tell whether the server sends an HTTP answer to a handshake; if not, a refusal is a close."""
    return EXTENSION in (scope.get("extensions") or ())


def close_code(status: int) -> int:
    """Give the close code that says what an HTTP status says: 4004, 4003, 1011 for 5xx, else 1008."""
    if status >= 500:
        return 1011
    return {403: 4003, 404: 4004}.get(status, 1008)


def handshake_receive(receive: Receive) -> Receive:
    """Be the `receive` of the HTTP request that a handshake is: it has no body, and then the client leaves."""
    events = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive_http() -> Message:
        """Give the empty body, then wait for the client to leave."""
        for event in events:
            return event
        while (await receive())["type"] != "websocket.disconnect":
            await checkpoint()
        return {"type": "http.disconnect"}

    return receive_http


def handshake_send(send: Send) -> Send:
    """Be the `send` of the HTTP answer to a handshake, under a server that takes one."""

    async def send_denial(message: Message) -> None:
        """Send a message of an HTTP answer as one of the refusal."""
        await send({**message, "type": f"websocket.{message['type']}"})

    return send_denial
